// From the wish for a lock to its end: when the next attempt begins and when there is none. The
// rounds handed in are real ones, voted to the outcome that a case needs; time is a number.
#include "core/wait_session.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <ostream>
#include <set>
#include <vector>

#include "core/small_scope.hpp"

namespace redlock::core::wait_session_cases {

inline std::ostream& operator<<(std::ostream& out, wait_end end) {
    return out << to_string(end);
}

namespace {

using namespace std::chrono_literals;
using small_scope::at;
using small_scope::epoch;
using outcome = acquire_outcome;
using settings = wait_session::settings;

constexpr double almost_one = 0.999999;

/// Three nodes vote a round to its end; `leases` is what is left of the holder's on each.
acquire_round round_of(outcome wanted, instant started = epoch,
                       std::optional<duration> leases = std::nullopt) {
    acquire_round round{3, std::chrono::milliseconds{10'000}, started};
    const auto vote = [&](node_index node, acquire_answer answer, std::uint64_t holder = 0) {
        round.on_vote(node, {.answer = answer, .holder_remaining = leases, .holder = holder},
                      wanted == outcome::too_late ? round.valid_until() : started);
    };
    switch (wanted) {
        case outcome::held:
        case outcome::too_late:
            vote(0, acquire_answer::granted);
            vote(1, acquire_answer::granted);
            break;
        case outcome::contended:
            vote(0, acquire_answer::busy, 1);
            vote(1, acquire_answer::busy, 1);
            break;
        case outcome::split:
            vote(0, acquire_answer::granted);
            vote(1, acquire_answer::busy, 1);
            vote(2, acquire_answer::busy, 2);
            break;
        case outcome::stale:
            vote(0, acquire_answer::stale);
            vote(1, acquire_answer::out_of_window);
            break;
        default:
            vote(0, acquire_answer::unknown);
            vote(1, acquire_answer::not_executed);
            break;
    }
    EXPECT_EQ(to_string(round.outcome()), to_string(wanted));
    return round;
}

/// Patient for an hour, for cases that are not about patience.
settings patient() {
    return {.quorum_timeout = 1h};
}

// ---- readers ----

TEST(wait_session, looks_again_within_a_second_where_readers_have_the_lock) {
    for (const bool by_readers : {true, false}) {
        acquire_round round{3, std::chrono::milliseconds{10'000}, epoch};
        for (const node_index node : {0U, 1U}) {
            round.on_vote(node,
                          {.answer = acquire_answer::busy,
                           .holder_remaining = 1min,
                           .holder = by_readers ? acquire_vote::readers : 1},
                          epoch);
        }
        EXPECT_EQ(round.is_held_by_readers(), by_readers);
        wait_session session{patient()};
        const auto step = session.on_round(round, epoch, 0.5, node_set::all(3));
        EXPECT_EQ(step.wait_until <= epoch + 1s, by_readers);
    }
}

// ---- attempts ----

TEST(wait_session, begins_with_a_round) {
    wait_session session{patient()};
    const auto step = session.start();
    EXPECT_TRUE(step.start_round);
    EXPECT_EQ(step.end, wait_end::none);
    EXPECT_EQ(session.attempts(), 0U);
}

TEST(wait_session, ends_with_the_lock) {
    wait_session session{patient()};
    const auto step = session.on_round(round_of(outcome::held), at(1ms), 0.5);
    EXPECT_EQ(step.end, wait_end::held);
    EXPECT_FALSE(step.start_round);
}

TEST(wait_session, one_attempt_is_one_round) {
    for (const outcome lost : {outcome::contended, outcome::split}) {
        wait_session session{{.attempt_limit = 1, .quorum_timeout = 1h}};
        EXPECT_EQ(session.on_round(round_of(lost), at(1ms), 0.5).end, wait_end::contended);
    }
}

TEST(wait_session, three_attempts_are_three_rounds) {
    wait_session session{{.attempt_limit = 3, .quorum_timeout = 1h}};
    for (const wait_end expected : {wait_end::none, wait_end::none, wait_end::contended}) {
        EXPECT_EQ(session.on_round(round_of(outcome::contended), at(1ms), 0.5).end, expected);
    }
    EXPECT_EQ(session.attempts(), 3U);
}

TEST(wait_session, attempts_used_up_without_a_quorum_end_as_such) {
    for (const outcome lost : {outcome::unavailable, outcome::too_late}) {
        wait_session session{{.attempt_limit = 1, .quorum_timeout = 1h}};
        EXPECT_EQ(session.on_round(round_of(lost), at(1ms), 0.5).end, wait_end::unavailable);
    }
}

TEST(wait_session, the_last_attempt_can_win) {
    wait_session session{{.attempt_limit = 2, .quorum_timeout = 1h}};
    EXPECT_EQ(session.on_round(round_of(outcome::split), at(1ms), 0.5).end, wait_end::none);
    EXPECT_EQ(session.on_round(round_of(outcome::held), at(2ms), 0.5).end, wait_end::held);
}

// ---- a ballot that was behind ----

TEST(wait_session, a_stale_ballot_is_raised_at_once_and_costs_no_attempt) {
    wait_session session{{.attempt_limit = 1, .quorum_timeout = 1h}};
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(session.on_round(round_of(outcome::stale), at(1ms), 0.5).start_round);
        EXPECT_EQ(session.attempts(), 0U);
    }
    EXPECT_EQ(session.on_round(round_of(outcome::stale), at(1ms), 0.5).end, wait_end::unavailable);
}

TEST(wait_session, the_fourth_stale_ballot_in_a_row_waits) {
    wait_session session{patient()};
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(session.on_round(round_of(outcome::stale), at(1ms), 0.5).start_round);
    }
    for (int i = 0; i < 5; ++i) {
        const auto step = session.on_round(round_of(outcome::stale), at(1ms), 0.5);
        EXPECT_FALSE(step.start_round);
        EXPECT_GE(step.wait_until, at(1ms + 10ms));
    }
}

TEST(wait_session, any_other_outcome_allows_stale_ballots_anew) {
    wait_session session{patient()};
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(session.on_round(round_of(outcome::stale), at(1ms), 0.5).start_round);
    }
    ASSERT_FALSE(session.on_round(round_of(outcome::contended), at(1ms), 0.5).start_round);
    EXPECT_TRUE(session.on_round(round_of(outcome::stale), at(1ms), 0.5).start_round);
}

TEST(wait_session, a_stale_ballot_at_the_deadline_begins_nothing) {
    wait_session session{{.deadline = at(5ms), .quorum_timeout = 1h}};
    ASSERT_FALSE(session.on_round(round_of(outcome::contended), at(1ms), 0.5).start_round);
    const auto step = session.on_round(round_of(outcome::stale), at(5ms), 0.5);
    EXPECT_FALSE(step.start_round);
    EXPECT_EQ(step.end, wait_end::timed_out);
}

// ---- delays ----

duration waited(wait_session& session, const acquire_round& round, instant now, double random) {
    const auto step = session.on_round(round, now, random);
    EXPECT_FALSE(step.start_round);
    EXPECT_EQ(step.end, wait_end::none);
    return step.wait_until - now;
}

TEST(wait_session, waits_double_while_somebody_holds_it_up_to_a_cap) {
    wait_session session{patient()};
    for (const duration least : {1ms, 2ms, 4ms, 8ms, 16ms, 32ms, 32ms, 32ms}) {
        wait_session other = session;
        EXPECT_EQ(waited(session, round_of(outcome::contended), at(1ms), 0.0), least);
        const duration most = waited(other, round_of(outcome::contended), at(1ms), almost_one);
        EXPECT_LT(most, 2 * least);
        EXPECT_GT(most, 2 * least - 1us);
    }
}

TEST(wait_session, does_not_sleep_past_the_moment_a_quorum_is_free) {
    wait_session session{patient()};
    const auto round = round_of(outcome::contended, epoch, 1'300us);
    EXPECT_EQ(waited(session, round, at(500us), almost_one), 800us);
}

TEST(wait_session, wakes_earlier_than_the_lease_ends_as_the_holder_may_release) {
    wait_session session{patient()};
    const auto round = round_of(outcome::contended, epoch, 10s);
    EXPECT_LT(waited(session, round, at(500us), almost_one), 2ms);
}

TEST(wait_session, does_not_spin_on_a_lease_that_should_be_over) {
    wait_session session{patient()};
    const auto round = round_of(outcome::contended, epoch, 1ms);
    for (const instant now : {at(1ms), at(5ms)}) {
        EXPECT_GE(waited(session, round, now, 0.0), 1ms);
    }
}

TEST(wait_session, after_a_split_waits_at_random_up_to_growing_round_trips) {
    wait_session session{patient()};
    for (const duration most : {2ms, 4ms, 8ms, 16ms, 32ms, 64ms, 64ms, 64ms}) {
        wait_session other = session;
        EXPECT_EQ(waited(session, round_of(outcome::split), at(1ms), 0.0), 0ns);
        const duration wait = waited(other, round_of(outcome::split), at(1ms), almost_one);
        EXPECT_LT(wait, most);
        EXPECT_GT(wait, most - 1us);
    }
}

TEST(wait_session, news_do_not_bring_rivals_together_again_after_a_split) {
    wait_session session{patient()};
    const auto round = round_of(outcome::split);
    const auto all = node_set::all(3);
    waited(session, round, at(1ms), almost_one);
    for (const node_index node : {0U, 1U, 2U}) {
        EXPECT_EQ(session.on_changed(node, &round, at(1ms), all).wait_until, never);
    }
    EXPECT_EQ(session.on_changed(0, &round, at(1ms), all, true).wait_until, at(1ms))
        << "another that would do";
}

TEST(wait_session, takes_a_round_trip_for_no_shorter_than_a_tenth_of_a_millisecond) {
    wait_session session{patient()};
    EXPECT_EQ(waited(session, round_of(outcome::split), epoch, 0.5), 100us);
}

TEST(wait_session, caps_the_split_wait_of_a_slow_network_too) {
    wait_session session{patient()};
    EXPECT_LE(waited(session, round_of(outcome::split), at(10s), almost_one), 64ms);
}

TEST(wait_session, a_split_and_a_holder_each_begin_the_others_delays_anew) {
    wait_session session{patient()};
    for (int i = 0; i < 9; ++i) {
        waited(session, round_of(outcome::contended), at(1ms), 0.5);
    }
    EXPECT_LT(waited(session, round_of(outcome::split), at(1ms), almost_one), 2ms);
    EXPECT_LT(waited(session, round_of(outcome::contended), at(1ms), almost_one), 2ms);
    for (int i = 0; i < 9; ++i) {
        waited(session, round_of(outcome::split), at(1ms), 0.5);
    }
    waited(session, round_of(outcome::contended), at(1ms), almost_one);
    EXPECT_LT(waited(session, round_of(outcome::split), at(1ms), almost_one), 2ms);
}

TEST(wait_session, without_a_quorum_waits_double_up_to_a_quarter_second) {
    wait_session session{patient()};
    for (const duration least : {10ms, 20ms, 40ms, 80ms, 125ms, 125ms}) {
        wait_session other = session;
        EXPECT_EQ(waited(session, round_of(outcome::unavailable), at(1ms), 0.0), least);
        EXPECT_LT(waited(other, round_of(outcome::unavailable), at(1ms), almost_one), 2 * least);
    }
}

TEST(wait_session, the_first_failure_after_long_contention_is_looked_into_soon) {
    wait_session session{patient()};
    for (int i = 0; i < 20; ++i) {
        waited(session, round_of(outcome::contended), at(1ms), 0.5);
    }
    EXPECT_LT(waited(session, round_of(outcome::unavailable), at(1ms), almost_one), 20ms);
}

RC_GTEST_PROP(wait_session, the_callers_delays_rule_after_any_outcome, ()) {
    const auto least = std::chrono::microseconds{*rc::gen::inRange(0, 300'000)};
    const auto span = std::chrono::microseconds{*rc::gen::inRange(1, 300'000)};
    wait_session session{{.delay_min = least, .delay_max = least + span, .quorum_timeout = 1h}};
    const auto lost = *rc::gen::container<std::vector<outcome>>(
        rc::gen::element(outcome::contended, outcome::split, outcome::unavailable));
    for (const outcome one : lost) {
        const double random = *rc::gen::inRange(0, 1'000'000) / 1e6;
        const auto step = session.on_round(round_of(one, epoch, 1ms), at(1ms), random);
        RC_ASSERT((step.end == wait_end::none && !step.start_round));
        RC_ASSERT(step.wait_until >= at(1ms) + least);
        RC_ASSERT(step.wait_until < at(1ms) + least + span);
    }
}

TEST(wait_session, the_callers_delays_are_spread_between_both_ends) {
    wait_session session{{.delay_min = 100ms, .delay_max = 300ms, .quorum_timeout = 1h}};
    EXPECT_EQ(waited(session, round_of(outcome::contended), at(1ms), 0.0), 100ms);
    EXPECT_EQ(waited(session, round_of(outcome::split), at(1ms), 0.25), 150ms);
    EXPECT_EQ(waited(session, round_of(outcome::unavailable), at(1ms), 0.5), 200ms);
}

// ---- the deadline ----

TEST(wait_session, never_sleeps_past_the_deadline) {
    wait_session session{{.deadline = at(2ms), .quorum_timeout = 1h}};
    EXPECT_EQ(session.on_round(round_of(outcome::contended), at(1'500us), 0.5).wait_until, at(2ms));
}

TEST(wait_session, begins_no_round_at_the_deadline) {
    wait_session session{{.deadline = at(9ms), .quorum_timeout = 1h}};
    ASSERT_EQ(session.on_round(round_of(outcome::contended), at(1ms), 0.5).end, wait_end::none);
    EXPECT_TRUE(session.on_timer(at(9ms) - 1ns).start_round);
    const auto step = session.on_timer(at(9ms));
    EXPECT_FALSE(step.start_round);
    EXPECT_EQ(step.end, wait_end::timed_out);
}

TEST(wait_session, a_deadline_without_a_quorum_is_no_time_out) {
    wait_session session{{.deadline = at(9ms), .quorum_timeout = 1h}};
    ASSERT_EQ(session.on_round(round_of(outcome::unavailable), at(1ms), 0.5).end, wait_end::none);
    EXPECT_EQ(session.on_timer(at(9ms)).end, wait_end::unavailable);
}

TEST(wait_session, has_no_deadline_unless_asked) {
    wait_session session{patient()};
    EXPECT_EQ(session.deadline(), never);
    EXPECT_TRUE(session.on_timer(at(1000h)).start_round);
}

TEST(wait_session, a_round_cut_off_by_the_deadline_is_judged_by_what_it_heard) {
    const wait_session session{patient()};
    EXPECT_EQ(session.on_deadline(outcome::contended), wait_end::timed_out);
    EXPECT_EQ(session.on_deadline(outcome::split), wait_end::timed_out);
    EXPECT_EQ(session.on_deadline(outcome::unavailable), wait_end::unavailable);
    EXPECT_EQ(session.on_deadline(outcome::stale), wait_end::unavailable);
}

TEST(wait_session, a_round_cut_off_before_it_heard_anything_is_judged_by_the_one_before) {
    for (const outcome cut : {outcome::unavailable, outcome::stale}) {
        wait_session contended{patient()};
        waited(contended, round_of(outcome::contended), at(1ms), 0.5);
        EXPECT_EQ(contended.on_deadline(cut), wait_end::timed_out);
        wait_session unavailable{patient()};
        waited(unavailable, round_of(outcome::unavailable), at(1ms), 0.5);
        EXPECT_EQ(unavailable.on_deadline(cut), wait_end::unavailable);
    }
}

TEST(wait_session, a_first_look_that_found_it_taken_is_remembered_and_followed_at_once) {
    for (const outcome found : {outcome::contended, outcome::split}) {
        wait_session session{{.deadline = at(9ms), .quorum_timeout = 1h}};
        EXPECT_TRUE(session.on_found_taken(found, at(1ms)).start_round);
        EXPECT_EQ(session.on_deadline(outcome::unavailable), wait_end::timed_out);
        EXPECT_EQ(session.on_found_taken(found, at(9ms)).end, wait_end::timed_out);
    }
}

// ---- patience without a quorum ----

TEST(wait_session, bears_a_missing_quorum_for_as_long_as_told) {
    wait_session session{{.quorum_timeout = 5s}};
    const auto round = [](instant when) { return round_of(outcome::unavailable, when); };
    EXPECT_EQ(session.on_round(round(at(1s)), at(2s), 0.5).end, wait_end::none);
    EXPECT_EQ(session.on_round(round(at(3s)), at(6s) - 1ns, 0.5).end, wait_end::none);
    EXPECT_EQ(session.on_round(round(at(5s)), at(6s), 0.5).end, wait_end::unavailable);
}

TEST(wait_session, regains_patience_when_a_quorum_answers) {
    for (const outcome answered : {outcome::contended, outcome::split}) {
        wait_session session{{.quorum_timeout = 5s}};
        EXPECT_EQ(session.on_round(round_of(outcome::unavailable), at(4s), 0.5).end,
                  wait_end::none);
        EXPECT_EQ(session.on_round(round_of(answered, at(4s)), at(7s), 0.5).end, wait_end::none);
        const auto failed = round_of(outcome::unavailable, at(8s));
        EXPECT_EQ(session.on_round(failed, at(12s), 0.5).end, wait_end::none);
        EXPECT_EQ(session.on_round(failed, at(13s), 0.5).end, wait_end::unavailable);
    }
}

TEST(wait_session, waits_for_ever_while_somebody_holds_it) {
    wait_session session{{.quorum_timeout = 5s}};
    for (int hour = 0; hour < 100; ++hour) {
        const instant now = at(std::chrono::hours{hour});
        EXPECT_EQ(session.on_round(round_of(outcome::contended, now), now, 0.5).end,
                  wait_end::none);
    }
}

// ---- whatever comes ----

RC_GTEST_PROP(wait_session, spins_never_oversleeps_never_and_ends_in_time, ()) {
    const instant deadline = at(std::chrono::milliseconds{*rc::gen::inRange(1, 3'000)});
    const std::size_t limit = *rc::gen::inRange<std::size_t>(0, 30);
    wait_session session{{.deadline = deadline, .attempt_limit = limit, .quorum_timeout = 700ms}};
    instant now = epoch;
    auto step = session.start();
    int at_once_in_a_row = 0;
    while (step.end == wait_end::none) {
        if (!step.start_round) {
            // A round may end after the deadline; then there is nothing to wait for.
            RC_ASSERT((step.wait_until >= std::min(now, deadline) && step.wait_until <= deadline));
            now = std::max(now, step.wait_until);
            at_once_in_a_row = 0;
            step = session.on_timer(now);
            continue;
        }
        RC_ASSERT(now < deadline);
        RC_ASSERT(++at_once_in_a_row <= 4);
        const instant started = now;
        now += std::chrono::microseconds{*rc::gen::inRange(50, 20'000)};
        const double random = *rc::gen::inRange(0, 1'000'000) / 1e6;
        const auto lost = *rc::gen::element(outcome::contended, outcome::split, outcome::stale,
                                            outcome::unavailable, outcome::too_late);
        step = session.on_round(round_of(lost, started, 3ms), now, random);
    }
    RC_ASSERT((step.end != wait_end::held && !step.start_round));
    RC_ASSERT((limit == 0 || session.attempts() <= limit));
    RC_ASSERT((step.end != wait_end::contended || session.attempts() == limit));
    RC_ASSERT((step.end != wait_end::timed_out || now >= deadline));
}

TEST(wait_session, has_a_name_for_each_end) {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(wait_end::unavailable); ++i) {
        names.insert(to_string(static_cast<wait_end>(i)));
    }
    EXPECT_EQ(names.size(), 5U);
    EXPECT_FALSE(names.contains("?"));
}

}  // namespace
}  // namespace redlock::core::wait_session_cases
