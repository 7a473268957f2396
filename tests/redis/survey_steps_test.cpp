// A survey of a cluster, with each of its stages failing in turn. No I/O.
#include "redis/cluster/survey_steps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace redlock::redis::survey_steps_cases {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using action = survey_action::kind;
using event = survey_event::kind;
using stage = survey_stage;

const server_address a{"a", 1};
const server_address b{"b", 2};
const server_address c{"c", 3};
constexpr survey_steps::time_point start{1h};
constexpr std::string_view one_master =
    "*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$1\r\na\r\n:1\r\n$2\r\nia\r\n";
constexpr std::string_view two_masters =
    "*2\r\n*3\r\n:0\r\n:99\r\n*3\r\n$1\r\na\r\n:1\r\n$2\r\nia\r\n"
    "*3\r\n:100\r\n:16383\r\n*3\r\n$1\r\nb\r\n:2\r\n$2\r\nib\r\n";

std::string info(const std::string& run_id, const std::string& more = {}) {
    const std::string text = "run_id:" + run_id + "\r\nmaster_replid:r\r\n" + more;
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

struct survey_test : testing::Test {
    survey_action begin(const std::vector<server_address>& lively = {},
                        const std::vector<server_address>& named = {a, b, c},
                        std::uint64_t random = 0) {
        steps.announce();
        return steps.begin(lively, named, now, random);
    }
    survey_action answer(const server_address& who, stage about, std::string_view bytes) {
        resp_reader reader;
        reader.feed(bytes);
        EXPECT_EQ(reader.next(), resp_reader::status::reply) << bytes;
        return steps.resume({.what = event::answered,
                             .about = about,
                             .survey = steps.number(),
                             .who = who,
                             .reply = reader.current()});
    }
    survey_action slots(const server_address& who, std::string_view bytes) {
        return answer(who, stage::slots, bytes);
    }
    survey_action identity(const server_address& who, std::string_view bytes) {
        return answer(who, stage::identities, bytes);
    }
    survey_action trouble(event what, stage about, std::string message = "trouble") {
        return steps.resume({.what = what,
                             .about = about,
                             .survey = steps.number(),
                             .cause = node_errc::no_answer,
                             .message = std::move(message)});
    }
    survey_action words(std::string said) {
        return trouble(event::words, stage::greeting, std::move(said));
    }
    survey_action head_start_over() { return steps.resume({.what = event::head_start_over}); }
    survey_action lost(const server_address& who) {
        return steps.resume({.what = event::lost,
                             .who = who,
                             .cause = node_errc::connection_lost,
                             .message = "lost"});
    }
    survey_action disturb() {
        return steps.resume(
            {.what = event::disturbed, .cause = node_errc::slot_unserved, .message = "moved"});
    }
    /// Who is asked, until nobody is left, when nobody can be.
    std::vector<server_address> all_asked(survey_action next) {
        std::vector<server_address> asked;
        for (; next.what == action::ask_slots; next = trouble(event::not_asked, stage::slots)) {
            asked.push_back(next.whom);
        }
        EXPECT_EQ(next.what, action::fail);
        return asked;
    }
    void go_to_greeting() {
        EXPECT_EQ(begin().what, action::ask_slots);
        EXPECT_EQ(slots(a, one_master).what, action::ask_identities);
        EXPECT_EQ(identity(a, info("one")).what, action::greet);
    }

    survey_steps::time_point now = start;
    survey_steps steps{true, {.min = 100ms, .max = 1s}, "hunter2"};
};

struct ungreeted : survey_test {
    ungreeted() { steps = {false, {.min = 100ms, .max = 1s}, ""}; }
};

TEST_F(survey_test, goes_all_the_way) {
    const survey_action first = begin();
    EXPECT_EQ(first.what, action::ask_slots);
    EXPECT_EQ(first.whom, a);
    EXPECT_EQ(slots(a, two_masters).what, action::ask_identities);
    EXPECT_EQ(steps.map().masters().size(), 2U);
    EXPECT_EQ(identity(b, info("two")).what, action::none) << "one is missing";
    EXPECT_FALSE(steps.knows(a));
    EXPECT_TRUE(steps.knows(b));
    EXPECT_EQ(identity(a, info("one")).what, action::greet);
    EXPECT_FALSE(steps.identity().incarnation().empty());
    EXPECT_EQ(steps.identity().remembers_for(), 0s) << "no uptime is trusted";
    const survey_action say = words("HELLO");
    EXPECT_EQ(say.what, action::say);
    EXPECT_EQ(say.message, "HELLO");
    EXPECT_EQ(answer(a, stage::greeting, "+OK\r\n").what, action::take_answer);
    EXPECT_EQ(words("MORE").what, action::say);
    EXPECT_EQ(answer(a, stage::greeting, "+OK\r\n").what, action::take_answer);
    EXPECT_TRUE(steps.under_way());
    EXPECT_EQ(words("").what, action::finish);
    EXPECT_FALSE(steps.under_way());
}

TEST_F(ungreeted, is_over_with_the_slots) {
    EXPECT_EQ(begin().what, action::ask_slots);
    EXPECT_EQ(slots(a, one_master).what, action::finish);
    EXPECT_FALSE(steps.under_way());
    EXPECT_FALSE(steps.map().empty());
    EXPECT_EQ(steps.identity().role, "master");
}

TEST_F(survey_test, asks_the_lively_first_then_the_known_then_the_named_and_each_once) {
    EXPECT_THAT(all_asked(begin({}, {a, b, a})), ElementsAre(a, b));
    EXPECT_EQ(begin({}, {c}).whom, c);
    EXPECT_EQ(slots(c, two_masters).what, action::ask_identities);
    steps.abandon();
    EXPECT_THAT(all_asked(begin({b}, {c, a})), ElementsAre(b, a, c));
    EXPECT_THAT(all_asked(begin({}, {c})), ElementsAre(a, b, c));
}

TEST_F(survey_test, gives_each_but_the_last_a_head_start) {
    const survey_action first = begin({}, {a, b});
    EXPECT_EQ(first.head_start, survey_steps::head_start);
    const survey_action second = head_start_over();
    EXPECT_EQ(second.whom, b);
    EXPECT_EQ(second.head_start, 0ns);
    EXPECT_EQ(head_start_over().what, action::none) << "nobody is left, but both may answer";
    EXPECT_EQ(slots(a, one_master).what, action::ask_identities) << "the first one after all";
    EXPECT_EQ(slots(b, one_master).what, action::none) << "too late";
    EXPECT_EQ(head_start_over().what, action::none);
}

TEST_F(survey_test, fails_only_when_all_who_were_asked_are_no_help) {
    EXPECT_EQ(begin({}, {a, b}).whom, a);
    EXPECT_EQ(head_start_over().whom, b);
    EXPECT_EQ(trouble(event::silent, stage::slots, "a: hangs").what, action::none);
    const survey_action last = slots(b, "-NOPERM is it hunter2?\r\n");
    EXPECT_EQ(last.what, action::fail);
    EXPECT_EQ(last.cause, node_errc::permission_denied);
    EXPECT_THAT(last.message, HasSubstr("b:2: NOPERM"));
    EXPECT_THAT(last.message, Not(HasSubstr("hunter2")));
    EXPECT_FALSE(steps.under_way());
}

TEST_F(survey_test, asks_the_next_at_once_whatever_is_wrong_with_one) {
    EXPECT_EQ(begin().whom, a);
    EXPECT_EQ(slots(a, "*0\r\n").whom, b);
    EXPECT_EQ(trouble(event::silent, stage::slots).whom, c);
    const survey_action last = trouble(event::not_asked, stage::slots, "c: refused");
    EXPECT_EQ(last.what, action::fail);
    EXPECT_EQ(last.cause, node_errc::no_answer);
    EXPECT_EQ(last.message, "c: refused");
}

TEST_F(survey_test, has_a_cause_even_if_nobody_is_there_to_be_asked) {
    const survey_action none = begin({}, {});
    EXPECT_EQ(none.what, action::fail);
    EXPECT_EQ(none.cause, node_errc::not_connected);
}

TEST_F(survey_test, fails_with_one_master_or_with_the_greeting) {
    for (const event what : {event::silent, event::not_asked}) {
        EXPECT_EQ(begin().what, action::ask_slots);
        EXPECT_EQ(slots(a, two_masters).what, action::ask_identities);
        EXPECT_EQ(trouble(event::silent, stage::slots).what, action::none) << "asked before";
        survey_action failed = trouble(what, stage::identities);
        EXPECT_EQ(failed.what, action::fail);
        EXPECT_EQ(failed.cause, node_errc::no_answer);
        EXPECT_EQ(failed.message, "trouble");
        go_to_greeting();
        failed = trouble(what, stage::greeting);
        EXPECT_EQ(failed.what, action::fail);
        EXPECT_FALSE(steps.under_way());
    }
}

TEST_F(survey_test, takes_no_replica_for_a_master) {
    EXPECT_EQ(begin().what, action::ask_slots);
    EXPECT_EQ(slots(a, one_master).what, action::ask_identities);
    const survey_action failed = identity(a, info("one", "role:slave\r\n"));
    EXPECT_EQ(failed.what, action::fail);
    EXPECT_EQ(failed.cause, node_errc::slot_unserved);
    EXPECT_THAT(failed.message, HasSubstr("a:1 is no master any more"));
}

TEST_F(survey_test, goes_on_without_an_identity_where_info_is_forbidden) {
    EXPECT_EQ(begin().what, action::ask_slots);
    EXPECT_EQ(slots(a, one_master).what, action::ask_identities);
    EXPECT_EQ(identity(a, "-NOPERM no\r\n").what, action::greet);
    EXPECT_EQ(steps.identity().refused, node_errc::permission_denied);
    EXPECT_THAT(steps.identity().refused_advice, HasSubstr("+info"));
    EXPECT_EQ(steps.identity().incarnation(), "");
}

TEST_F(survey_test, has_the_same_identity_as_long_as_nothing_changes) {
    go_to_greeting();
    const server_identity before = steps.identity();
    steps.abandon();
    go_to_greeting();
    EXPECT_EQ(steps.identity(), before);
    for (const std::string& other : {info("another"), info("one", "role:master\r\n")}) {
        steps.abandon();
        EXPECT_EQ(begin().what, action::ask_slots);
        EXPECT_EQ(slots(a, one_master).what, action::ask_identities);
        EXPECT_EQ(identity(a, other).what, action::greet);
        EXPECT_EQ(steps.identity().incarnation() == before.incarnation(), other != info("another"));
    }
    steps.abandon();
    EXPECT_EQ(begin().what, action::ask_slots);
    EXPECT_EQ(slots(a, two_masters).what, action::ask_identities);
    EXPECT_EQ(identity(a, info("one")).what, action::none);
    EXPECT_EQ(identity(b, info("one")).what, action::greet);
    EXPECT_NE(steps.identity().incarnation(), before.incarnation()) << "slots have moved";
}

TEST_F(survey_test, is_over_when_a_master_that_was_heard_is_lost) {
    EXPECT_EQ(begin().what, action::ask_slots);
    EXPECT_EQ(slots(a, two_masters).what, action::ask_identities);
    EXPECT_EQ(identity(a, info("one")).what, action::none);
    EXPECT_EQ(lost(b).what, action::none) << "its question fails by itself";
    const survey_action failed = lost(a);
    EXPECT_EQ(failed.what, action::fail);
    EXPECT_EQ(failed.cause, node_errc::connection_lost);
    EXPECT_EQ(failed.message, "lost");
    EXPECT_EQ(lost(a).what, action::none) << "it is over";
}

TEST_F(survey_test, is_over_when_something_changes_meanwhile) {
    EXPECT_EQ(disturb().what, action::none) << "none is under way";
    steps.announce();
    EXPECT_EQ(disturb().what, action::fail);
    go_to_greeting();
    EXPECT_EQ(disturb().what, action::fail);
    EXPECT_EQ(words("HELLO").what, action::none);
}

TEST_F(ungreeted, goes_on_when_something_changes_meanwhile) {
    EXPECT_EQ(begin().what, action::ask_slots);
    EXPECT_EQ(disturb().what, action::none);
    EXPECT_EQ(slots(a, one_master).what, action::finish);
}

TEST_F(survey_test, leaves_answers_to_another_survey_aside) {
    EXPECT_EQ(begin().what, action::ask_slots);
    const std::uint64_t before = steps.number();
    steps.abandon();
    EXPECT_EQ(slots(a, one_master).what, action::none) << "none is under way";
    EXPECT_EQ(begin().what, action::ask_slots);
    EXPECT_NE(steps.number(), before);
    for (const event what : {event::answered, event::silent, event::not_asked, event::words}) {
        EXPECT_EQ(steps.resume({.what = what, .about = stage::slots, .survey = before}).what,
                  action::none);
    }
    EXPECT_TRUE(steps.map().empty());
}

TEST_F(survey_test, learns_of_single_slots_in_between) {
    go_to_greeting();
    EXPECT_FALSE(steps.map().has(b));
    steps.assign(7, b);
    EXPECT_EQ(*steps.map().serving(7), b);
}

TEST_F(survey_test, gets_rarer_up_to_the_cap_and_starts_anew_after_a_rest) {
    for (const auto least : {50ms, 100ms, 200ms, 400ms, 500ms, 500ms}) {
        EXPECT_EQ(begin().what, action::ask_slots);
        EXPECT_EQ(steps.next_at() - now, least);
        steps.abandon();
    }
    now += 4s;
    EXPECT_EQ(begin().what, action::ask_slots);
    EXPECT_EQ(steps.next_at() - now, 500ms) << "that was no rest";
    steps.abandon();
    now += 4s + 1ns;
    EXPECT_EQ(begin().what, action::ask_slots);
    EXPECT_EQ(steps.next_at() - now, 50ms);
}

RC_GTEST_PROP(survey_steps_property, spreads_surveys_between_half_and_all, (std::uint64_t random)) {
    survey_steps steps{true, {.min = 100ms, .max = 10s}, ""};
    std::chrono::nanoseconds ceiling = 100ms;
    for (int i = 0; i < 20; ++i) {
        steps.announce();
        RC_ASSERT(steps.begin({}, {a}, start, random).what == action::ask_slots);
        const auto delay = steps.next_at() - start;
        RC_ASSERT(delay <= ceiling);
        RC_ASSERT(delay >= ceiling / 2);
        ceiling = std::min<std::chrono::nanoseconds>(ceiling * 2, 10s);
        steps.abandon();
    }
}

}  // namespace
}  // namespace redlock::redis::survey_steps_cases
