// What a test does to a process of its world, and to what lies between it and the nodes.
#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <redlock/redlock.hpp>
#include <redlock/testing.hpp>

#include "testing/world_support.hpp"

namespace redlock::testing {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

class world_process : public world_with_manager {
  protected:
    process elsewhere = it.add_process();
    lock_manager others{elsewhere.get_executor(), it.nodes()};
};

TEST_F(world_process, is_late_when_it_was_paused_for_longer_than_its_lease) {
    outcome held = acquire(it, locks);
    const watch loss{held.got};
    const fencing_token first = held.got.fencing_token();
    here.pause(15s);
    it.run_for(9s);
    EXPECT_FALSE(held.got.valid()) << "by time alone";
    EXPECT_FALSE(loss.came) << "nothing runs there";
    const outcome next = acquire(it, others);
    EXPECT_TRUE(next.got.valid());
    EXPECT_GT(next.got.fencing_token(), first);
    EXPECT_FALSE(loss.came);
    it.run_for(6s);
    EXPECT_EQ(loss.came, errc::lost);
}

TEST_F(world_process, goes_on_after_a_short_pause) {
    const outcome held = acquire(it, locks);
    here.pause(5s);
    it.run_for(1min);
    EXPECT_TRUE(held.got.valid());
}

TEST_F(world_process, stands_still_for_the_longest_of_its_pauses) {
    bool ran = false;
    here.pause(10s);
    here.pause(5s);
    asio::post(here.get_executor(), [&] { ran = true; });
    it.run_for(10s - 1ns);
    EXPECT_FALSE(ran);
    it.run_for(1ns);
    EXPECT_TRUE(ran);
}

asio::awaitable<void> pause_and_look(world& in, process self, boot_clock::time_point& woken) {
    self.pause(1min);
    co_await in.async_sleep(0s);
    woken = self.now();
}

TEST_F(world_process, can_pause_itself) {
    const auto before = it.now();
    boot_clock::time_point woken;
    bool posted_before = false;
    asio::co_spawn(here.get_executor(), pause_and_look(it, here, woken), asio::detached);
    asio::post(here.get_executor(), [&] { posted_before = true; });
    it.run_for(59s);
    EXPECT_FALSE(posted_before) << "it was ready, and stands still with the rest";
    it.run_for(1s);
    EXPECT_TRUE(posted_before);
    EXPECT_EQ(woken - before, 1min);
}

TEST_F(world_process, that_is_killed_leaves_its_lock_until_the_lease_ends) {
    auto dying = std::make_unique<lock_manager>(elsewhere.get_executor(), it.nodes());
    outcome held = acquire(it, *dying);
    const watch loss{held.got};
    it.run_for(20s);
    EXPECT_TRUE(held.got.valid()) << "renewed";
    elsewhere.kill();
    it.run_for(6s);
    EXPECT_FALSE(it.holder("job").empty());
    EXPECT_EQ(acquire(it, locks, {.wait = wait_policy::none()}).failure, errc::contended);
    const outcome next = acquire(it, locks, {.wait = 5s});
    EXPECT_TRUE(next.got.valid());
    EXPECT_FALSE(held.got.valid());
    EXPECT_FALSE(loss.came) << "nobody is there to hear of it";
    held.got = {};
    dying.reset();
    it.run_for(1min);
    EXPECT_TRUE(next.got.valid());
    EXPECT_FALSE(loss.came);
}

TEST_F(world_process, that_kills_itself_does_nothing_more) {
    bool ran = false;
    asio::post(elsewhere.get_executor(), [this] { elsewhere.kill(); });
    asio::post(elsewhere.get_executor(), [&] { ran = true; });
    it.run_for(1s);
    EXPECT_FALSE(ran);
}

/// Kills a process when it goes.
struct last_will {
    explicit last_will(process its) : of(its) {}
    last_will(const last_will&) = delete;
    last_will& operator=(const last_will&) = delete;
    ~last_will() { of.kill(); }

    process of;
};

TEST_F(world_process, may_be_killed_by_what_the_end_of_the_world_destroys) {
    const outcome held = acquire(it, others);
    it.after(24h, [will = std::make_shared<last_will>(elsewhere)] {});
}

TEST_F(world_process, has_a_wall_clock_that_makes_no_difference_to_a_lease) {
    const outcome held = acquire(it, locks);
    const auto before = here.now();
    here.set_wall_clock(24h);
    EXPECT_EQ(here.now(), before);
    it.run_for(30s);
    EXPECT_TRUE(held.got.valid());
    here.set_wall_clock(-48h);
    it.run_for(30s);
    EXPECT_TRUE(held.got.valid());
    EXPECT_EQ(here.now() - before, 1min);
}

TEST_F(world_process, has_a_wall_clock_that_tokens_are_made_with) {
    const auto usual = acquire(it, locks, {.lease_time = 1s}).got.fencing_token().value();
    it.run_for(1s);
    elsewhere.set_wall_clock(5s);
    const auto ahead = acquire(it, others, {.lease_time = 1s}).got.fencing_token().value();
    EXPECT_GT(ahead - usual, 5'000'000U) << "microseconds";
    it.run_for(1s);
    here.set_wall_clock(-1min);
    EXPECT_LT(ahead, acquire(it, locks).got.fencing_token().value()) << "the nodes tell";
}

TEST_F(world_process, has_clocks_that_run_too_fast) {
    const auto here_before = here.now();
    const auto there_before = elsewhere.now();
    elsewhere.set_clock_rate(10'000);
    it.run_for(100s);
    EXPECT_EQ(here.now() - here_before, 100s);
    EXPECT_EQ(elsewhere.now() - there_before, 101s);
    elsewhere.set_clock_rate(-10'000);
    it.run_for(100s);
    EXPECT_EQ(elsewhere.now() - there_before, 200s);
}

TEST_F(world_process, is_woken_by_its_own_clock_though_its_rate_changes_meanwhile) {
    outcome held = acquire(it, others, {.lease_time = 10s});
    const watch loss{held.got};
    const auto until = held.got.valid_until();
    it.run_for(3s);  // until nothing is waited for but the end
    elsewhere.set_clock_rate(1'000'000);
    ASSERT_TRUE(it.run_until([&] { return loss.came.has_value(); }, 20s));
    EXPECT_LT(elsewhere.now(), until) << "a stop margin before the end";
}

TEST_F(world_process, refuses_a_clock_that_stands_still) {
    EXPECT_THROW(here.set_clock_rate(-1'000'000), lock_error);
    EXPECT_THROW(here.set_clock_rate(1'000'001), lock_error);
    here.set_clock_rate(-999'999);
    EXPECT_TRUE(acquire(it, locks, {.lease_time = 1s}).got.valid());
}

TEST_F(world_process, refuses_dates_that_nobody_has) {
    constexpr std::chrono::nanoseconds years = 365 * 24h;
    EXPECT_THROW(here.set_wall_clock(71 * years), lock_error);
    EXPECT_THROW(here.set_wall_clock(-60 * years), lock_error);
    EXPECT_THROW(here.set_wall_clock(std::chrono::nanoseconds::max()), lock_error);
    EXPECT_THROW(here.set_wall_clock(std::chrono::nanoseconds::min()), lock_error);
    here.set_wall_clock(69 * years);
    EXPECT_THROW(here.set_wall_clock(2 * years), lock_error) << "by where it stands";
    here.set_wall_clock(-69 * years);
    EXPECT_TRUE(acquire(it, locks).got.valid());
}

TEST_F(world_process, connects_again_after_a_cut) {
    const outcome held = acquire(it, locks);
    for (node_index each = 0; each < 3; ++each) {
        here.cut(each);
    }
    it.run_for(1min);
    EXPECT_TRUE(held.got.valid());
}

/// Begins an acquisition, cuts while the request is under way, and says who holds it on the node.
lock_token planted(std::uint64_t seed, bool carried_out) {
    world it{{.nodes = 1, .seed = seed, .fastest_message = 10ms, .slowest_message = 10ms}};
    lock_manager locks{it.get_executor(), it.nodes()};
    outcome first = acquire(it, locks);
    EXPECT_FALSE(release(it, first.got));
    it.run_for(1s);
    locks.async_acquire("job", {}, [](error_code, const lock&) {});
    it.run_for(5ms);
    it.first_process().cut(0, carried_out);
    it.first_process().kill();
    it.run_for(20ms);
    return it.holder("job");
}

TEST_F(world_process, has_what_it_sent_carried_out_or_not_when_it_is_cut) {
    int without = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        EXPECT_FALSE(planted(seed, true).empty());
        without += planted(seed, false).empty() ? 1 : 0;
    }
    EXPECT_GE(without, 15) << "a part of a request is none";
}

TEST_F(world_process, is_cut_off_from_nodes_that_others_reach) {
    const outcome held = acquire(it, locks, {.lease_time = 10s, .renew = true});
    here.cut_off(0, 30s);
    here.cut_off(1, 30s);
    it.run_for(10s);
    EXPECT_FALSE(held.got.valid());
    EXPECT_TRUE(acquire(it, others, {.lease_time = 1s}).got.valid());
    EXPECT_EQ(acquire(it, locks).failure, errc::no_quorum);
    it.run_for(30s);
    EXPECT_TRUE(acquire(it, locks).got.valid());
}

TEST_F(world_process, hears_nothing_where_messages_take_for_ever) {
    for (node_index each = 0; each < 3; ++each) {
        EXPECT_THROW(here.slow_down(each, -1ns, 1min), lock_error);
        here.slow_down(each, std::chrono::nanoseconds::max(), 1min);
    }
    EXPECT_EQ(acquire(it, locks).failure, errc::no_quorum);
    EXPECT_TRUE(acquire(it, others).got.valid());
}

TEST_F(world_process, is_slowed_down_for_a_while) {
    const auto took = [this](lock_manager& by) {
        const auto before = it.now();
        outcome held = acquire(it, by);
        const auto time = it.now() - before;
        release(it, held.got);
        it.run_for(1s);
        return time;
    };
    took(locks);
    took(others);
    for (node_index each = 0; each < 3; ++each) {
        here.slow_down(each, 100ms, 1min);
    }
    EXPECT_GE(took(locks), 200ms);
    EXPECT_LT(took(others), 10ms);
    it.run_for(1min);
    EXPECT_LT(took(locks), 10ms);
}

}  // namespace
}  // namespace redlock::testing
