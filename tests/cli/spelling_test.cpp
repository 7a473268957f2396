// Which word was meant.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/options/spelling.hpp"

namespace redlock::cli {
namespace {

const std::vector<std::string> options{"--nodes", "--nodes-file", "--lease-time", "--wait", "-n"};

TEST(edit_distance, counts_letters_put_in_left_out_changed_and_swapped) {
    EXPECT_EQ(edit_distance("", ""), 0U);
    EXPECT_EQ(edit_distance("wait", "wait"), 0U);
    EXPECT_EQ(edit_distance("", "wait"), 4U);
    EXPECT_EQ(edit_distance("wait", ""), 4U);
    EXPECT_EQ(edit_distance("wat", "wait"), 1U);
    EXPECT_EQ(edit_distance("waiit", "wait"), 1U);
    EXPECT_EQ(edit_distance("waiv", "wait"), 1U);
    EXPECT_EQ(edit_distance("wiat", "wait"), 1U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(edit_distance, is_the_same_both_ways) {
    for (const auto& [one, other] : {std::pair{"relase", "release"}, std::pair{"ab", "bca"}}) {
        EXPECT_EQ(edit_distance(one, other), edit_distance(other, one));
    }
}

TEST(nearest, is_what_was_meant) {
    EXPECT_EQ(nearest("--nodse", options), "--nodes");
    EXPECT_EQ(nearest("--node-file", options), "--nodes-file");
    EXPECT_EQ(nearest("-wait", options), "--wait");
    EXPECT_EQ(nearest("--leasetime", options), "--lease-time");
    EXPECT_EQ(nearest("relase", {"run", "release"}), "release");
}

TEST(nearest, is_what_the_word_begins) {
    EXPECT_EQ(nearest("--lease", options), "--lease-time");
    EXPECT_EQ(nearest("stat", {"list", "status"}), "status");
}

TEST(nearest, is_none_where_nothing_is_like_it) {
    EXPECT_EQ(nearest("--frobnicate", options), std::nullopt);
    EXPECT_EQ(nearest("-x", options), std::nullopt);
    EXPECT_EQ(nearest("", options), std::nullopt);
    EXPECT_EQ(nearest("---", options), std::nullopt);
    EXPECT_EQ(nearest("--wait", {}), std::nullopt);
    EXPECT_EQ(nearest(std::string(100'000, 'x'), options), std::nullopt);
}

TEST(did_you_mean, is_a_question_or_nothing) {
    EXPECT_EQ(did_you_mean("--wiat", options), "; did you mean --wait?");
    EXPECT_EQ(did_you_mean("--frobnicate", options), "");
}

}  // namespace
}  // namespace redlock::cli
