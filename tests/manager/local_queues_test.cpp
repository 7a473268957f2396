// The queue of waiters within a process while nobody in it holds the lock: one competes at a time,
// the first, and each is asked to at most once. What happens around a held lock needs a manager,
// and is tested with one.
#include "manager/local_queues.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "manager/held_lock.hpp"

namespace redlock::manager {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct waiter final : queue_member {
    explicit waiter(std::vector<int>& all, int which = 0) : competing(all), name(which) {}
    void compete() override { competing.push_back(name); }
    [[nodiscard]] bool may_take_over() const override { return true; }
    [[nodiscard]] std::chrono::milliseconds lease_time() const override { return {}; }
    [[nodiscard]] core::duration stop_margin() const override { return {}; }
    void take_over(held_lock& /*from*/, won_lease /*won*/) override {}

    std::vector<int>& competing;
    int name;
};

class local_queues_without_a_holder : public testing::Test {
  protected:
    bool join(waiter& one, const std::string& resource = "a") { return queues.join(one, resource); }

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
}  // namespace redlock::manager
