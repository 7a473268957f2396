// An acquisition from its call to its end: first in short stories, then each event at each stage.
// How long it waits is wait_session's, which has tests of its own.
#include "core/acquisition.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "core/small_scope.hpp"

namespace redlock::core::acquisition_cases {
namespace {

using namespace std::chrono_literals;
using small_scope::at;
using small_scope::epoch;
using action = acquisition::action;
using taking = acquisition::taking;

constexpr instant deadline = at(5s);

acquisition::terms patient() {
    acquisition::terms terms;
    terms.wait.deadline = deadline;
    terms.wait.quorum_timeout = 2s;
    return terms;
}

/// A round of three nodes that all said the same.
acquire_round round_of(acquire_answer said, std::uint64_t holder = 7) {
    acquire_round round{3, 10s, epoch};
    for (node_index node = 0; node < 3; ++node) {
        static_cast<void>(round.on_vote(
            node, {.answer = said, .holder_remaining = 8s, .holder = holder}, at(1ms)));
    }
    return round;
}

acquire_round split_round() {
    acquire_round round{3, 10s, epoch};
    for (node_index node = 0; node < 3; ++node) {
        static_cast<void>(round.on_vote(
            node, {.answer = acquire_answer::busy, .holder_remaining = 8s, .holder = node + 1},
            at(1ms)));
    }
    return round;
}

const acquire_round taken = round_of(acquire_answer::busy);
const acquire_round refused = round_of(acquire_answer::not_executed);

acquisition::step lose(acquisition& one, const acquire_round& round = taken) {
    return one.on_round(round, at(1ms), 0.5, {});
}

TEST(acquisition, begins_when_it_is_its_turn) {
    acquisition one{patient()};
    EXPECT_TRUE(one.joins_queue());
    EXPECT_EQ(one.on_turn(true).what, action::ask);
    EXPECT_TRUE(one.is_asking());
}

TEST(acquisition, with_an_attempt_limit_skips_the_queue) {
    acquisition::terms terms = patient();
    terms.wait.attempt_limit = 3;
    EXPECT_FALSE(acquisition{terms}.joins_queue());
}

TEST(acquisition, of_a_shared_lock_skips_the_queue) {
    acquisition::terms terms = patient();
    terms.waits = queueing::only_line;
    EXPECT_FALSE(acquisition{terms}.joins_queue());
}

TEST(acquisition, waits_until_the_nodes_have_said_who_they_are) {
    acquisition one{patient()};
    const auto step = one.on_turn(false);
    EXPECT_EQ(step.what, action::open);
    EXPECT_EQ(step.until, deadline);
    EXPECT_EQ(one.on_turn(true).what, action::ask);
}

TEST(acquisition, expects_nobody_at_first) {
    acquisition one{patient()};
    static_cast<void>(one.on_turn(true));
    EXPECT_FALSE(one.stands_in_line());
    EXPECT_FALSE(one.wants_news());
    EXPECT_TRUE(one.leaves_it_to_the_line());
}

TEST(acquisition, asks_again_at_once_where_it_found_the_lock_taken) {
    for (const acquire_round& found : {taken, split_round()}) {
        acquisition one{patient()};
        static_cast<void>(one.on_turn(true));
        EXPECT_EQ(lose(one, found).what, action::ask);
        EXPECT_TRUE(one.stands_in_line());
        EXPECT_TRUE(one.wants_news());
        EXPECT_FALSE(one.leaves_it_to_the_line());
        EXPECT_EQ(lose(one, found).what, action::wait) << "now it knows";
    }
}

acquisition::step go_elsewhere(acquisition& one, const acquire_round& round) {
    return one.on_round(round, at(1ms), 0.5, {}, acquisition::alternative::at_once);
}

TEST(acquisition, goes_elsewhere_at_once_and_still_expects_nobody) {
    for (const acquire_round& found : {taken, split_round()}) {
        acquisition one{patient()};
        static_cast<void>(one.on_turn(true));
        EXPECT_EQ(go_elsewhere(one, found).what, action::ask);
        EXPECT_EQ(go_elsewhere(one, found).what, action::ask);
        EXPECT_FALSE(one.stands_in_line());
        EXPECT_EQ(lose(one, found).what, action::ask);
        EXPECT_TRUE(one.stands_in_line());
        EXPECT_EQ(go_elsewhere(one, found).what, action::ask);
        EXPECT_EQ(lose(one, found).what, action::wait);
    }
}

TEST(acquisition, with_an_attempt_limit_goes_elsewhere_in_the_same_attempt) {
    acquisition::terms terms = patient();
    terms.wait.attempt_limit = 1;
    acquisition one{terms};
    static_cast<void>(one.on_turn(true));
    EXPECT_EQ(go_elsewhere(one, taken).what, action::ask);
    EXPECT_EQ(go_elsewhere(one, taken).what, action::ask);
    const auto last = lose(one);
    EXPECT_EQ(last.what, action::give_up);
    EXPECT_EQ(last.end, wait_end::contended);
}

TEST(acquisition, goes_elsewhere_only_where_it_found_something_taken_and_not_past_its_deadline) {
    acquisition one{patient()};
    static_cast<void>(one.on_turn(true));
    EXPECT_EQ(go_elsewhere(one, refused).what, action::wait);
    acquisition late{patient()};
    static_cast<void>(late.on_turn(true));
    const auto end = late.on_round(taken, deadline, 0.5, {}, acquisition::alternative::at_once);
    EXPECT_EQ(end.what, action::give_up);
    EXPECT_EQ(end.end, wait_end::timed_out);
}

// The rounds of a permit ask for one slot each, and the nodes tell of all.
TEST(acquisition, of_a_permit_looks_again_for_news_of_another_slot) {
    acquisition one{patient()};
    static_cast<void>(one.on_queued());
    static_cast<void>(one.on_turn(true));
    const node_set tracked = node_set::all(3);
    const auto quiet = one.on_round(taken, at(1ms), 0.5, tracked).until;
    EXPECT_EQ(one.on_changed(0, &taken, at(2ms), tracked), never) << "the asked slot, on one node";
    EXPECT_EQ(one.on_changed(0, &taken, at(3ms), tracked, true), at(3ms))
        << "another, by what the same node and earlier ones told";
    EXPECT_GT(quiet, at(1s));
}

TEST(acquisition, of_a_permit_looks_again_soon_where_another_slot_may_still_be_free) {
    acquisition one{patient()};
    static_cast<void>(one.on_queued());
    static_cast<void>(one.on_turn(true));
    const auto step =
        one.on_round(taken, at(1ms), 0.5, node_set::all(3), acquisition::alternative::later);
    EXPECT_EQ(step.what, action::wait) << "enough rounds have begun at once";
    EXPECT_LT(step.until, at(10ms));
}

TEST(acquisition, of_a_permit_may_be_queued_after_a_round) {
    acquisition one{patient()};
    static_cast<void>(one.on_turn(true));
    const auto step = one.on_queued();
    EXPECT_EQ(step.what, action::wait);
    EXPECT_EQ(step.until, deadline);
    EXPECT_FALSE(one.is_asking());
    EXPECT_EQ(one.takes_over(at(1ms)), taking::at_once);
    EXPECT_EQ(one.on_turn(true).what, action::ask);
    EXPECT_TRUE(one.stands_in_line());
}

TEST(acquisition, expects_others_from_the_start_behind_a_queue) {
    acquisition one{patient()};
    const auto step = one.on_queued();
    EXPECT_EQ(step.what, action::wait);
    EXPECT_EQ(step.until, deadline);
    EXPECT_TRUE(one.stands_in_line());
    static_cast<void>(one.on_turn(true));
    EXPECT_EQ(lose(one).what, action::wait);
}

TEST(acquisition, that_only_few_nodes_answered_says_nothing_about_others) {
    acquisition one{patient()};
    static_cast<void>(one.on_turn(true));
    EXPECT_EQ(lose(one, refused).what, action::wait);
    EXPECT_FALSE(one.stands_in_line());
}

TEST(acquisition, with_delays_or_a_limit_of_its_own_is_never_casual) {
    acquisition::terms limited = patient();
    limited.wait.attempt_limit = 2;
    acquisition::terms delayed = patient();
    delayed.wait.delay_max = 50ms;
    for (const auto& terms : {limited, delayed}) {
        acquisition one{terms};
        EXPECT_FALSE(one.leaves_it_to_the_line());
        static_cast<void>(one.on_turn(true));
        EXPECT_EQ(lose(one).what, action::wait);
        EXPECT_FALSE(one.stands_in_line()) << "it was not told to expect anybody";
    }
}

TEST(acquisition, without_fairness_stands_in_no_line) {
    acquisition::terms terms = patient();
    terms.fair = false;
    acquisition one{terms};
    EXPECT_FALSE(one.leaves_it_to_the_line());
    static_cast<void>(one.on_queued());
    EXPECT_FALSE(one.stands_in_line());
    EXPECT_TRUE(one.wants_news());
}

TEST(acquisition, looks_at_once_at_what_has_changed_but_not_beyond_its_deadline) {
    acquisition one{patient()};
    static_cast<void>(one.on_queued());
    static_cast<void>(one.on_turn(true));
    const node_set tracked = node_set::all(3);
    static_cast<void>(one.on_round(taken, at(1ms), 0.5, tracked));
    EXPECT_EQ(one.on_changed(0, &taken, at(2s), tracked), never) << "a quorum still holds it";
    EXPECT_EQ(one.on_changed(1, &taken, at(2s), tracked), at(2s));
    static_cast<void>(one.on_alarm(at(2s), acquire_outcome::pending));
    EXPECT_EQ(one.on_changed(1, &taken, at(2s), tracked), never) << "a round is under way";
    static_cast<void>(one.on_round(taken, at(2s), 0.5, tracked));
    EXPECT_EQ(one.on_changed(0, &taken, at(6s), tracked), never) << "that ends it first";
}

TEST(acquisition, the_deadline_tells_what_is_known) {
    acquisition queued{patient()};
    static_cast<void>(queued.on_queued());
    EXPECT_EQ(queued.on_alarm(deadline, acquire_outcome::pending).end, wait_end::timed_out);

    acquisition opening{patient()};
    static_cast<void>(opening.on_turn(false));
    EXPECT_EQ(opening.on_alarm(deadline, acquire_outcome::pending).end, wait_end::unavailable);

    acquisition asking{patient()};
    static_cast<void>(asking.on_turn(true));
    EXPECT_EQ(asking.on_alarm(deadline, acquire_outcome::contended).end, wait_end::timed_out);

    acquisition waiting{patient()};
    static_cast<void>(waiting.on_queued());
    static_cast<void>(waiting.on_turn(true));
    static_cast<void>(lose(waiting));
    const auto step = waiting.on_alarm(deadline, acquire_outcome::pending);
    EXPECT_EQ(step.what, action::give_up);
    EXPECT_EQ(step.end, wait_end::timed_out);
}

TEST(acquisition, takes_a_lease_of_its_process_if_it_has_no_wishes) {
    acquisition one{patient()};
    EXPECT_EQ(one.takes_over(at(1ms)), taking::at_once);
    acquisition::terms wishes = patient();
    wishes.needs_own_lease = true;
    EXPECT_EQ(acquisition{wishes}.takes_over(at(1ms)), taking::not_at_all);
}

TEST(acquisition, of_a_permit_leaves_leases_to_those_behind_it_for_a_while) {
    acquisition::terms terms = patient();
    terms.leaves_leases = 50ms;
    acquisition one{terms};
    static_cast<void>(one.on_queued());
    EXPECT_EQ(one.takes_over(at(1ms)), taking::at_once) << "it asks nobody";
    static_cast<void>(one.on_turn(true));
    EXPECT_EQ(one.takes_over(at(1s)), taking::not_now);
    static_cast<void>(one.on_round(taken, at(1s), 0.5, node_set::all(3)));
    EXPECT_EQ(one.takes_over(at(1s + 49ms)), taking::if_nobody_else);
    EXPECT_EQ(one.takes_over(at(1s + 50ms)), taking::at_once);
    static_cast<void>(one.on_alarm(at(2s), acquire_outcome::pending));
    static_cast<void>(one.on_round(taken, at(2s), 0.5, node_set::all(3)));
    EXPECT_EQ(one.takes_over(at(2s)), taking::at_once) << "it asks since its first round";
}

TEST(acquisition, of_a_permit_leaves_no_leases_when_its_deadline_is_near) {
    acquisition::terms terms = patient();
    terms.leaves_leases = 24h;
    acquisition one{terms};
    static_cast<void>(one.on_queued());
    static_cast<void>(one.on_turn(true));
    static_cast<void>(one.on_round(taken, at(1s), 0.5, node_set::all(3)));
    EXPECT_EQ(one.takes_over(at(3s) - 1ms), taking::if_nobody_else);
    EXPECT_EQ(one.takes_over(at(3s)), taking::at_once) << "half of the time until five";
}

TEST(acquisition, of_a_permit_leaves_leases_anew_once_it_stood_behind_others) {
    acquisition::terms terms = patient();
    terms.leaves_leases = 50ms;
    acquisition one{terms};
    static_cast<void>(one.on_turn(true));
    static_cast<void>(
        one.on_round(taken, at(1ms), 0.5, node_set::all(3), acquisition::alternative::at_once));
    static_cast<void>(one.on_queued());
    static_cast<void>(one.on_turn(true));
    static_cast<void>(one.on_round(taken, at(1s), 0.5, node_set::all(3)));
    EXPECT_EQ(one.takes_over(at(1s)), taking::if_nobody_else);
}

TEST(acquisition, has_its_place_in_line_taken_away_by_the_nodes_that_granted_only) {
    acquisition asked{patient()};
    static_cast<void>(asked.on_turn(true));
    EXPECT_TRUE(asked.complete(true));
    acquisition given{patient()};
    static_cast<void>(given.on_queued());
    EXPECT_FALSE(given.complete(true)) << "a lease of its process";
    acquisition failed{patient()};
    static_cast<void>(failed.on_turn(true));
    EXPECT_FALSE(failed.complete(false));
}

// ---- each event at each stage ----

struct at_stage {
    const char* name;
    std::function<void(acquisition&)> come;
    bool begins;        // on its turn
    taking takes_over;  // a lease of its process
    bool cancels;
    bool heeds_news;
};

const std::array<at_stage, 7> stages{{
    {"queued", [](acquisition& one) { static_cast<void>(one.on_queued()); }, true, taking::at_once,
     true, false},
    {"opening", [](acquisition& one) { static_cast<void>(one.on_turn(false)); }, true,
     taking::not_at_all, true, false},
    {"asking", [](acquisition& one) { static_cast<void>(one.on_turn(true)); }, false,
     taking::not_at_all, true, false},
    {"waiting",
     [](acquisition& one) {
         static_cast<void>(one.on_queued());
         static_cast<void>(one.on_turn(true));
         static_cast<void>(lose(one));
     },
     false, taking::at_once, true, true},
    {"finding_holder",
     [](acquisition& one) {
         static_cast<void>(one.on_turn(true));
         one.find_holder();
     },
     false, taking::not_at_all, true, false},
    {"cancelled", [](acquisition& one) { static_cast<void>(one.cancel()); }, false,
     taking::not_at_all, false, false},
    {"done", [](acquisition& one) { one.complete(false); }, false, taking::not_at_all, false,
     false},
}};

TEST(acquisition, heeds_each_event_at_the_right_stages) {
    for (const at_stage& each : stages) {
        SCOPED_TRACE(each.name);
        const auto there = [&] {
            acquisition one{patient()};
            each.come(one);
            return one;
        };
        EXPECT_EQ(there().on_turn(true).what == action::ask, each.begins);
        EXPECT_EQ(there().takes_over(at(1ms)), each.takes_over);
        EXPECT_EQ(there().cancel(), each.cancels);
        EXPECT_EQ(there().is_over(), std::string{each.name} == "done");
        EXPECT_EQ(there().on_changed(0, &taken, at(1ms), {}) != never, each.heeds_news);
    }
}

}  // namespace
}  // namespace redlock::core::acquisition_cases
