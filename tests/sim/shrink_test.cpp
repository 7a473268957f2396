// A schedule that must fail is made small, and still fails for the same reason; and one seed is the
// same to the byte each time.
#include "sim/shrink.hpp"

#include <gtest/gtest.h>

#include "sim/swarm.hpp"

namespace redlock::sim {
namespace {

std::string story_of(world& in, const plan& the_plan) {
    recorder listener;
    coverage seen;
    static_cast<void>(in.run(the_plan, seen, &listener));
    return listener.text();
}

TEST(shrink, keeps_what_the_overlap_needs_and_nothing_else) {
    world in;
    plan the_plan;
    plan_of_restarts(1, {.guard = false}, the_plan);
    coverage seen;
    const auto found = in.run(the_plan, seen, nullptr);
    ASSERT_TRUE(found);
    const auto small = shrink(in, the_plan, *found);
    EXPECT_EQ(small.found.what, check::exclusion);
    // Two who want the lock, and two nodes that forget: none of these can be spared.
    EXPECT_EQ(small.smallest.items.size(), 4);
    EXPECT_EQ(small.left_out, the_plan.items.size() - 4);
    const auto again = in.run(small.smallest, seen, nullptr);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->at, small.found.at);
}

TEST(shrink, the_guard_prevents_the_overlap) {
    world in;
    plan the_plan;
    plan_of_restarts(1, {.guard = true}, the_plan);
    coverage seen;
    EXPECT_FALSE(in.run(the_plan, seen, nullptr));
}

TEST(schedule, is_the_same_each_time_and_in_each_world) {
    plan the_plan;
    world first;
    world second;
    for (std::uint64_t seed = 1; seed < 50; ++seed) {
        make_plan(seed, plan_options{}, the_plan);
        const std::string story = story_of(first, the_plan);
        EXPECT_FALSE(story.empty());
        EXPECT_EQ(story, story_of(second, the_plan));
    }
}

TEST(swarm, finds_the_first_failing_seed_however_many_look) {
    swarm_options options;
    options.seeds = 2'000;
    options.restarts = true;
    options.plans.guard = false;
    const auto alone = run_swarm(options);
    options.jobs = 4;
    const auto together = run_swarm(options);
    ASSERT_TRUE(alone.first);
    ASSERT_TRUE(together.first);
    EXPECT_EQ(alone.first->seed, together.first->seed);
    EXPECT_EQ(alone.first->found.at, together.first->found.at);
}

}  // namespace
}  // namespace redlock::sim
