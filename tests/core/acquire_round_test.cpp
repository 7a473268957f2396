// The acquire round told in short stories: who said what in which order, what came of it and what
// had to be taken back. Beside the stories stand the cases that need a clock or a particular
// number. That nothing was forgotten between the stories is the business of the exhaustive test.
#include "core/acquire_round.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/small_scope.hpp"
#include "core/validity.hpp"

namespace redlock::core::acquire_round_cases {
namespace {

using namespace std::chrono_literals;
using small_scope::at;
using small_scope::epoch;
using small_scope::nodes;
using small_scope::written;

constexpr std::chrono::milliseconds lease{10'000};

acquire_vote granted() {
    return {.answer = acquire_answer::granted};
}
acquire_vote busy(std::uint64_t holder, std::optional<duration> remaining = 1s) {
    return {.answer = acquire_answer::busy, .holder_remaining = remaining, .holder = holder};
}
acquire_vote behind(std::uint64_t fence) {
    return {.answer = acquire_answer::stale, .fence = fence};
}
acquire_vote out_of_window(std::int64_t offset_us) {
    return {.answer = acquire_answer::out_of_window, .offset_us = offset_us};
}
acquire_vote said(acquire_answer answer) {
    return {.answer = answer};
}

/// One letter a happening, in order. The votes come from the nodes 0, 1, 2 ... in turn.
///   + granted   a b c  busy, held by a, b or c   s stale   w out of window   ! not executed
///   ? no answer   D the caller's deadline   C cancelled   T time leaps to the end of validity
///   ^ the last node that gave no answer turns out to have granted after all
struct story {
    const char* name;
    std::size_t nodes;
    const char* happenings;
    acquire_outcome outcome;
    const char* release = "";
    const char* release_doubtful = "";
};

void PrintTo(const story& told, std::ostream* out) {  // NOLINT(readability-identifier-naming)
    *out << told.nodes << " nodes: " << told.happenings;
}

acquire_vote vote_of(char letter) {
    switch (letter) {
        case '+':
            return granted();
        case 's':
            return behind(7);
        case 'w':
            return out_of_window(1'000'000);
        case '!':
            return said(acquire_answer::not_executed);
        case '?':
            return said(acquire_answer::unknown);
        default:
            return busy(static_cast<std::uint64_t>(letter));
    }
}

class acquire_story : public testing::TestWithParam<story> {
  protected:
    void tell(char letter) {
        switch (letter) {
            case ' ':
                return;
            case 'D':
                return notice(round_.on_deadline());
            case 'C':
                return notice(round_.cancel());
            case 'T':
                now_ = round_.valid_until();
                return;
            case '^':
                return notice(round_.on_vote(unheard_, granted(), now_));
            default:
                if (letter == '?') {
                    unheard_ = next_;
                }
                return notice(round_.on_vote(next_++, vote_of(letter), now_));
        }
    }

    void notice(const acquire_effects& effects) {
        finished_ += effects.finished ? 1 : 0;
        if (effects.finished) {
            last_ = effects;
        } else {
            EXPECT_TRUE(effects.release.empty() && effects.release_doubtful.empty());
        }
    }

    acquire_round round_{GetParam().nodes, lease, epoch};
    instant now_ = epoch + 1ms;
    node_index next_ = 0;
    node_index unheard_ = 0;
    acquire_effects last_;
    int finished_ = 0;
};

TEST_P(acquire_story, ends_as_told) {
    for (const char letter : std::string{GetParam().happenings}) {
        tell(letter);
    }
    EXPECT_EQ(to_string(round_.outcome()), to_string(GetParam().outcome));
    EXPECT_EQ(written(last_.release), GetParam().release);
    EXPECT_EQ(written(last_.release_doubtful), GetParam().release_doubtful);
    EXPECT_EQ(last_.finished, GetParam().outcome != acquire_outcome::pending);
}

using enum acquire_outcome;

const story stories[] = {
    {"one_node_grants", 1, "+", held},
    {"one_node_is_busy", 1, "a", contended},
    {"one_node_is_silent", 1, "?", unavailable, "", "0"},
    {"nothing_heard_yet", 3, "", pending},
    {"one_grant_of_three_is_not_enough", 3, "+", pending},
    {"two_grants_of_three_are", 3, "++", held},
    {"half_of_four_is_not_a_majority", 4, "++", pending},
    {"half_of_four_and_the_rest_busy", 4, "++ab", split, "01"},
    {"half_of_two_is_not_a_majority", 2, "+a", split, "0"},
    {"held_before_the_slow_node_speaks", 5, "+++", held},
    {"held_in_spite_of_a_dead_minority", 5, "??+++", held},
    {"held_in_spite_of_a_busy_minority", 5, "ab+++", held},
    {"lost_before_the_last_node_speaks", 3, "aa", contended, "", "2"},
    {"one_holder_has_the_majority", 3, "+aa", contended, "0"},
    {"two_rivals_and_us", 3, "+ab", split, "0"},
    {"two_rivals_the_third_may_side_with_one", 3, "ab", contended, "", "2"},
    {"five_nodes_in_three_camps", 5, "++aab", split, "01"},
    {"five_nodes_the_silent_may_decide", 5, "++?aa", contended, "01", "2"},
    {"two_nodes_unreachable", 3, "??", unavailable, "", "012"},
    {"two_nodes_refuse_to_execute", 3, "!!", unavailable, "", "2"},
    {"unreachable_and_refusing_add_up", 3, "+!?", unavailable, "0", "2"},
    {"two_nodes_dead_may_be_the_holders_too", 3, "a??", contended, "", "12"},
    {"nobody_heard_and_a_holder_later", 3, "??a", unavailable, "", "012"},
    {"one_dead_and_one_busy", 3, "?a", contended, "", "02"},
    {"fences_are_ahead", 3, "ss", stale, "", "2"},
    {"clocks_disagree", 3, "ww", stale, "", "2"},
    {"one_fence_ahead_and_one_busy", 3, "sa", contended, "", "2"},
    {"stale_is_no_obstacle_to_a_majority", 3, "s++", held},
    {"deadline_before_any_answer", 3, "D", unavailable, "", "012"},
    {"deadline_after_one_grant", 3, "+D", unavailable, "0", "12"},
    {"deadline_after_one_busy_of_five", 5, "++aD", contended, "01", "34"},
    {"deadline_with_only_one_holder_heard", 5, "aD", unavailable, "", "1234"},
    {"deadline_after_the_end_changes_nothing", 3, "++D", held},
    {"cancelled_before_any_answer", 3, "C", cancelled, "", "012"},
    {"cancelled_half_way", 3, "+C", cancelled, "0", "12"},
    {"cancelled_after_it_was_held", 3, "++C", cancelled, "01", "2"},
    {"cancelled_after_the_slow_node_granted_too", 3, "+++C", cancelled, "012"},
    {"cancelled_after_it_was_lost", 3, "aaC", contended, "", "2"},
    {"cancelled_twice", 3, "+CC", cancelled, "0", "12"},
    {"votes_after_the_cancel_change_nothing", 3, "C+++", cancelled, "", "012"},
    {"majority_exactly_at_the_end_of_validity", 3, "+T+", too_late, "01", "2"},
    {"a_grant_long_after_it_was_held", 3, "++T+", held},
    {"late_grant_makes_the_majority", 3, "?+^", held},
    {"late_grant_after_the_loss", 3, "+??^", unavailable, "0", "12"},
    {"late_grant_after_the_deadline", 3, "?D^++", unavailable, "", "012"},
};

INSTANTIATE_TEST_SUITE_P(all, acquire_story, testing::ValuesIn(stories),
                         [](const auto& instance) { return std::string{instance.param.name}; });

TEST(acquire_round, is_held_until_one_nanosecond_before_the_end) {
    acquire_round round{1, lease, epoch, 1s};
    round.on_vote(0, granted(), valid_until(epoch, lease, 1s) - 1ns);
    EXPECT_EQ(round.outcome(), held);
}

TEST(acquire_round, is_too_late_at_the_end_and_after_it) {
    for (const duration late : {0ns, 1ns}) {
        acquire_round round{1, lease, epoch, 1s};
        const auto effects = round.on_vote(0, granted(), valid_until(epoch, lease, 1s) + late);
        EXPECT_EQ(round.outcome(), too_late);
        EXPECT_EQ(effects.release, nodes({0}));
    }
}

TEST(acquire_round, validity_counts_from_the_start_of_the_attempt) {
    acquire_round round{3, lease, epoch};
    round.on_vote(0, granted(), at(300ms));
    round.on_vote(1, granted(), at(700ms));
    EXPECT_EQ(round.started(), epoch);
    EXPECT_EQ(round.valid_until(), at(10s - 100ms - 2ms));
}

TEST(acquire_round, validity_leaves_out_steps_of_the_nodes_clocks) {
    acquire_round round{3, lease, epoch, 1s};
    round.on_vote(0, granted(), at(300ms));
    round.on_vote(1, granted(), at(700ms));
    EXPECT_EQ(round.valid_until(), at(10s - 100ms - 2ms - 1s));
}

TEST(acquire_round, rests_on_all_that_granted) {
    acquire_round round{3, lease, epoch, 1s};
    const auto set_before = [](duration by) {
        acquire_vote vote{.answer = acquire_answer::granted};
        vote.stepped = by;
        return vote;
    };
    round.on_vote(0, set_before(5s), at(1ms));
    round.on_vote(1, granted(), at(1ms));
    ASSERT_EQ(round.outcome(), held);
    // Node 0 was set before it granted, node 1 after.
    std::vector<node_clock> clocks(3);
    const auto set = [&](node_index node, std::int64_t by_us) {
        constexpr std::int64_t time_us = 1'700'000'000'000'000;
        clocks[node].on_answer(time_us, at(0s), at(0s));
        clocks[node].on_answer(time_us + by_us, at(0s), at(0s));
    };
    set(0, 5'000'000);
    EXPECT_EQ(round.backing().valid_until(clocks), round.valid_until());
    set(1, 3'000'000);
    EXPECT_LE(round.backing().valid_until(clocks), round.valid_until() - 2s);
    round.on_vote(2, granted(), at(2ms));
    EXPECT_EQ(round.backing().valid_until(clocks), round.valid_until());
}

TEST(acquire_round, a_lease_shorter_than_the_drift_is_never_held) {
    acquire_round round{1, 2ms, epoch};
    round.on_vote(0, granted(), epoch);
    EXPECT_EQ(round.outcome(), too_late);
}

TEST(acquire_round, a_late_grant_belongs_to_the_held_lock) {
    acquire_round round{5, lease, epoch};
    round.on_vote(0, said(acquire_answer::unknown), at(1ms));
    for (const node_index node : {1U, 2U, 3U}) {
        round.on_vote(node, granted(), at(2ms));
    }
    ASSERT_EQ(round.outcome(), held);
    EXPECT_EQ(round.doubtful(), nodes({0, 4}));
    const auto first = round.on_vote(4, granted(), at(3ms));
    const auto second = round.on_vote(0, granted(), at(4ms));
    for (const auto& effects : {first, second}) {
        EXPECT_TRUE(effects.release.empty() && effects.release_doubtful.empty());
        EXPECT_FALSE(effects.finished);
    }
    EXPECT_EQ(round.granted(), nodes({0, 1, 2, 3, 4}));
    EXPECT_EQ(round.doubtful(), node_set{});
}

TEST(acquire_round, counts_each_node_once) {
    acquire_round round{3, lease, epoch};
    round.on_vote(0, granted(), at(1ms));
    round.on_vote(0, granted(), at(2ms));
    EXPECT_EQ(round.outcome(), pending);
    round.on_vote(1, busy(1), at(3ms));
    round.on_vote(1, granted(), at(4ms));
    EXPECT_EQ(round.outcome(), pending);
    EXPECT_EQ(round.granted(), nodes({0}));
}

TEST(acquire_round, keeps_the_largest_fence) {
    acquire_round round{5, lease, epoch};
    round.on_vote(0, behind(70), at(1ms));
    round.on_vote(1, behind(90), at(1ms));
    round.on_vote(2, behind(80), at(1ms));
    EXPECT_EQ(round.largest_fence(), 90U);
}

TEST(acquire_round, tells_the_clocks_offsets_that_stood_in_the_way) {
    acquire_round round{5, lease, epoch};
    round.on_vote(0, out_of_window(-5), at(1ms));
    round.on_vote(3, out_of_window(9), at(1ms));
    EXPECT_EQ(round.offsets_us(), std::vector<std::int64_t>{});
    round.on_vote(1, out_of_window(7), at(1ms));
    EXPECT_EQ(round.offsets_us(), (std::vector<std::int64_t>{-5, 9, 7}));
}

TEST(acquire_round, is_not_taught_by_one_wild_clock_that_did_not_matter) {
    acquire_round won{3, lease, epoch};
    acquire_round lost{3, lease, epoch};
    for (acquire_round* round : {&won, &lost}) {
        round->on_vote(0, out_of_window(3'600'000'000), at(1ms));
    }
    won.on_vote(1, granted(), at(1ms));
    won.on_vote(2, granted(), at(1ms));
    lost.on_vote(1, busy(1), at(1ms));
    EXPECT_EQ(won.offsets_us().size() + lost.offsets_us().size(), 0U);
}

TEST(acquire_round, is_taught_by_the_one_clock_that_made_the_difference) {
    acquire_round round{3, lease, epoch};
    round.on_vote(0, said(acquire_answer::unknown), at(1ms));
    round.on_vote(1, granted(), at(1ms));
    round.on_vote(2, out_of_window(11'000'000), at(1ms));
    EXPECT_EQ(round.offsets_us(), (std::vector<std::int64_t>{11'000'000}));
}

TEST(acquire_round, says_whether_clocks_refused_it) {
    acquire_round refused{3, lease, epoch};
    acquire_round behind_only{3, lease, epoch};
    refused.on_vote(0, out_of_window(-15'000'000), at(1ms));
    EXPECT_FALSE(refused.refused_by_clocks());
    refused.on_vote(1, out_of_window(-15'000'000), at(1ms));
    EXPECT_TRUE(refused.refused_by_clocks());
    behind_only.on_vote(0, behind(70), at(1ms));
    behind_only.on_vote(1, behind(70), at(1ms));
    EXPECT_FALSE(behind_only.refused_by_clocks());
}

TEST(acquire_round, takes_a_fence_out_of_reach_for_no_vote_and_not_for_a_low_ballot) {
    acquire_round round{3, lease, epoch};
    acquire_vote far = said(acquire_answer::fence_ahead);
    far.fence = 90;
    round.on_vote(0, far, at(1ms));
    EXPECT_EQ(round.outcome(), acquire_outcome::pending);
    round.on_vote(1, far, at(1ms));
    EXPECT_EQ(round.outcome(), acquire_outcome::unavailable) << "a higher ballot would not help";
    EXPECT_EQ(round.largest_fence(), 0U);
    EXPECT_EQ(round.fence_ahead().size(), 2U);

    acquire_round others{3, lease, epoch};
    others.on_vote(0, far, at(1ms));
    others.on_vote(1, behind(70), at(1ms));
    EXPECT_EQ(others.outcome(), acquire_outcome::stale) << "a higher ballot may win the others";
    EXPECT_EQ(others.largest_fence(), 70U);
}

TEST(quorum_free_at, is_the_start_while_nothing_stands_in_the_way) {
    acquire_round round{3, lease, epoch};
    EXPECT_EQ(round.quorum_free_at(), epoch);
    round.on_vote(0, busy(1, 5s), at(1ms));
    EXPECT_EQ(round.quorum_free_at(), epoch);
}

TEST(quorum_free_at, is_the_end_of_as_many_leases_as_a_quorum_needs) {
    acquire_round round{5, lease, epoch};
    round.on_vote(0, busy(1, 9s), at(1ms));
    round.on_vote(1, busy(1, 4s), at(2ms));
    round.on_vote(2, busy(2, 6s), at(3ms));
    EXPECT_EQ(round.quorum_free_at(), at(4s + 2ms));
}

TEST(quorum_free_at, counts_what_is_left_from_the_answer) {
    acquire_round round{1, lease, epoch};
    round.on_vote(0, busy(1, 40ms), at(25ms));
    EXPECT_EQ(round.quorum_free_at(), at(65ms));
}

TEST(quorum_free_at, is_never_for_a_holder_without_end) {
    acquire_round round{3, lease, epoch};
    round.on_vote(0, busy(1, std::nullopt), at(1ms));
    round.on_vote(1, busy(1, std::nullopt), at(1ms));
    EXPECT_EQ(round.quorum_free_at(), never);
}

TEST(acquire_round, has_a_name_for_each_outcome) {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(cancelled); ++i) {
        names.insert(to_string(static_cast<acquire_outcome>(i)));
    }
    EXPECT_EQ(names.size(), 8U);
    EXPECT_FALSE(names.contains("?"));
}

/// What the keys on the nodes look like after two attempts met on them, each node taken by whoever
/// came first and each answer lost or not.
RC_GTEST_PROP(two_attempts, never_both_win_and_leave_nothing_behind_when_both_lose, ()) {
    const auto count = *rc::gen::inRange<std::size_t>(1, 12);
    const auto order = *rc::gen::container<std::vector<int>>(
        2 * count, rc::gen::inRange(0, static_cast<int>(2 * count)));
    const auto lost = *rc::gen::container<std::vector<bool>>(2 * count, rc::gen::arbitrary<bool>());
    std::vector<acquire_round> rounds(2, acquire_round{count, lease, epoch});
    std::vector<int> key(count, -1);
    std::vector<node_set> taken_back(2);
    std::vector<bool> came(2 * count, false);
    const auto arrive = [&](std::size_t message) {
        const std::size_t who = message % 2;
        const node_index node = message / 2;
        if (came[message]) {
            return;
        }
        came[message] = true;
        const bool free = key[node] == -1;
        if (free && !taken_back[who].contains(node)) {
            key[node] = static_cast<int>(who);
        }
        const acquire_vote vote = lost[message] ? said(acquire_answer::unknown)
                                  : free        ? granted()
                                                : busy(static_cast<std::uint64_t>(key[node]));
        const auto effects = rounds[who].on_vote(node, vote, at(1ms));
        RC_ASSERT((effects.release & effects.release_doubtful).empty());
        taken_back[who] = taken_back[who] | effects.release | effects.release_doubtful;
    };
    for (const int message : order) {
        arrive(static_cast<std::size_t>(message));
    }
    for (std::size_t message = 0; message < 2 * count; ++message) {
        arrive(message);
    }
    RC_ASSERT((rounds[0].outcome() != pending && rounds[1].outcome() != pending));
    RC_ASSERT((rounds[0].outcome() != held || rounds[1].outcome() != held));
    // RC_ASSERT takes an expression apart: without the second parentheses || would not cut short.
    for (node_index node = 0; node < count; ++node) {
        const auto who = static_cast<std::size_t>(key[node]);
        RC_ASSERT(
            (key[node] == -1 || rounds[who].outcome() == held || taken_back[who].contains(node)));
    }
}

}  // namespace
}  // namespace redlock::core::acquire_round_cases
