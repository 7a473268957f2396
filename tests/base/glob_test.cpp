// Patterns over names, as Redis's SCAN has them.
#include "base/glob.hpp"

#include <gtest/gtest.h>

namespace redlock::base {
namespace {

TEST(glob, matches_the_whole_text) {
    EXPECT_TRUE(matches_glob("jobs", "jobs"));
    EXPECT_FALSE(matches_glob("jobs", "jobs:eu"));
    EXPECT_TRUE(matches_glob("jobs*", "jobs:eu"));
    EXPECT_TRUE(matches_glob("*", "a/b.c"));
    EXPECT_TRUE(matches_glob("*", ".hidden"));
    EXPECT_FALSE(matches_glob("*}", "pool"));
    EXPECT_TRUE(matches_glob("jo?s", "jobs"));
    EXPECT_TRUE(matches_glob("job[a-s]", "jobs"));
    EXPECT_FALSE(matches_glob("job[^s]", "jobs"));
    EXPECT_TRUE(matches_glob("a\\*", "a*"));
    EXPECT_FALSE(matches_glob("a\\*", "ab"));
    EXPECT_TRUE(matches_glob("\xff*", "\xff\xfe"));
}

}  // namespace
}  // namespace redlock::base
