// Prolonging a lock: first in short stories, then in every world of 1 to 5 nodes against an oracle
// that recounts everything after each event. What matters most: a success means that the hold was
// never interrupted, and nothing here ever makes a valid lock end sooner.
#include "core/extend_round.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "core/small_scope.hpp"

namespace redlock::core::extend_round_cases {
namespace {

using namespace std::chrono_literals;
using small_scope::at;
using small_scope::epoch;
using small_scope::most_nodes;
using small_scope::nodes;
using small_scope::row;

constexpr std::chrono::milliseconds lease{10'000};
/// The lock was won 4 s before the extend round begins, at the epoch.
constexpr instant old_validity = at(5'898ms);
constexpr instant new_validity = at(9'898ms);

/// + extended   t taken   m missing   ! not executed   ? no answer
/// T time leaps to the end of the old validity; B to one nanosecond before it
struct story {
    const char* name;
    std::size_t nodes;
    const char* happenings;
    extend_outcome outcome;
};

void PrintTo(const story& told, std::ostream* out) {  // NOLINT(readability-identifier-naming)
    *out << told.nodes << " nodes: " << told.happenings;
}

extend_answer answer_of(char letter) {
    switch (letter) {
        case '+':
            return extend_answer::extended;
        case 'r':
            return extend_answer::replanted;
        case 't':
            return extend_answer::taken;
        case 'm':
            return extend_answer::missing;
        case '!':
            return extend_answer::not_executed;
        default:
            return extend_answer::unknown;
    }
}

class extend_story : public testing::TestWithParam<story> {};

TEST_P(extend_story, ends_as_told) {
    extend_round round{GetParam().nodes, lease, epoch, old_validity};
    instant now = at(1ms);
    node_index next = 0;
    int finished = 0;
    for (const char letter : std::string{GetParam().happenings}) {
        if (letter == 'T' || letter == 'B') {
            now = letter == 'T' ? old_validity : old_validity - 1ns;
        } else {
            finished += round.on_vote(next++, answer_of(letter), now) ? 1 : 0;
        }
    }
    const extend_outcome expected = GetParam().outcome;
    EXPECT_EQ(to_string(round.outcome()), to_string(expected));
    EXPECT_EQ(finished, expected == extend_outcome::pending ? 0 : 1);
    EXPECT_EQ(round.valid_until(),
              expected == extend_outcome::extended ? new_validity : old_validity);
}

using enum extend_outcome;

const story stories[] = {
    {"nothing_heard_yet", 3, "", pending},
    {"one_node_extends", 1, "+", extended},
    {"one_node_has_lost_the_key", 1, "m", gone},
    {"one_node_is_silent", 1, "?", indeterminate},
    {"one_node_refuses", 1, "!", unavailable},
    {"majority_extends", 3, "++", extended},
    {"half_is_not_a_majority", 4, "++", pending},
    {"half_is_not_a_majority_to_the_end", 4, "++m!", indeterminate},
    {"a_minority_may_have_lost_it", 3, "m++", extended},
    {"a_minority_may_be_dead", 5, "??+++", extended},
    {"majority_has_lost_it", 3, "mm", gone},
    {"majority_is_taken", 3, "+tt", gone},
    {"lost_here_and_taken_there", 5, "mtm", gone},
    {"half_of_four_without_us_is_the_end", 4, "mt", gone},
    {"not_extended_but_maybe_not_gone", 3, "?m", pending},
    {"the_last_node_tells_that_it_is_gone", 3, "?mm", gone},
    {"the_last_node_tells_that_it_is_there", 3, "?m+", indeterminate},
    {"two_dead_nodes_and_the_third_cannot_tell", 3, "??", indeterminate},
    {"two_refusing_nodes_and_the_third_cannot_tell", 3, "!!", unavailable},
    {"one_extended_and_two_refused", 3, "+!!", indeterminate},
    {"exactly_at_the_end_of_the_old_validity", 3, "+T+", expired},
    {"one_nanosecond_before_it", 3, "+B+", extended},
    {"a_refusal_after_the_end_is_expiry_too", 3, "Tm", expired},
};

INSTANTIATE_TEST_SUITE_P(all, extend_story, testing::ValuesIn(stories),
                         [](const auto& instance) { return std::string{instance.param.name}; });

TEST(extend_round, begun_at_the_end_of_validity_is_expired_from_the_start) {
    extend_round round{1, lease, epoch, epoch};
    EXPECT_EQ(round.outcome(), expired);
    EXPECT_FALSE(round.on_vote(0, extend_answer::extended, epoch));
    EXPECT_EQ(round.outcome(), expired);
    EXPECT_EQ((extend_round{1, lease, epoch, at(1ns)}.outcome()), pending);
}

TEST(extend_round, new_validity_counts_from_the_start_of_the_round) {
    extend_round round{1, lease, at(2s), old_validity};
    round.on_vote(0, extend_answer::extended, at(5s));
    EXPECT_EQ(round.valid_until(), at(2s + 9'898ms));
}

TEST(extend_round, new_validity_leaves_out_steps_of_the_nodes_clocks) {
    extend_round round{1, lease, at(2s), old_validity, 1s};
    round.on_vote(0, extend_answer::extended, at(5s));
    EXPECT_EQ(round.valid_until(), at(2s + 8'898ms));
    EXPECT_EQ(round.backing().valid_until(), at(2s + 8'898ms));
}

TEST(extend_round, won_after_an_end_that_came_nearer_is_expired) {
    extend_round round{1, lease, epoch, old_validity};
    round.on_shortened(at(1s));
    round.on_shortened(at(3s));
    EXPECT_EQ(round.valid_until(), at(1s));
    EXPECT_TRUE(round.on_vote(0, extend_answer::extended, at(1s)));
    EXPECT_EQ(round.outcome(), expired);
}

TEST(extend_round, is_not_shortened_once_it_is_won) {
    extend_round round{1, lease, epoch, old_validity};
    round.on_vote(0, extend_answer::extended, at(1s));
    round.on_shortened(at(2s));
    EXPECT_EQ(round.valid_until(), std::max(old_validity, at(9'898ms)));
}

TEST(extend_round, rests_on_those_that_extended_with_weight) {
    extend_round round{3, lease, epoch, old_validity, 1s};
    round.on_vote(0, extend_answer::extended, at(1ms), true, 5s);
    round.on_vote(1, extend_answer::extended, at(1ms), false);
    round.on_vote(2, extend_answer::extended, at(1ms));
    ASSERT_EQ(round.outcome(), extended);
    constexpr std::int64_t time_us = 1'700'000'000'000'000;
    std::vector<node_clock> clocks(3);
    for (node_clock& each : clocks) {
        each.on_answer(time_us, epoch, epoch);
    }
    clocks[0].on_answer(time_us + 5'000'000, epoch, epoch);
    const instant reckoned = round.backing().valid_until();
    EXPECT_EQ(round.backing().valid_until(clocks), reckoned);  // set before it extended
    clocks[2].on_answer(time_us + 3'000'000, epoch, epoch);
    EXPECT_LE(round.backing().valid_until(clocks), reckoned - 2s);  // node 1 does not help
}

TEST(extend_round, a_shorter_lease_does_not_shorten_the_lock) {
    extend_round round{1, 1s, epoch, old_validity};
    EXPECT_TRUE(round.on_vote(0, extend_answer::extended, at(1ms)));
    EXPECT_EQ(round.outcome(), extended);
    EXPECT_EQ(round.valid_until(), old_validity);
}

TEST(extend_round, counts_each_node_once) {
    extend_round round{3, lease, epoch, old_validity};
    round.on_vote(0, extend_answer::extended, at(1ms));
    round.on_vote(0, extend_answer::extended, at(2ms));
    EXPECT_EQ(round.outcome(), pending);
    round.on_vote(1, extend_answer::missing, at(3ms));
    round.on_vote(1, extend_answer::missing, at(3ms));
    EXPECT_EQ(round.outcome(), pending);
    EXPECT_EQ(round.holding(), nodes({0}));
}

TEST(extend_round, counts_no_node_without_weight_and_takes_it_for_no_loss_either) {
    extend_round round{3, lease, epoch, old_validity};
    EXPECT_FALSE(round.on_vote(0, extend_answer::extended, at(1ms)));
    EXPECT_FALSE(round.on_vote(1, extend_answer::extended, at(1ms), false));
    EXPECT_EQ(round.holding(), node_set::only(0));
    EXPECT_TRUE(round.on_vote(2, extend_answer::missing, at(1ms)));
    EXPECT_EQ(round.outcome(), indeterminate);
    EXPECT_EQ(round.valid_until(), old_validity);
}

TEST(extend_round, of_nodes_without_weight_alone_is_indeterminate) {
    extend_round round{1, lease, epoch, old_validity};
    EXPECT_TRUE(round.on_vote(0, extend_answer::extended, at(1ms), false));
    EXPECT_EQ(round.outcome(), indeterminate);
}

TEST(extend_round, takes_note_of_where_it_may_yet_be_planted) {
    extend_round round{3, lease, epoch, old_validity};
    round.on_vote(0, extend_answer::extended, at(1ms));
    round.on_vote(1, extend_answer::extended, at(1ms));
    ASSERT_EQ(round.outcome(), extended);
    EXPECT_EQ(round.doubtful(), node_set::only(2));
    round.on_vote(2, extend_answer::unknown, at(2ms));
    EXPECT_EQ(round.doubtful(), node_set::only(2));
    EXPECT_TRUE(round.pending().empty());
    EXPECT_FALSE(round.on_vote(2, extend_answer::replanted, at(3ms)));
    EXPECT_EQ(round.replanted(), node_set::only(2));
    EXPECT_TRUE(round.doubtful().empty());
}

TEST(extend_round, has_a_name_for_each_outcome) {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(indeterminate); ++i) {
        names.insert(to_string(static_cast<extend_outcome>(i)));
    }
    EXPECT_EQ(names.size(), 6U);
    EXPECT_FALSE(names.contains("?"));
}

// ---- every world of 1 to 5 nodes ----

constexpr const char* letters = "+rtm!?";
constexpr std::size_t words = 6;
constexpr std::size_t nowhere = most_nodes + 1;

/// A world: who answers what in which order, from which position on the old validity is over.
struct world {
    std::size_t nodes = 0;
    row order{};
    row said{};
    std::size_t expires_at = nowhere;
};

std::string transcript(const world& in) {
    std::string text = std::to_string(in.nodes) + " nodes:";
    for (std::size_t i = 0; i <= in.nodes; ++i) {
        text += i == in.expires_at ? " (over)" : "";
        text += i < in.nodes ? ' ' + std::to_string(in.order[i]) + letters[in.said[i]] : "";
    }
    return text;
}

/// What the rules say after the first `heard` votes of a world that was undecided before the last.
extend_outcome by_the_rules(const world& in, std::size_t heard, bool over) {
    const auto count = [&](const std::string& which) {
        return static_cast<std::size_t>(std::count_if(
            in.said.begin(), in.said.begin() + static_cast<std::ptrdiff_t>(heard),
            [&](std::size_t said) { return which.find(letters[said]) != std::string::npos; }));
    };
    const std::size_t missing_votes = in.nodes - heard;
    const auto majority = [&](std::size_t of) { return 2 * of > in.nodes; };
    if (over) {
        return expired;
    }
    if (majority(count("+"))) {
        return extended;
    }
    if (!majority(in.nodes - count("rtm"))) {
        return gone;
    }
    const bool may_be_extended = majority(count("+") + missing_votes);
    const bool may_be_gone = !majority(in.nodes - count("rtm") - missing_votes);
    if (may_be_extended || may_be_gone) {
        return pending;
    }
    return count("+r?") == 0 ? unavailable : indeterminate;
}

bool plays_by_the_book(const world& in) {
    extend_round round{in.nodes, lease, epoch, old_validity};
    extend_outcome expected = pending;
    node_set holding;
    for (std::size_t i = 0; i <= in.nodes; ++i) {
        const extend_outcome before = expected;
        bool finished = false;
        if (i < in.nodes) {
            const bool over = i >= in.expires_at;
            if (expected == pending) {
                expected = by_the_rules(in, i + 1, over);
            }
            // Also what comes after the decision.
            if (letters[in.said[i]] == '+' || letters[in.said[i]] == 'r') {
                holding.insert(in.order[i]);
            }
            finished |= round.on_vote(in.order[i], answer_of(letters[in.said[i]]),
                                      over ? old_validity : old_validity - 1ns);
        }
        const instant valid = expected == extended ? new_validity : old_validity;
        if (round.outcome() != expected || round.valid_until() != valid ||
            round.holding() != holding || finished != (before != expected)) {
            ADD_FAILURE() << transcript(in) << "\nafter position " << i << " is "
                          << to_string(round.outcome()) << ", ought to be " << to_string(expected)
                          << (round.valid_until() == valid ? "" : "; wrong validity")
                          << (round.holding() == holding ? "" : "; wrong holders");
            return false;
        }
    }
    return true;
}

class every_extend_of : public testing::TestWithParam<std::size_t> {};

TEST_P(every_extend_of, answers_in_every_order) {
    small_scope::for_each_order(GetParam(), [](const row& order) {
        return small_scope::for_each_row(GetParam(), words, [&](const row& said) {
            return plays_by_the_book({GetParam(), order, said});
        });
    });
}

TEST_P(every_extend_of, answers_with_the_end_of_validity_anywhere) {
    const row in_turn{0, 1, 2, 3, 4};
    small_scope::for_each_row(GetParam(), words, [&](const row& said) {
        for (std::size_t end = 0; end <= GetParam(); ++end) {
            if (!plays_by_the_book({GetParam(), in_turn, said, end})) {
                return false;
            }
        }
        return true;
    });
}

INSTANTIATE_TEST_SUITE_P(nodes, every_extend_of, testing::Values(1U, 2U, 3U, 4U, 5U),
                         testing::PrintToStringParamName());

RC_GTEST_PROP(extend_round, never_shortens_and_never_succeeds_after_the_old_validity, ()) {
    const auto count = *rc::gen::inRange<std::size_t>(1, 12);
    const auto any_time = rc::gen::inRange<duration::rep>(0, 20'000'000'000);
    const instant started = at(duration{*any_time});
    const instant old = at(duration{*any_time});
    const std::chrono::milliseconds wanted{*rc::gen::inRange(1, 20'000)};
    const auto answers =
        *rc::gen::container<std::vector<std::size_t>>(count, rc::gen::inRange<std::size_t>(0, 5));
    const auto gaps = *rc::gen::container<std::vector<duration::rep>>(
        count, rc::gen::inRange<duration::rep>(0, 4'000'000'000));
    extend_round round{count, wanted, started, old};
    instant now = started;
    for (node_index node = 0; node < count; ++node) {
        now += duration{gaps[node]};
        const bool finished = round.on_vote(node, answer_of(letters[answers[node]]), now);
        RC_ASSERT(round.valid_until() >= old);
        RC_ASSERT((!finished || round.outcome() != extended || now < old));
        const instant most = started + duration{wanted} - duration{wanted} / 100 - 2ms;
        RC_ASSERT(round.valid_until() <= std::max(old, most));
    }
    RC_ASSERT(round.outcome() != pending);
}

}  // namespace
}  // namespace redlock::core::extend_round_cases
