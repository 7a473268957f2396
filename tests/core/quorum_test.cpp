// The majority rule against a twin that is written the other way round: by asking whether two
// disjoint groups of that size fit, and by trying out every way the missing votes may go.
#include "core/quorum.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>

namespace redlock::core::quorum_cases {
namespace {

/// Two groups of `size` nodes must share one; the smallest such size.
std::size_t naive_quorum(std::size_t nodes) {
    std::size_t size = 0;
    while (size + size <= nodes) {
        ++size;
    }
    return size;
}

/// Plays every way in which the votes still missing may go.
verdict naive_verdict(std::size_t nodes, std::size_t in_favour, std::size_t against) {
    bool can_win = false;
    bool can_fail = false;
    for (std::size_t more = 0; more + in_favour + against <= nodes; ++more) {
        const bool wins = (in_favour + more) * 2 > nodes;
        can_win = can_win || wins;
        can_fail = can_fail || !wins;
    }
    if (!can_fail) {
        return verdict::won;
    }
    return can_win ? verdict::pending : verdict::lost;
}

TEST(quorum, is_the_table_that_everybody_knows) {
    EXPECT_EQ(quorum_of(1), 1U);
    EXPECT_EQ(quorum_of(2), 2U);
    EXPECT_EQ(quorum_of(3), 2U);
    EXPECT_EQ(quorum_of(4), 3U);
    EXPECT_EQ(quorum_of(5), 3U);
    EXPECT_EQ(quorum_of(7), 4U);
    EXPECT_EQ(tolerated_by(1), 0U);
    EXPECT_EQ(tolerated_by(2), 0U);
    EXPECT_EQ(tolerated_by(3), 1U);
    EXPECT_EQ(tolerated_by(4), 1U);
    EXPECT_EQ(tolerated_by(5), 2U);
}

TEST(quorum, equals_its_twin_for_all_small_values) {
    for (std::size_t nodes = 1; nodes <= 64; ++nodes) {
        EXPECT_EQ(quorum_of(nodes), naive_quorum(nodes)) << nodes;
    }
}

TEST(quorum, any_two_intersect_and_one_node_less_would_not) {
    for (std::size_t nodes = 1; nodes <= 64; ++nodes) {
        EXPECT_GT(2 * quorum_of(nodes), nodes);
        EXPECT_LE(2 * (quorum_of(nodes) - 1), nodes);
        EXPECT_EQ(quorum_of(nodes) + tolerated_by(nodes), nodes);
    }
}

TEST(verdict, equals_its_twin_for_all_small_values) {
    for (std::size_t nodes = 1; nodes <= 16; ++nodes) {
        for (std::size_t in_favour = 0; in_favour <= nodes; ++in_favour) {
            for (std::size_t against = 0; in_favour + against <= nodes; ++against) {
                EXPECT_EQ(decide(nodes, in_favour, against),
                          naive_verdict(nodes, in_favour, against))
                    << nodes << " nodes, " << in_favour << " for, " << against << " against";
            }
        }
    }
}

TEST(verdict, is_known_with_the_last_vote_at_the_latest) {
    for (std::size_t nodes = 1; nodes <= 63; ++nodes) {
        for (std::size_t in_favour = 0; in_favour <= nodes; ++in_favour) {
            EXPECT_NE(decide(nodes, in_favour, nodes - in_favour), verdict::pending);
        }
    }
}

RC_GTEST_PROP(verdict, equals_its_twin_for_larger_clusters, ()) {
    const auto nodes = *rc::gen::inRange<std::size_t>(17, 2000);
    const auto in_favour = *rc::gen::inRange<std::size_t>(0, nodes + 1);
    const auto against = *rc::gen::inRange<std::size_t>(0, nodes - in_favour + 1);
    RC_ASSERT(decide(nodes, in_favour, against) == naive_verdict(nodes, in_favour, against));
}

RC_GTEST_PROP(verdict, never_changes_once_it_is_final, ()) {
    const auto nodes = *rc::gen::inRange<std::size_t>(1, 64);
    const auto votes = *rc::gen::container<std::vector<bool>>(nodes, rc::gen::arbitrary<bool>());
    std::size_t in_favour = 0;
    std::size_t against = 0;
    verdict seen = verdict::pending;
    for (const bool vote : votes) {
        ++(vote ? in_favour : against);
        const verdict now = decide(nodes, in_favour, against);
        RC_ASSERT((seen == verdict::pending || now == seen));
        seen = now;
    }
    RC_ASSERT(seen != verdict::pending);
}

}  // namespace
}  // namespace redlock::core::quorum_cases
