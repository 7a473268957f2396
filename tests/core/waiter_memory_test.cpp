// What a client remembers of those who wait: what it was told, and no more of it than it has room
// for.
#include "core/waiter_memory.hpp"

#include <gtest/gtest.h>

#include <string>

namespace redlock::core {
namespace {

TEST(waiter_memory, knows_what_it_was_told) {
    waiter_memory memory;
    EXPECT_FALSE(memory.has("job"));
    memory.note("job");
    memory.note("job");
    EXPECT_TRUE(memory.has("job"));
    EXPECT_FALSE(memory.has("task"));
    memory.forget("task");
    memory.forget("job");
    EXPECT_FALSE(memory.has("job"));
}

TEST(waiter_memory, begins_anew_when_it_is_full) {
    waiter_memory memory{2};
    memory.note("a");
    memory.note("b");
    memory.note("a");
    EXPECT_TRUE(memory.has("a") && memory.has("b"));
    memory.note("c");
    EXPECT_TRUE(memory.has("c"));
    EXPECT_FALSE(memory.has("a") || memory.has("b"));
}

}  // namespace
}  // namespace redlock::core
