// The queue of waiters within a process: while nobody in it holds the lock one competes, the first,
// and each is asked to at most once; while somebody holds it, nobody does.
#include "core/local_queues.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace redlock::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct waiter final : queue_member {
    explicit waiter(std::vector<int>& all, int which = 0) : competing(all), name(which) {}
    void compete() override { competing.push_back(name); }

    std::vector<int>& competing;
    int name;
};

class local_queues_without_a_holder : public testing::Test {
  protected:
    bool join(waiter& one, const resource_name& resource = "a") {
        return queues.join(one, resource);
    }

    std::vector<int> competing;
    local_queues queues;
    waiter first{competing, 1};
    waiter second{competing, 2};
    waiter third{competing, 3};
};

TEST_F(local_queues_without_a_holder, only_the_first_competes_and_is_not_called) {
    EXPECT_TRUE(join(first));
    EXPECT_FALSE(join(second));
    EXPECT_FALSE(join(third));
    EXPECT_EQ(queues.waiting("a"), 3U);
    EXPECT_THAT(competing, IsEmpty());
}

TEST_F(local_queues_without_a_holder, the_next_competes_when_the_first_leaves) {
    EXPECT_TRUE(join(first));
    EXPECT_FALSE(join(second));
    EXPECT_FALSE(join(third));
    queues.leave(first);
    EXPECT_THAT(competing, ElementsAre(2));
    queues.leave(second);
    EXPECT_THAT(competing, ElementsAre(2, 3));
    queues.leave(third);
    EXPECT_EQ(queues.waiting("a"), 0U);
    EXPECT_THAT(competing, ElementsAre(2, 3));
}

TEST_F(local_queues_without_a_holder, who_leaves_from_the_middle_disturbs_nobody) {
    EXPECT_TRUE(join(first));
    EXPECT_FALSE(join(second));
    EXPECT_FALSE(join(third));
    queues.leave(second);
    EXPECT_THAT(competing, IsEmpty());
    EXPECT_EQ(queues.waiting("a"), 2U);
    queues.leave(first);
    EXPECT_THAT(competing, ElementsAre(3));
}

TEST_F(local_queues_without_a_holder, resources_do_not_wait_for_each_other) {
    EXPECT_TRUE(join(first, "a"));
    EXPECT_TRUE(join(second, "b"));
    EXPECT_EQ(queues.waiting("a"), 1U);
    EXPECT_EQ(queues.waiting("b"), 1U);
    EXPECT_EQ(queues.waiting("c"), 0U);
    queues.leave(first);
    EXPECT_THAT(competing, IsEmpty());
}

TEST_F(local_queues_without_a_holder, leaving_twice_or_never_having_stood_there_is_nothing) {
    queues.leave(first);
    EXPECT_TRUE(join(first));
    EXPECT_FALSE(join(second));
    queues.leave(first);
    queues.leave(first);
    EXPECT_EQ(queues.waiting("a"), 1U);
    EXPECT_THAT(competing, ElementsAre(2));
}

TEST_F(local_queues_without_a_holder, an_empty_line_is_forgotten_and_begins_anew) {
    EXPECT_TRUE(join(first));
    queues.leave(first);
    EXPECT_TRUE(join(second));
    EXPECT_THAT(competing, IsEmpty());
}

TEST_F(local_queues_without_a_holder, who_is_destroyed_stands_there_no_more) {
    EXPECT_TRUE(join(first));
    {
        waiter gone{competing, 9};
        EXPECT_FALSE(join(gone));
        EXPECT_FALSE(join(second));
        EXPECT_EQ(queues.waiting("a"), 3U);
    }
    EXPECT_EQ(queues.waiting("a"), 2U);
    queues.leave(first);
    EXPECT_THAT(competing, ElementsAre(2));
}

TEST_F(local_queues_without_a_holder, the_queues_may_go_first) {
    {
        local_queues short_lived;
        EXPECT_TRUE(short_lived.join(first, "a"));
        EXPECT_FALSE(short_lived.join(second, "a"));
    }
    queues.leave(first);
    queues.leave(second);
    EXPECT_THAT(competing, IsEmpty());
    EXPECT_TRUE(join(second));
    EXPECT_FALSE(join(first));
}

struct holder final : queue_holder {};

// With the map's own, and however long its name is: that is shared.
TEST(local_queues_size, a_held_lock_that_nobody_waits_for_takes_72_bytes_at_most) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizers' allocator keeps its own accounts";
#else
    constexpr std::size_t many = 20'000;
    std::vector<resource_name> names;
    for (std::size_t one = 0; one < many; ++one) {
        names.emplace_back(std::string(200, 'n') + std::to_string(one));
    }
    std::vector<int> competing;
    waiter asks{competing};
    std::vector<holder> held(many);
    local_queues queues;
    const auto in_use = [] {
        const auto all = ::mallinfo2();
        return all.uordblks + all.hblkhd;
    };
    const auto before = in_use();
    for (std::size_t one = 0; one < many; ++one) {
        ASSERT_TRUE(queues.join(asks, names[one]));
        queues.acquired(asks, held[one], names[one]);
    }
    const auto each = (in_use() - before) / many;
    EXPECT_LE(each, 72U);
    EXPECT_GT(each, 32U) << "nothing was measured";
#endif
}

class local_queues_with_a_holder : public local_queues_without_a_holder {
  protected:
    local_queues_with_a_holder() {
        EXPECT_TRUE(join(first));
        queues.acquired(first, held, "a");
    }

    holder held;
};

TEST_F(local_queues_with_a_holder, nobody_competes) {
    EXPECT_EQ(local_queues::first_behind(held), nullptr);
    EXPECT_FALSE(join(second));
    EXPECT_FALSE(join(third));
    EXPECT_EQ(queues.waiting("a"), 2U);
    EXPECT_EQ(local_queues::first_behind(held), &second);
    queues.leave(second);
    EXPECT_THAT(competing, IsEmpty());
    EXPECT_EQ(local_queues::first_behind(held), &third);
}

TEST_F(local_queues_with_a_holder, the_first_competes_when_the_lock_ends) {
    EXPECT_FALSE(join(second));
    EXPECT_FALSE(join(third));
    EXPECT_TRUE(queues.ended(held));
    EXPECT_THAT(competing, ElementsAre(2));
    EXPECT_FALSE(queues.ended(held)) << "once";
    EXPECT_THAT(competing, ElementsAre(2));
    EXPECT_EQ(local_queues::first_behind(held), nullptr);
}

TEST_F(local_queues_with_a_holder, who_competed_before_is_not_asked_again) {
    EXPECT_FALSE(join(second));
    EXPECT_TRUE(queues.ended(held));
    holder other;  // of one that stood in no queue
    waiter outsider{competing, 9};
    queues.acquired(outsider, other, "a");
    EXPECT_FALSE(queues.ended(other));
    EXPECT_THAT(competing, ElementsAre(2));
}

TEST_F(local_queues_with_a_holder, the_lock_passes_to_the_first) {
    EXPECT_FALSE(join(second));
    EXPECT_FALSE(join(third));
    holder next;
    queues.passed(held, second, next);
    EXPECT_THAT(competing, IsEmpty());
    EXPECT_EQ(local_queues::first_behind(held), nullptr);
    EXPECT_EQ(local_queues::first_behind(next), &third);
    EXPECT_EQ(queues.waiting("a"), 1U);
    EXPECT_FALSE(queues.ended(held)) << "it has nothing any more";
    EXPECT_TRUE(queues.ended(next));
    EXPECT_THAT(competing, ElementsAre(3));
}

TEST_F(local_queues_with_a_holder, a_holder_that_was_overtaken_may_outlive_the_queue) {
    holder later;
    waiter outsider{competing, 9};
    queues.acquired(outsider, later, "a");
    EXPECT_FALSE(join(second));
    EXPECT_FALSE(queues.ended(held)) << "it has lost the lock without our knowing";
    EXPECT_THAT(competing, IsEmpty());
    EXPECT_TRUE(queues.ended(later));
    queues.leave(second);
    EXPECT_FALSE(queues.ended(held));
}

RC_GTEST_PROP(local_queues_property, while_anybody_waits_the_first_and_nobody_else_competes, ()) {
    std::vector<int> called;
    local_queues queues;
    std::array<waiter, 5> all{waiter{called, 0}, waiter{called, 1}, waiter{called, 2},
                              waiter{called, 3}, waiter{called, 4}};
    std::vector<int> twin;  // who stands there, in order
    std::vector<int> expected_calls;
    std::array<bool, 5> competes{};
    const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 5));
    for (const int who : steps) {
        const auto at = static_cast<std::size_t>(who);
        const auto place = std::find(twin.begin(), twin.end(), who);
        if (place == twin.end()) {
            twin.push_back(who);
            competes[at] = twin.size() == 1;
            RC_ASSERT(queues.join(all[at], "a") == competes[at]);
        } else {
            twin.erase(place);
            queues.leave(all[at]);
            competes[at] = false;
            if (!twin.empty() && !competes[static_cast<std::size_t>(twin.front())]) {
                competes[static_cast<std::size_t>(twin.front())] = true;
                expected_calls.push_back(twin.front());
            }
        }
        RC_ASSERT(called == expected_calls);
        RC_ASSERT(queues.waiting("a") == twin.size());
    }
    for (auto& each : all) {
        queues.leave(each);
    }
}

}  // namespace
}  // namespace redlock::core
