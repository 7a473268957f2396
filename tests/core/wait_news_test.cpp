// Waiting for a lock by what the nodes tell: how long it sleeps without news, which news wake it,
// and that none is missed between an attempt and the wait. At the end a small model of nodes that
// tell once of each key they were asked about, over connections that lose and reorder. Time is a
// number.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "core/quorum.hpp"
#include "core/small_scope.hpp"
#include "core/wait_session.hpp"

namespace redlock::core::wait_news_cases {
namespace {

using namespace std::chrono_literals;
using small_scope::at;
using small_scope::epoch;
using small_scope::nodes;
using small_scope::written;

constexpr std::chrono::milliseconds lease{10'000};
constexpr duration shortest_silence = 20s;
constexpr duration longest_silence = 22s;
constexpr duration longest_poll = 64ms;
constexpr double almost_one = 0.999999;

wait_session::settings patient() {
    return {.quorum_timeout = 1h};
}

acquire_vote busy(std::optional<duration> left = std::nullopt, std::size_t ahead = 0) {
    return {.answer = acquire_answer::busy, .holder_remaining = left, .holder = 1, .ahead = ahead};
}

/// A round that one holder won everywhere but on the nodes left out, which stay silent.
acquire_round contended(std::size_t count, node_set silent = {},
                        std::optional<duration> left = std::nullopt, std::size_t ahead = 0,
                        instant started = epoch) {
    acquire_round round{count, lease, started};
    (node_set::all(count) - silent).for_each([&](node_index node) {
        round.on_vote(node, busy(left, ahead), started);
    });
    round.on_deadline();
    EXPECT_EQ(to_string(round.outcome()), "contended");
    return round;
}

/// A session that has begun a round and lost it to a holder.
struct waiter {
    wait_session session{patient()};
    acquire_round round;
    node_set tracking;

    waiter(acquire_round lost, node_set all_that_tell)
        : round(std::move(lost)), tracking(all_that_tell) {
        session.on_round_started();
    }
    wait_session::step sleep(instant now = at(1ms), double random = 0.5) {
        const auto step = session.on_round(round, now, random, tracking);
        EXPECT_FALSE(step.start_round);
        EXPECT_EQ(step.end, wait_end::none);
        return step;
    }
    instant told(node_index node, instant now) {
        const auto step = session.on_changed(node, &round, now, tracking);
        EXPECT_FALSE(step.start_round);
        EXPECT_EQ(step.end, wait_end::none);
        return step.wait_until;
    }
};

bool polls(const wait_session::step& step, instant now) {
    return step.wait_until <= now + longest_poll;
}

// ---- how long it sleeps ----

TEST(wait_news, sleeps_as_long_as_the_fallback_where_all_nodes_tell) {
    for (const double random : {0.0, 0.5, almost_one}) {
        waiter mine{contended(3), node_set::all(3)};
        const auto until = mine.sleep(at(1ms), random).wait_until;
        EXPECT_GE(until, at(1ms) + shortest_silence);
        EXPECT_LE(until, at(1ms) + longest_silence);
    }
}

TEST(wait_news, spreads_the_fallback_over_two_seconds) {
    waiter first{contended(3), node_set::all(3)};
    waiter last{contended(3), node_set::all(3)};
    EXPECT_EQ(first.sleep(at(1ms), 0.0).wait_until, at(1ms) + 20s);
    EXPECT_GT(last.sleep(at(1ms), almost_one).wait_until, at(1ms) + 21'999ms);
}

TEST(wait_news, polls_where_no_node_tells) {
    waiter mine{contended(3), {}};
    EXPECT_TRUE(polls(mine.sleep(), at(1ms)));
}

TEST(wait_news, polls_or_sleeps_by_whether_a_quorum_could_be_freed_in_silence) {
    for (std::size_t count = 1; count <= small_scope::most_nodes; ++count) {
        // 0: tells and is held, 1: held and does not tell, 2: was silent.
        small_scope::for_each_row(count, 3, [&](const auto& row) {
            node_set telling;
            node_set silent;
            std::size_t unwatched = 0;
            for (std::size_t i = 0; i < count; ++i) {
                const auto node = static_cast<node_index>(i);
                if (row[i] != 1) {
                    telling.insert(node);  // even of a silent node: it has read nothing
                }
                if (row[i] == 2) {
                    silent.insert(node);
                }
                unwatched += row[i] == 0 ? 0U : 1U;
            }
            if (silent.size() > tolerated_by(count)) {
                return true;  // no holder's, but the lack of a quorum
            }
            waiter mine{contended(count, silent), telling};
            const bool unseen = unwatched >= quorum_of(count);
            EXPECT_EQ(polls(mine.sleep(), at(1ms)), unseen)
                << count << " nodes, telling " << written(telling) << ", silent "
                << written(silent);
            return !testing::Test::HasFailure();
        });
    }
}

TEST(wait_news, polls_rarer_and_rarer_and_begins_anew_after_a_sleep) {
    wait_session session{patient()};
    const auto round = contended(3);
    const auto slept = [&](node_set tracking) {
        session.on_round_started();
        return session.on_round(round, at(1ms), 0.0, tracking).wait_until - at(1ms);
    };
    for (const duration expected : {1ms, 2ms, 4ms}) {
        EXPECT_EQ(slept({}), expected);
    }
    EXPECT_EQ(slept(node_set::all(3)), 20s);
    EXPECT_EQ(slept({}), 1ms);
}

TEST(wait_news, looks_when_the_leases_of_a_quorum_end) {
    for (const double random : {0.0, almost_one}) {
        waiter mine{contended(3, {}, 700ms), node_set::all(3)};
        EXPECT_EQ(mine.sleep(at(1ms), random).wait_until, at(700ms));
    }
}

TEST(wait_news, takes_the_lease_that_completes_a_quorum) {
    acquire_round round{3, lease, epoch};
    round.on_vote(0, busy(900ms), epoch);
    round.on_vote(1, busy(300ms), epoch);
    round.on_vote(2, busy(std::nullopt), epoch);
    waiter mine{round, node_set::all(3)};
    EXPECT_EQ(mine.sleep().wait_until, at(900ms));
}

TEST(wait_news, does_not_trust_a_lease_of_an_hour_to_be_all_there_is) {
    waiter mine{contended(3, {}, 1h), node_set::all(3)};
    EXPECT_LE(mine.sleep().wait_until, at(1ms) + longest_silence);
}

TEST(wait_news, does_not_sleep_on_leases_that_should_be_over) {
    waiter mine{contended(3, {}, 1ms), node_set::all(3)};
    EXPECT_TRUE(polls(mine.sleep(at(5ms)), at(5ms)));
    EXPECT_GT(mine.sleep(at(5ms)).wait_until, at(5ms));
}

TEST(wait_news, never_sleeps_past_the_deadline) {
    wait_session session{{.deadline = at(5s), .quorum_timeout = 1h}};
    session.on_round_started();
    const auto step = session.on_round(contended(3), at(1ms), 0.5, node_set::all(3));
    EXPECT_EQ(step.wait_until, at(5s));
    EXPECT_EQ(session.on_timer(at(5s)).end, wait_end::timed_out);
}

TEST(wait_news, is_of_no_use_where_the_caller_has_set_the_delays) {
    const wait_session set{{.delay_min = 1ms, .delay_max = 2ms}};
    EXPECT_FALSE(set.wants_news());
    EXPECT_TRUE(wait_session{patient()}.wants_news());
    waiter mine{contended(3), node_set::all(3)};
    mine.session = set;
    EXPECT_LT(mine.sleep().wait_until, at(1ms) + 2ms);
}

// ---- what wakes it ----

TEST(wait_news, looks_when_so_many_told_that_a_quorum_may_be_free_for_1_to_5_nodes) {
    for (std::size_t count = 1; count <= small_scope::most_nodes; ++count) {
        const std::size_t sets = std::size_t{1} << count;
        for (std::size_t silent_bits = 0; silent_bits < sets; ++silent_bits) {
            for (std::size_t telling_bits = 0; telling_bits < sets; ++telling_bits) {
                const auto in = [](std::size_t bits, node_index node) {
                    return (bits >> node & 1) != 0;
                };
                node_set silent;
                node_set telling;
                for (node_index node = 0; node < count; ++node) {
                    if (in(silent_bits, node)) {
                        silent.insert(node);
                    }
                    if (in(telling_bits, node)) {
                        telling.insert(node);
                    }
                }
                if (silent.size() > tolerated_by(count)) {
                    continue;
                }
                small_scope::for_each_order(count, [&](const auto& order) {
                    waiter mine{contended(count, silent), telling};
                    mine.sleep();
                    // The twin: who may be free after each telling?
                    std::array<bool, small_scope::most_nodes> may_be_free{};
                    for (node_index node = 0; node < count; ++node) {
                        may_be_free[node] = in(silent_bits, node) || !in(telling_bits, node);
                    }
                    bool looking = false;
                    for (std::size_t i = 0; i < count && !looking; ++i) {
                        const auto node = static_cast<node_index>(order[i]);
                        may_be_free[node] = true;
                        const auto free = static_cast<std::size_t>(
                            std::count(may_be_free.begin(), may_be_free.end(), true));
                        looking = free >= quorum_of(count);
                        const instant now = at(2ms + i * 1ms);
                        EXPECT_EQ(mine.told(node, now), looking ? now : never)
                            << count << " nodes, silent " << written(silent) << ", telling "
                            << written(telling);
                    }
                    EXPECT_TRUE(looking);
                    return !testing::Test::HasFailure();
                });
                ASSERT_FALSE(testing::Test::HasFailure());
            }
        }
    }
}

TEST(wait_news, a_minority_that_tells_does_not_wake_it) {
    waiter mine{contended(5), node_set::all(5)};
    mine.sleep();
    EXPECT_EQ(mine.told(4, at(2ms)), never);
    EXPECT_EQ(mine.told(0, at(2ms)), never);
    EXPECT_EQ(mine.told(2, at(3ms)), at(3ms));
}

TEST(wait_news, of_one_node_bring_the_look_to_when_another_is_free) {
    acquire_round lost{3, lease, epoch};
    lost.on_vote(0, busy(200ms), epoch);  // kept for the first in line, who gives up silently
    lost.on_vote(1, busy(400ms), epoch);
    lost.on_vote(2, busy(300ms), epoch);
    waiter mine{std::move(lost), node_set::all(3)};
    EXPECT_EQ(mine.sleep().wait_until, at(300ms)) << "two nodes are needed";
    EXPECT_EQ(mine.told(1, at(50ms)), at(200ms)) << "one is free by now";
    EXPECT_EQ(mine.told(2, at(60ms)), at(60ms));
}

TEST(wait_news, before_the_wait_count_for_when_it_ends) {
    acquire_round lost{3, lease, epoch};
    waiter mine{std::move(lost), node_set::all(3)};
    mine.round.on_vote(0, busy(200ms), epoch);
    EXPECT_EQ(mine.session.on_changed(1, nullptr, epoch, mine.tracking).wait_until, never);
    mine.round.on_vote(1, busy(400ms), epoch);
    mine.round.on_vote(2, busy(300ms), epoch);
    EXPECT_EQ(mine.sleep().wait_until, at(200ms));
}

TEST(wait_news, the_same_news_again_are_none) {
    waiter mine{contended(5), node_set::all(5)};
    mine.sleep();
    for (int i = 0; i < 9; ++i) {
        EXPECT_EQ(mine.told(3, at(2ms)), never);
    }
    EXPECT_EQ(mine.told(1, at(2ms)), never);
    EXPECT_EQ(mine.told(0, at(3ms)), at(3ms));
    for (const node_index node : std::vector<node_index>{0, 1, 3}) {
        EXPECT_EQ(mine.told(node, at(9ms)), never);
    }
}

TEST(wait_news, more_news_do_not_put_the_look_off) {
    waiter mine{contended(3, {}, std::nullopt, 5), node_set::all(3)};
    mine.sleep();
    mine.told(0, at(2ms));
    const instant look = mine.told(1, at(3ms));
    EXPECT_EQ(look, at(8ms));
    EXPECT_EQ(mine.told(2, at(7ms)), never);  // it stays as it is
}

TEST(wait_news, a_node_that_stops_telling_counts_as_maybe_free) {
    waiter mine{contended(3), node_set::all(3)};
    mine.sleep();
    mine.tracking = nodes({1, 2});
    EXPECT_EQ(mine.told(2, at(2ms)), at(2ms));
}

TEST(wait_news, leaves_each_who_stands_before_it_a_millisecond_and_no_more_than_eight) {
    for (std::size_t ahead = 0; ahead <= 12; ++ahead) {
        waiter mine{contended(1, {}, std::nullopt, ahead), node_set::all(1)};
        mine.sleep();
        EXPECT_EQ(mine.told(0, at(5ms)),
                  at(5ms) + std::chrono::milliseconds{std::min<std::size_t>(ahead, 8)});
    }
    waiter last{contended(1, {}, std::nullopt, 1'000'000), node_set::all(1)};
    last.sleep();
    EXPECT_EQ(last.told(0, at(5ms)), at(13ms));
}

// ---- between an attempt and the wait ----

TEST(wait_news, news_during_the_round_keep_it_from_falling_asleep) {
    waiter mine{contended(3), node_set::all(3)};
    for (const node_index node : std::vector<node_index>{0, 1}) {
        const auto step = mine.session.on_changed(node, nullptr, at(0ms), mine.tracking);
        EXPECT_EQ(step.wait_until, never);
        EXPECT_FALSE(step.start_round);
    }
    const auto step = mine.sleep();
    EXPECT_TRUE(polls(step, at(1ms)));
    EXPECT_GT(step.wait_until, at(1ms));
}

TEST(wait_news, news_of_the_round_that_come_twice_are_not_looked_into_twice) {
    waiter mine{contended(3), node_set::all(3)};
    for (const node_index node : std::vector<node_index>{0, 1}) {
        static_cast<void>(mine.session.on_changed(node, nullptr, at(0ms), mine.tracking));
    }
    mine.sleep();
    EXPECT_EQ(mine.told(0, at(1ms)), never);
    EXPECT_EQ(mine.told(1, at(1ms)), never);
}

TEST(wait_news, news_before_the_vote_and_news_in_the_wait_add_up) {
    for (std::size_t count = 1; count <= small_scope::most_nodes; ++count) {
        for (std::size_t before = 0; before < quorum_of(count); ++before) {
            waiter mine{contended(count), node_set::all(count)};
            node_index node = 0;
            for (; node < before; ++node) {
                static_cast<void>(mine.session.on_changed(node, nullptr, at(0ms), mine.tracking));
            }
            const std::size_t needed = quorum_of(count);
            EXPECT_FALSE(polls(mine.sleep(), at(1ms)));
            for (; node + 1 < needed; ++node) {
                EXPECT_EQ(mine.told(node, at(2ms)), never);
            }
            EXPECT_EQ(mine.told(node, at(3ms)), at(3ms));
        }
    }
}

TEST(wait_news, a_new_round_makes_the_news_old) {
    waiter mine{contended(3), node_set::all(3)};
    mine.sleep();
    mine.told(0, at(2ms));
    EXPECT_EQ(mine.told(1, at(2ms)), at(2ms));
    EXPECT_TRUE(mine.session.on_timer(at(2ms)).start_round);
    mine.session.on_round_started();
    EXPECT_FALSE(polls(mine.sleep(at(3ms)), at(3ms)));
    // And they have to be told again.
    EXPECT_EQ(mine.told(0, at(4ms)), never);
    EXPECT_EQ(mine.told(1, at(5ms)), at(5ms));
}

TEST(wait_news, a_vote_that_comes_late_is_watched_as_well) {
    acquire_round round{5, lease, epoch};
    for (const node_index node : std::vector<node_index>{0, 1, 2}) {
        round.on_vote(node, busy(), epoch);
    }
    ASSERT_EQ(to_string(round.outcome()), "contended");
    waiter mine{round, node_set::all(5)};
    EXPECT_FALSE(polls(mine.sleep(), at(1ms)));
    for (const node_index node : std::vector<node_index>{3, 4}) {
        mine.round.on_vote(node, busy(), at(2ms));
    }
    EXPECT_EQ(mine.told(0, at(3ms)), never);
    EXPECT_EQ(mine.told(1, at(3ms)), never);
    EXPECT_EQ(mine.told(2, at(3ms)), at(3ms));
}

}  // namespace
}  // namespace redlock::core::wait_news_cases
