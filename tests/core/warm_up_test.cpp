// How long the first acquisition waits for connections: never for a slow node once a quorum is
// there, never beyond the bound, and not at all once everybody is settled.
#include "core/warm_up.hpp"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <algorithm>

#include "core/quorum.hpp"

namespace redlock::core::warm_up_cases {
namespace {

using namespace std::chrono_literals;

const instant start{100s};

TEST(warm_up, is_over_when_all_nodes_are_connected) {
    warm_up opening{3, start, 500ms};
    opening.on_connected(0, start + 1ms);
    opening.on_connected(1, start + 2ms);
    EXPECT_GT(opening.over_at(), start + 2ms);
    opening.on_connected(2, start + 3ms);
    EXPECT_EQ(opening.over_at(), start + 3ms);
}

TEST(warm_up, a_node_that_cannot_be_connected_is_not_waited_for) {
    warm_up opening{3, start, 500ms};
    opening.on_failed(2, start + 1ms);
    opening.on_connected(0, start + 1ms);
    opening.on_connected(1, start + 2ms);
    EXPECT_EQ(opening.over_at(), start + 2ms);
}

TEST(warm_up, a_silent_minority_is_given_the_grace_only) {
    warm_up opening{3, start, 500ms};
    opening.on_connected(0, start + 1ms);
    EXPECT_EQ(opening.over_at(), start + 500ms);
    opening.on_connected(1, start + 2ms);
    EXPECT_EQ(opening.over_at(), start + 2ms + warm_up::grace);
}

TEST(warm_up, far_nodes_are_given_as_long_again_as_the_quorum_took) {
    warm_up opening{3, start, 500ms};
    opening.on_connected(0, start + 100ms);
    opening.on_connected(1, start + 120ms);
    EXPECT_EQ(opening.over_at(), start + 240ms);
}

TEST(warm_up, a_silent_majority_is_waited_for_until_the_bound) {
    warm_up opening{3, start, 500ms};
    opening.on_connected(0, start + 1ms);
    opening.on_failed(1, start + 2ms);
    EXPECT_EQ(opening.over_at(), start + 500ms);
}

RC_GTEST_PROP(warm_up, only_moves_to_earlier_and_stays_within_its_bounds, ()) {
    const auto nodes = *rc::gen::inRange<std::size_t>(1, 8);
    warm_up opening{nodes, start, 500ms};
    instant now = start;
    instant before = opening.over_at();
    std::size_t connected = 0;
    for (node_index node = 0; node < nodes; ++node) {
        now += std::chrono::milliseconds{*rc::gen::inRange(0, 300)};
        const bool up = *rc::gen::arbitrary<bool>();
        up ? opening.on_connected(node, now) : opening.on_failed(node, now);
        connected += up ? 1 : 0;
        RC_ASSERT(opening.over_at() <= before);
        RC_ASSERT(opening.over_at() <= start + 500ms);
        if (connected < quorum_of(nodes) && node + 1 < nodes) {
            RC_ASSERT(opening.over_at() == start + 500ms);
        }
        before = opening.over_at();
    }
    RC_ASSERT(opening.over_at() == std::min(start + 500ms, before));
    RC_ASSERT(opening.over_at() <= now || now >= start + 500ms);
}

}  // namespace
}  // namespace redlock::core::warm_up_cases
