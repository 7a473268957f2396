// The trouble that a test makes with the nodes of its world and with the locks on them, and what a
// holder notices of it.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <redlock/redlock.hpp>
#include <redlock/testing.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "testing/world_support.hpp"

namespace redlock::testing {
namespace {

using namespace std::chrono_literals;

using world_nodes = world_with_manager;

TEST_F(world_nodes, freeze_and_go_on) {
    it.freeze(0, 10s);
    EXPECT_TRUE(acquire(it, locks).got.valid()) << "two of three answer";
    it.freeze(1, 10s);
    lock_manager other{it.get_executor(), it.nodes(), {.quorum_timeout = 3s}};
    EXPECT_EQ(acquire(it, other, {.wait = wait_policy::none()}).failure, errc::no_quorum);
    it.run_for(10s);
    EXPECT_TRUE(acquire(it, other).got.valid());
}

TEST_F(world_nodes, lose_a_lock_that_cannot_be_renewed) {
    outcome held = acquire(it, locks);
    const watch loss{held.got};
    it.freeze(0, 1min);
    it.freeze(2, 1min);
    it.run_for(7s);
    EXPECT_TRUE(held.got.valid());
    it.run_for(3s);
    EXPECT_FALSE(held.got.valid());
    EXPECT_EQ(loss.came, errc::lost);
}

TEST_F(world_nodes, are_refused_while_they_are_down) {
    it.kill(0);
    it.kill(1);
    it.kill(1);  // is down already
    EXPECT_EQ(acquire(it, locks).failure, errc::no_quorum);
    it.restart(0, memory::kept);
    it.restart(1, memory::kept);
    it.run_for(2min);  // a quarantine
    EXPECT_TRUE(acquire(it, locks).got.valid());
}

TEST_F(world_nodes, have_a_lock_yet_that_is_held_longer_than_they_are_down) {
    const outcome held = acquire(it, locks, {.lease_time = 60s});
    it.run_for(1ms);
    it.kill(0);
    EXPECT_EQ(it.holder("job", 0), held.got.token()) << "on its disk";
    it.restart(0, memory::kept);
    EXPECT_EQ(it.holder("job", 0), held.got.token());
    it.restart(0, memory::lost);
    EXPECT_TRUE(it.holder("job", 0).empty());
    EXPECT_EQ(it.holder("job"), held.got.token()) << "on the two others";
}

TEST_F(world_nodes, have_no_vote_after_a_restart_until_all_they_may_have_forgotten_is_over) {
    ASSERT_TRUE(acquire(it, locks).got.valid());
    it.restart(0);
    it.kill(1);
    outcome refused = acquire(it, locks);
    EXPECT_EQ(refused.failure, errc::no_quorum);
    it.run_for(62s);
    EXPECT_TRUE(acquire(it, locks).got.valid());
}

// The nightmare of every lock over several servers, and what the guard is for.
TEST_F(world_nodes, let_two_hold_one_lock_without_the_guard) {
    for (const restart_guard guard : {restart_guard::on, restart_guard::off}) {
        world two;
        lock_manager one{two.get_executor(), two.nodes(), {.guard = guard}};
        lock_manager other{two.add_process().get_executor(), two.nodes(), {.guard = guard}};
        two.freeze(2, 1s);
        const outcome first = acquire(two, one, {.lease_time = 60s});
        ASSERT_TRUE(first.got.valid());
        two.run_for(2s);
        two.lose("job", 2);  // had it come late
        two.restart(1, memory::lost);
        const outcome second = acquire(two, other, {.wait = wait_policy::none()});
        EXPECT_TRUE(first.got.valid());
        EXPECT_EQ(second.got.valid(), guard == restart_guard::off);
    }
}

TEST_F(world_nodes, vote_at_once_if_they_are_declared_to_forget_nothing) {
    std::vector<endpoint> durable = it.nodes().endpoints();
    for (endpoint& each : durable) {
        each.durable = true;
    }
    lock_manager sure{it.get_executor(), durable};
    ASSERT_TRUE(acquire(it, sure).got.valid());
    it.kill(1);
    it.restart(0, memory::kept);
    EXPECT_TRUE(acquire(it, sure).got.valid());
}

TEST_F(world_nodes, end_a_lease_early_if_their_clocks_are_set) {
    const outcome held = acquire(it, locks, {.lease_time = 30s});
    it.run_for(1ms);
    it.set_clock(1, 1h);
    EXPECT_EQ(it.holder("job", 0), held.got.token());
    EXPECT_TRUE(it.holder("job", 1).empty());
    EXPECT_EQ(it.holder("job"), held.got.token());
    it.set_clock(0, 1h);
    EXPECT_TRUE(it.holder("job").empty());
}

TEST_F(world_nodes, keep_a_lease_longer_if_their_clocks_are_set_back) {
    outcome held = acquire(it, locks, {.lease_time = 10s});
    held.got.detach();
    it.run_for(1ms);
    it.set_clock(1, -1h);
    it.run_for(11s);
    EXPECT_TRUE(it.holder("job", 0).empty());
    EXPECT_FALSE(it.holder("job", 1).empty());
}

TEST_F(world_nodes, refuse_dates_that_nobody_has) {
    constexpr std::chrono::nanoseconds years = 365 * 24h;
    EXPECT_THROW(it.set_clock(0, 71 * years), lock_error);
    EXPECT_THROW(it.set_clock(0, -60 * years), lock_error);
    EXPECT_THROW(it.set_clock(0, std::chrono::nanoseconds::max()), lock_error);
    EXPECT_THROW(it.set_clock(0, std::chrono::nanoseconds::min()), lock_error);
    it.set_clock(0, 69 * years);
    it.set_clock(1, -58 * years);
    EXPECT_THROW(it.set_clock(0, 2 * years), lock_error) << "by where it stands";
    it.run_for(std::chrono::nanoseconds::max());
    EXPECT_TRUE(it.holder("job").empty());
}

TEST_F(world_nodes, refuse_a_lock_while_they_are_full) {
    it.set_full(0, true);
    EXPECT_TRUE(acquire(it, locks).got.valid());
    it.set_full(1, true);
    diagnostics why;
    EXPECT_EQ(acquire(it, locks, {.details = &why}).failure, errc::no_quorum);
    EXPECT_NE(why.to_string().find("OOM"), std::string::npos) << why.to_string();
    it.set_full(1, false);
    EXPECT_TRUE(acquire(it, locks).got.valid());
}

TEST_F(world_nodes, are_full_until_they_restart) {
    it.set_full(0, true);
    it.set_full(1, true);
    it.restart(0);
    it.restart(1);
    it.run_for(2min);
    EXPECT_TRUE(acquire(it, locks).got.valid());
}

// ---- locks ----

TEST_F(world_nodes, lose_a_lock_and_its_holder_learns_of_it) {
    outcome held = acquire(it, locks);
    const watch loss{held.got};
    it.run_for(1ms);
    it.lose("job");
    EXPECT_TRUE(it.holder("job").empty());
    EXPECT_TRUE(it.run_until([&] { return loss.came.has_value(); }, 10s));
    EXPECT_EQ(loss.came, errc::lost);
    EXPECT_FALSE(held.got.valid());
}

TEST_F(world_nodes, lose_nothing_while_they_are_down) {
    const outcome held = acquire(it, locks, {.lease_time = 60s});
    it.run_for(1ms);
    it.kill(0);
    it.lose("job");
    it.restart(0, memory::kept);
    EXPECT_EQ(it.holder("job", 0), held.got.token());
}

TEST_F(world_nodes, put_back_a_lock_that_was_lost_on_one) {
    const outcome held = acquire(it, locks);
    it.run_for(1ms);
    it.lose("job", 1);
    EXPECT_EQ(it.holder("job", 0), held.got.token());
    EXPECT_TRUE(it.holder("job", 1).empty());
    EXPECT_EQ(it.holder("job"), held.got.token());
    it.run_for(10s);
    EXPECT_EQ(it.holder("job", 1), held.got.token());
}

TEST_F(world_nodes, have_no_holder_without_a_majority) {
    EXPECT_TRUE(it.holder("job").empty());
    outcome held = acquire(it, locks);
    it.run_for(1ms);
    it.lose("job", 1);
    it.lose("job", 2);
    EXPECT_TRUE(it.holder("job").empty());
    EXPECT_FALSE(it.holder("job", 0).empty());
}

TEST_F(world_nodes, are_free_after_a_release) {
    outcome held = acquire(it, locks);
    EXPECT_FALSE(release(it, held.got));
    it.run_for(1ms);
    EXPECT_TRUE(it.holder("job", 0).empty());
}

TEST_F(world_nodes, are_none_beyond_the_last) {
    EXPECT_THROW(it.freeze(3, 1s), std::out_of_range);
    EXPECT_THROW(it.kill(3), std::out_of_range);
    EXPECT_THROW(it.restart(3), std::out_of_range);
    EXPECT_THROW(it.set_clock(3, 1s), std::out_of_range);
    EXPECT_THROW(it.set_full(3, true), std::out_of_range);
    EXPECT_THROW(it.lose("job", 3), std::out_of_range);
    EXPECT_THROW(static_cast<void>(it.holder("job", 3)), std::out_of_range);
    EXPECT_THROW(here.cut(3), std::out_of_range);
    EXPECT_THROW(here.cut_off(3, 1s), std::out_of_range);
    EXPECT_THROW(here.slow_down(3, 1s, 1s), std::out_of_range);
}

}  // namespace
}  // namespace redlock::testing
