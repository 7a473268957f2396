// Servers whose clocks are set while a lock is held. Leases end by those clocks, so whoever holds a
// lock must not believe in it for longer than a majority of the servers keeps it: by what validity
// leaves out beforehand, or by what the next answer tells.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "integration/harness.hpp"
#include "support/clocked_server.hpp"

namespace redlock::integration {
namespace {

using std::chrono::nanoseconds;
using support::clocked_server;
using testing::AllOf;
using testing::HasSubstr;

struct clock_step : testing::Test {
    clock_step() {
        for (clocked_server& each : nodes) {
            each->vouch();
        }
    }

    [[nodiscard]] std::vector<std::string> urls() {
        return {nodes[0]->url(), nodes[1]->url(), nodes[2]->url()};
    }
    void set_forward(std::size_t first, std::size_t end, nanoseconds by) {
        for (std::size_t node = first; node < end; ++node) {
            nodes[node].set_forward(by);
        }
    }
    /// The latest instant at which a majority of the nodes can still have the lock.
    [[nodiscard]] boot_clock::time_point majority_keeps(const std::string& resource) {
        std::vector<boot_clock::time_point> ends;
        for (clocked_server& each : nodes) {
            const std::int64_t left = each->pttl(resource);
            ends.push_back(boot_clock::now() + milliseconds{std::max<std::int64_t>(left + 1, 0)});
        }
        std::sort(ends.begin(), ends.end());
        return ends[1];
    }
    [[nodiscard]] bool all_have(client& who, const std::string& resource) {
        return who.await([&] {
            return std::all_of(nodes.begin(), nodes.end(),
                               [&](clocked_server& each) { return each->pttl(resource) > 0; });
        });
    }
    /// Hears from every node, by a lock on something else.
    void hear(client& who) {
        const std::string other = "other " + std::to_string(++heard);
        lock besides = who.take(other, {.lease_time = 30s});
        ASSERT_TRUE(all_have(who, other));
        // The last grant has been written; its answer comes before that of what is asked now.
        who.status(other);
    }

    std::array<clocked_server, 3> nodes;
    loop turned;
    int heard = 0;
};

TEST_F(clock_step, that_the_settings_allow_for_ends_no_lock_before_its_validity) {
    client who{turned, urls()};
    const lock held = who.take("job", {.lease_time = 10s});
    ASSERT_TRUE(all_have(who, "job"));
    set_forward(0, 2, 900ms);
    EXPECT_LE(held.valid_until(), majority_keeps("job"));
    EXPECT_TRUE(held.valid());
}

TEST_F(clock_step, lets_nobody_else_in_before_validity_ends) {
    client who{turned, urls()};
    client another{turned, urls()};
    another.warm_up();
    const lock held = who.take("job", {.lease_time = 1s});
    ASSERT_TRUE(all_have(who, "job"));
    set_forward(0, 2, 90ms);
    const auto next = another.acquire("job", {.wait = 20s});
    EXPECT_FALSE(next->error) << next->why.to_string();
    EXPECT_GE(boot_clock::now(), held.valid_until());
    EXPECT_FALSE(held.valid());
}

TEST_F(clock_step, beyond_what_is_allowed_for_is_seen_in_the_next_answer) {
    client who{turned, urls()};
    const lock held = who.take("job", {.lease_time = 20s});
    ASSERT_TRUE(all_have(who, "job"));
    const auto before = held.valid_until();
    set_forward(0, 2, 5s);
    hear(who);
    EXPECT_LE(held.valid_until(), majority_keeps("job"));
    EXPECT_LE(held.valid_until(), before - 4s);
    EXPECT_GT(held.valid_until(), before - 5s);
    EXPECT_TRUE(held.valid());
}

TEST_F(clock_step, of_a_minority_takes_nothing_from_a_lock) {
    client who{turned, urls()};
    const lock held = who.take("job", {.lease_time = 20s});
    ASSERT_TRUE(all_have(who, "job"));
    const auto before = held.valid_until();
    set_forward(0, 1, 5s);
    hear(who);
    EXPECT_EQ(held.valid_until(), before);
    // Now it was a majority, one after the other.
    set_forward(1, 2, 7s);
    hear(who);
    EXPECT_LE(held.valid_until(), majority_keeps("job"));
    EXPECT_LE(held.valid_until(), before - 4s);
}

TEST_F(clock_step, back_takes_nothing_from_a_lock) {
    client who{turned, urls()};
    const lock held = who.take("job", {.lease_time = 20s});
    ASSERT_TRUE(all_have(who, "job"));
    const auto before = held.valid_until();
    set_forward(0, 3, -5s);
    hear(who);
    EXPECT_EQ(held.valid_until(), before);
    set_forward(0, 3, 5s);
    hear(who);
    EXPECT_EQ(held.valid_until(), before);
}

TEST_F(clock_step, so_far_that_the_lease_is_over_announces_the_loss) {
    client who{turned, urls()};
    lock held = who.take("job", {.lease_time = 10s});
    ASSERT_TRUE(all_have(who, "job"));
    const auto lost = who.begin_wait_lost(held);
    set_forward(0, 3, 9s + 950ms);
    hear(who);
    ASSERT_TRUE(who.await([&] { return lost->done; }));
    EXPECT_EQ(lost->error, errc::lost);
    EXPECT_FALSE(held.valid());
}

TEST_F(clock_step, makes_a_loss_that_comes_early_say_so) {
    client who{turned, urls()};
    lock held = who.take("job", {.lease_time = 10s, .stop_margin = 8s});
    ASSERT_TRUE(all_have(who, "job"));
    const auto lost = who.begin_wait_lost(held);
    set_forward(0, 3, 6s);
    hear(who);
    ASSERT_TRUE(who.await([&] { return lost->done; }));
    EXPECT_EQ(lost->error, errc::lost);
    EXPECT_GT(held.valid_until(), boot_clock::now());  // told in time
    EXPECT_THAT(held.last_error().message,
                AllOf(HasSubstr("the clock of"), HasSubstr("was set forward")));
}

TEST_F(clock_step, is_made_good_by_a_renewal_at_once) {
    client who{turned, urls()};
    lock held = who.take("job", {.lease_time = 20s, .renew = true});
    ASSERT_TRUE(all_have(who, "job"));
    const auto before = held.valid_until();
    set_forward(0, 3, 10s);
    hear(who);
    EXPECT_TRUE(who.await([&] { return held.valid_until() > before; }));
    EXPECT_LE(held.valid_until(), majority_keeps("job"));
    EXPECT_EQ(who.events().count(event_kind::lost), 0U);
    // What was set before this lease began does not count against it.
    const auto renewed = held.valid_until();
    hear(who);
    EXPECT_GE(held.valid_until(), renewed);
}

TEST_F(clock_step, that_the_renewal_itself_tells_of_costs_nothing) {
    client who{turned, urls()};
    lock held = who.take("job", {.lease_time = 20s});
    ASSERT_TRUE(all_have(who, "job"));
    const auto before = held.valid_until();
    set_forward(0, 3, 10s);
    EXPECT_FALSE(who.extend(held));
    EXPECT_GT(held.valid_until(), before);
    EXPECT_LE(held.valid_until(), majority_keeps("job"));
}

}  // namespace
}  // namespace redlock::integration
