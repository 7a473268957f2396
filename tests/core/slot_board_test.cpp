// What a process knows of the slots of a semaphore: each small world of reports, each choice from
// it.
#include "core/slot_board.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>

#include "core/quorum.hpp"
#include "core/small_scope.hpp"

namespace redlock::core {
namespace {

using namespace std::chrono_literals;

/// What a node said of a slot last.
enum class report : std::uint8_t { nothing, free, taken };

struct known {
    std::size_t free = 0;
    std::size_t taken = 0;
    bool ours = false;
};

/// The classes of the rules, said once more.
int rank_of(const known& its, std::size_t nodes) {
    if (its.ours) {
        return 4;
    }
    if (its.free >= quorum_of(nodes)) {
        return 0;
    }
    if (nodes - its.taken < quorum_of(nodes)) {
        return 3;
    }
    return its.free + its.taken < quorum_of(nodes) ? 1 : 2;
}

/// Enters the reports; a slot that is ours is asked for, held, or both.
void enter(slot_board& board, std::size_t slot, const small_scope::row& reports, std::size_t nodes,
           std::size_t ours) {
    for (node_index node = 0; node < nodes; ++node) {
        // What was said before does not count.
        if (node % 2 == 0) {
            board.on_taken(slot, node);
        } else {
            board.on_free(slot, node);
        }
        switch (static_cast<report>(reports[node])) {
            case report::nothing:
                board.on_changed(slot, node);
                break;
            case report::free:
                board.on_free(slot, node);
                break;
            case report::taken:
                board.on_taken(slot, node);
                break;
        }
    }
    if (ours > 0) {
        board.begin_asking(slot);
    }
}

known summary(const small_scope::row& reports, std::size_t nodes, std::size_t ours) {
    known its{.ours = ours > 0};
    for (node_index node = 0; node < nodes; ++node) {
        its.free += static_cast<report>(reports[node]) == report::free ? 1U : 0U;
        its.taken += static_cast<report>(reports[node]) == report::taken ? 1U : 0U;
    }
    return its;
}

/// Every world of two slots on three nodes, and each beginning of the rotation.
template <class Check>
void in_every_world(const Check& check) {
    constexpr std::size_t nodes = 3;
    constexpr std::size_t reports = 3;
    for (std::size_t ours = 0; ours < 4; ++ours) {
        small_scope::for_each_row(nodes, reports, [&](const small_scope::row& first) {
            return small_scope::for_each_row(nodes, reports, [&](const small_scope::row& second) {
                slot_board board{2, nodes};
                enter(board, 0, first, nodes, ours % 2);
                enter(board, 1, second, nodes, ours / 2);
                const std::array ranks{rank_of(summary(first, nodes, ours % 2), nodes),
                                       rank_of(summary(second, nodes, ours / 2), nodes)};
                for (const double random : {0.0, 0.5}) {
                    check(board, ranks, random);
                }
                return !testing::Test::HasFailure();
            });
        });
    }
}

TEST(slot_board, picks_the_best_that_may_be_free_in_its_rotation) {
    in_every_world([](const slot_board& board, const std::array<int, 2>& ranks, double random) {
        const std::size_t first = random < 0.5 ? 0 : 1;
        const std::size_t other = 1 - first;
        const std::size_t best = ranks[other] < ranks[first] ? other : first;
        const auto expected = ranks[best] <= 1 ? std::optional{best} : std::nullopt;
        EXPECT_EQ(board.pick(random), expected)
            << ranks[0] << " and " << ranks[1] << " from " << first;
    });
}

TEST(slot_board, stays_with_the_last_where_nothing_is_better) {
    in_every_world([](const slot_board& board, const std::array<int, 2>& ranks, double random) {
        const std::size_t first = random < 0.5 ? 0 : 1;
        const std::size_t other = 1 - first;
        const std::size_t best = ranks[other] < ranks[first] ? other : first;
        EXPECT_EQ(board.pick_any(random, std::nullopt), best);
        for (const std::size_t last : {std::size_t{0}, std::size_t{1}}) {
            const bool stays = ranks[best] >= 3 && ranks[last] <= ranks[best];
            EXPECT_EQ(board.pick_any(random, last), stays ? last : best)
                << ranks[0] << " and " << ranks[1] << " from " << first << " after " << last;
        }
    });
}

TEST(slot_board, begins_anywhere) {
    const slot_board board{7, 3};
    std::set<std::size_t> begun;
    for (int i = 0; i < 7; ++i) {
        begun.insert(board.pick((i + 0.5) / 7).value());
    }
    EXPECT_EQ(begun.size(), 7U);
    EXPECT_EQ(board.pick(0.999'999'999), 6U);
}

TEST(slot_board, gives_each_acquisition_of_the_process_another_slot) {
    slot_board board{3, 3};
    std::set<std::size_t> asked;
    for (int i = 0; i < 3; ++i) {
        const auto slot = board.pick(0.4);
        ASSERT_TRUE(slot);
        board.begin_asking(*slot);
        asked.insert(*slot);
    }
    EXPECT_EQ(asked.size(), 3U);
    EXPECT_FALSE(board.pick(0.4));
    board.end_asking(1);
    EXPECT_EQ(board.pick(0), 1U);
}

TEST(slot_board, knows_a_slot_that_was_given_back_as_free) {
    slot_board board{2, 3};
    board.on_held(0);
    board.on_held(1);
    EXPECT_TRUE(board.holds_all());
    EXPECT_FALSE(board.pick(0));
    board.on_given_back(1);
    EXPECT_FALSE(board.holds_all());
    EXPECT_EQ(board.pick(0), 1U);
    board.on_gone(0);
    // Of the lost one nothing is known.
    EXPECT_EQ(board.pick(0), 1U);
    board.begin_asking(1);
    EXPECT_EQ(board.pick(0), 0U);
}

TEST(slot_board, counts_a_slot_once_that_two_holders_of_the_process_have_had) {
    slot_board board{2, 3};
    board.on_held(0);
    board.on_held(0);  // the first has lost it and does not know
    EXPECT_FALSE(board.holds_all());
    board.on_held(1);
    board.on_gone(0);
    EXPECT_TRUE(board.holds_all());
    board.on_given_back(0);
    EXPECT_FALSE(board.holds_all());
}

TEST(slot_board, has_the_number_of_permits_confirmed_again_after_half_the_time) {
    slot_board board{2, 3};
    const instant confirmed = small_scope::epoch;
    EXPECT_FALSE(board.is_confirmed(confirmed));
    board.on_confirmed(confirmed, 10s);
    EXPECT_TRUE(board.is_confirmed(confirmed + 5s - 1ns));
    EXPECT_FALSE(board.is_confirmed(confirmed + 5s));
    // An answer that comes late does not take it back.
    board.on_confirmed(confirmed - 1s, 10s);
    EXPECT_TRUE(board.is_confirmed(confirmed + 5s - 1ns));
}

TEST(slot_board, knows_whether_another_slot_than_one_may_be_free) {
    slot_board board{2, 3};
    EXPECT_TRUE(board.may_have_free_beside(0)) << "nothing is known of the other";
    for (const node_index node : {0U, 1U}) {
        board.on_taken(1, node);
    }
    EXPECT_FALSE(board.may_have_free_beside(0)) << "whatever is known of itself";
    EXPECT_TRUE(board.may_have_free_beside(1));
    board.on_changed(1, 0);
    EXPECT_TRUE(board.may_have_free_beside(0));
    board.begin_asking(1);
    EXPECT_FALSE(board.may_have_free_beside(0)) << "this process asks for it";
}

}  // namespace
}  // namespace redlock::core
