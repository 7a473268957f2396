// What another number of nodes and other settings cost.
#include "core/accord.hpp"

#include <gtest/gtest.h>

namespace redlock::core::accord_cases {
namespace {

using namespace std::chrono_literals;

constexpr shared_times usual{
    .max_lease_time = 60s, .clock_window = 10s, .fence_lifetime = 120s, .clock_step = 1s};
constexpr client_terms ours{.nodes = 3, .times = usual};

TEST(accord, is_found_with_the_same_terms_only) {
    EXPECT_EQ(compare(ours, {3, usual}), accord::same);
    EXPECT_TRUE(gives_vote(accord::same));
    EXPECT_FALSE(bars_client(accord::same));
}

TEST(accord, another_number_of_nodes_bars_the_client) {
    for (const std::size_t nodes : {0U, 1U, 2U, 4U, 5U}) {
        EXPECT_EQ(compare(ours, {nodes, usual}), accord::other_number) << nodes;
    }
    EXPECT_EQ(compare(ours, {1, std::nullopt}), accord::other_number) << "whatever else is there";
    EXPECT_FALSE(gives_vote(accord::other_number));
    EXPECT_TRUE(bars_client(accord::other_number));
}

TEST(accord, each_other_setting_costs_the_vote) {
    for (auto shared_times::*const each :
         {&shared_times::max_lease_time, &shared_times::clock_window, &shared_times::fence_lifetime,
          &shared_times::clock_step}) {
        for (const auto by : {-1ms, 1ms}) {
            shared_times other = usual;
            other.*each += by;
            EXPECT_EQ(compare(ours, {3, other}), accord::other_settings);
        }
    }
    EXPECT_FALSE(gives_vote(accord::other_settings));
    EXPECT_FALSE(bars_client(accord::other_settings));
}

TEST(accord, what_cannot_be_read_is_not_ours) {
    EXPECT_EQ(compare(ours, {3, std::nullopt}), accord::other_settings);
    EXPECT_EQ(compare(ours, {std::nullopt, std::nullopt}), accord::other_settings);
}

}  // namespace
}  // namespace redlock::core::accord_cases
