// Giving a lock back: "released" must mean that a majority still had it, "gone" that none did, and
// neither may be claimed on less. Stories first, then every world of 1 to 5 nodes against an oracle
// that tries out every way in which the nodes not heard of may have gone.
#include "core/release_round.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/small_scope.hpp"

namespace redlock::core::release_round_cases {
namespace {

using small_scope::nodes;
using small_scope::row;

/// - removed   0 absent   ! not executed   ? no answer   . not asked
struct story {
    const char* name;
    const char* happenings;
    release_outcome outcome;
};

void PrintTo(const story& told, std::ostream* out) {  // NOLINT(readability-identifier-naming)
    *out << told.happenings;
}

release_answer answer_of(char letter) {
    switch (letter) {
        case '-':
            return release_answer::removed;
        case '0':
            return release_answer::absent;
        case '!':
            return release_answer::not_executed;
        default:
            return release_answer::unknown;
    }
}

/// A blank is a node that is asked and has not answered yet.
class release_story : public testing::TestWithParam<story> {};

TEST_P(release_story, ends_as_told) {
    const std::string told{GetParam().happenings};
    node_set asked = node_set::all(told.size());
    for (node_index node = 0; node < told.size(); ++node) {
        if (told[node] == '.') {
            asked.erase(node);
        }
    }
    release_round round{told.size(), {.granted = asked}};
    for (node_index node = 0; node < told.size(); ++node) {
        if (told[node] != '.' && told[node] != ' ') {
            round.on_vote(node, answer_of(told[node]));
        }
    }
    EXPECT_EQ(to_string(round.outcome()), to_string(GetParam().outcome));
}

using enum release_outcome;

const story stories[] = {
    {"nothing_heard_yet", "   ", pending},
    {"the_only_node_had_it", "-", released},
    {"the_only_node_did_not", "0", gone},
    {"the_only_node_is_silent", "?", indeterminate},
    {"the_only_node_refuses", "!", unavailable},
    {"a_majority_had_it", "-- ", released},
    {"a_majority_did_not", "00 ", gone},
    {"one_each_and_one_to_come", "-0 ", pending},
    {"half_is_not_a_majority", "--  ", pending},
    {"half_absent_is_the_end_of_it", "00  ", gone},
    {"half_and_half_is_gone", "--00", gone},
    {"a_dead_minority_does_not_matter", "?---?", released},
    {"two_dead_nodes_leave_it_open", "?-?", indeterminate},
    {"one_dead_one_absent_one_removed", "?0-", indeterminate},
    {"nobody_could_be_asked", "!!!", unavailable},
    {"two_refused_one_absent", "!!0", unavailable},
    {"two_refused_one_removed", "!!-", indeterminate},
    {"a_node_not_asked_does_not_have_it", "..-", gone},
    {"nodes_not_asked_are_a_minority", ".--", released},
    {"nobody_was_asked", "...", gone},
    {"a_slow_node_is_not_waited_for_in_vain", "?? ", indeterminate},
    {"a_slow_node_may_tell_refusal_from_doubt", "!! ", pending},
};

INSTANTIATE_TEST_SUITE_P(all, release_story, testing::ValuesIn(stories),
                         [](const auto& instance) { return std::string{instance.param.name}; });

TEST(release_round, tells_of_its_end_once) {
    release_round round{3, {.granted = node_set::all(3)}};
    EXPECT_FALSE(round.on_vote(0, release_answer::removed));
    EXPECT_TRUE(round.on_vote(1, release_answer::removed));
    EXPECT_FALSE(round.on_vote(2, release_answer::removed));
}

TEST(release_round, counts_each_node_once) {
    release_round round{3, {.granted = node_set::all(3)}};
    round.on_vote(0, release_answer::removed);
    round.on_vote(0, release_answer::removed);
    EXPECT_EQ(round.outcome(), pending);
}

TEST(release_round, takes_no_vote_of_a_node_that_was_not_asked) {
    release_round round{3, {.granted = nodes({0, 1})}};
    EXPECT_FALSE(round.on_vote(2, release_answer::removed));
    EXPECT_FALSE(round.on_vote(0, release_answer::removed));
    EXPECT_EQ(round.outcome(), pending);
}

TEST(release_round, bars_whatever_is_in_doubt_and_may_come_after_it) {
    const release_round round{
        4, {.granted = nodes({0}), .doubtful = nodes({1, 2}), .following = nodes({2})}};
    EXPECT_FALSE(round.bars(0));
    EXPECT_TRUE(round.bars(1));
    EXPECT_FALSE(round.bars(2)) << "it comes behind what is in doubt";
    EXPECT_FALSE(round.bars(3));
}

TEST(release_round, bars_from_the_loss_of_the_connection_on) {
    release_round round{3,
                        {.granted = nodes({0}), .doubtful = nodes({1}), .following = nodes({1})}};
    round.on_connection_lost(0);
    round.on_connection_lost(1);
    EXPECT_FALSE(round.bars(0)) << "nothing was in doubt";
    EXPECT_TRUE(round.bars(1));
}

TEST(release_round, has_a_name_for_each_outcome) {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(indeterminate); ++i) {
        names.insert(to_string(static_cast<release_outcome>(i)));
    }
    EXPECT_EQ(names.size(), 5U);
    EXPECT_FALSE(names.contains("?"));
}

// ---- every world of 1 to 5 nodes ----

constexpr const char* letters = "-0!?";
constexpr std::size_t words = 4;

/// `said[i]` belongs to the node `order[i]`; nodes outside `asked` are skipped.
struct world {
    std::size_t nodes = 0;
    row order{};
    row said{};
    node_set asked{};
};

std::string transcript(const world& in) {
    std::string text = std::to_string(in.nodes) + " nodes:";
    for (std::size_t i = 0; i < in.nodes; ++i) {
        const node_index node = in.order[i];
        text += ' ' + std::to_string(node) + (in.asked.contains(node) ? letters[in.said[i]] : '.');
    }
    return text;
}

/// What may be said of a tally: of so many nodes, these removed it, did not have it, refused, gave
/// no answer, and the rest has yet to speak.
struct tally {
    std::size_t nodes, removed, absent, refused, unheard, to_come;

    [[nodiscard]] release_outcome said_of() const {
        if (2 * removed > nodes) {
            return released;
        }
        return 2 * (nodes - absent) <= nodes ? gone : pending;
    }
    /// With everything heard.
    [[nodiscard]] release_outcome at_the_end() const {
        if (said_of() != pending) {
            return said_of();
        }
        return removed + unheard == 0 ? unavailable : indeterminate;
    }
};

constexpr unsigned bit(release_outcome outcome) {
    return 1U << static_cast<unsigned>(outcome);
}

/// Every way in which the rest may speak, as a mask; the outcome is final if all end alike.
unsigned possible_ends(const tally& now) {
    if (now.said_of() != pending) {
        return bit(now.said_of());
    }
    if (now.to_come == 0) {
        return bit(now.at_the_end());
    }
    unsigned ends = 0;
    for (const auto member : {&tally::removed, &tally::absent, &tally::refused, &tally::unheard}) {
        tally then = now;
        ++(then.*member);
        --then.to_come;
        ends |= possible_ends(then);
    }
    return ends;
}

release_outcome by_the_rules(const tally& now) {
    const unsigned ends = possible_ends(now);
    for (const auto outcome : {released, gone, unavailable, indeterminate}) {
        if (ends == bit(outcome)) {
            return outcome;
        }
    }
    return pending;
}

bool plays_by_the_book(const world& in) {
    release_round round{in.nodes, {.doubtful = in.asked}};
    tally now{in.nodes, 0, in.nodes - in.asked.size(), 0, 0, in.asked.size()};
    release_outcome expected = pending;
    for (std::size_t i = 0; i <= in.nodes; ++i) {
        expected = expected == pending ? by_the_rules(now) : expected;
        if (round.outcome() != expected) {
            ADD_FAILURE() << transcript(in) << "\nbefore position " << i << " is "
                          << to_string(round.outcome()) << ", ought to be " << to_string(expected);
            return false;
        }
        if (i == in.nodes) {
            break;
        }
        if (in.asked.contains(in.order[i])) {
            const char letter = letters[in.said[i]];
            ++(letter == '-'   ? now.removed
               : letter == '0' ? now.absent
               : letter == '!' ? now.refused
                               : now.unheard);
            --now.to_come;
            round.on_vote(in.order[i], answer_of(letter));
        }
    }
    return true;
}

class every_release_of : public testing::TestWithParam<std::size_t> {};

TEST_P(every_release_of, answers_in_every_order) {
    const auto all = node_set::all(GetParam());
    small_scope::for_each_order(GetParam(), [&](const row& order) {
        return small_scope::for_each_row(GetParam(), words, [&](const row& said) {
            return plays_by_the_book({GetParam(), order, said, all});
        });
    });
}

TEST_P(every_release_of, choices_of_whom_to_ask) {
    const row in_turn{0, 1, 2, 3, 4};
    small_scope::for_each_row(GetParam(), 2, [&](const row& chosen) {
        node_set asked;
        for (node_index node = 0; node < GetParam(); ++node) {
            if (chosen[node] == 1) {
                asked.insert(node);
            }
        }
        return small_scope::for_each_row(GetParam(), words, [&](const row& said) {
            return plays_by_the_book({GetParam(), in_turn, said, asked});
        });
    });
}

INSTANTIATE_TEST_SUITE_P(nodes, every_release_of, testing::Values(1U, 2U, 3U, 4U, 5U),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace redlock::core::release_round_cases
