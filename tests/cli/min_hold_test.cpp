// `--min-hold`: machines whose clocks differ start the same short job one after another, and one of
// them runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

using min_hold = three_nodes;

TEST_F(min_hold, of_three_that_start_one_after_another_one_runs_the_command) {
    std::string ran;
    for (int machine = 0; machine < 3; ++machine) {
        const finished result =
            run({"run", "-n", "-E", "0", "--min-hold", "30s", "nightly", "--", "echo", "ran"});
        EXPECT_EQ(result.status, 0) << result.err;
        EXPECT_THAT(result.err, IsEmpty());
        ran += result.out;
    }
    EXPECT_EQ(ran, "ran\n");
    EXPECT_EQ(nodes_holding("nightly"), 3);
    for (const auto& node : nodes) {
        EXPECT_LE(node.pttl("nightly"), 30'000);
        EXPECT_GT(node.pttl("nightly"), 0);
    }
}

TEST_F(min_hold, the_next_one_comes_when_it_is_over_with_a_larger_token) {
    const std::string line = "echo $REDLOCK_FENCING_TOKEN";
    const finished first = run({"run", "--min-hold", "500ms", "a", "--", "sh", "-c", line});
    ASSERT_EQ(first.status, 0) << first.err;
    const finished second = run({"run", "a", "--", "sh", "-c", line});
    ASSERT_EQ(second.status, 0) << second.err;
    EXPECT_GT(std::stoull(second.out), std::stoull(first.out));
    EXPECT_TRUE(clean("a"));
}

TEST_F(min_hold, outlives_a_redlock_that_is_killed) {
    process runner{start({"run", "--lease-time", "1s", "--min-hold", "30s", "a", "--", "sh", "-c",
                          "echo up; sleep 1000"})};
    runner.wait_for_out("up");
    for (const auto& node : nodes) {
        // Two are enough to begin with, and the third hears of it in its time.
        eventually([&] { return node.get("a").has_value(); }, "the lock on each node");
        EXPECT_GT(node.pttl("a"), 1'000) << "so long has the lease to be from the beginning";
    }
    runner.signal(SIGKILL);
    runner.wait();
    EXPECT_EQ(run({"run", "-n", "a", "--", "true"}).status, 75);
}

TEST_F(min_hold, of_acquire_ends_with_an_explicit_release) {
    const finished taken = run({"acquire", "--lease-time", "1s", "--min-hold", "30s", "a"});
    ASSERT_EQ(taken.status, 0) << taken.err;
    EXPECT_GT(nodes[0].pttl("a"), 1'000);
    const std::string token = taken.out.substr(0, taken.out.find(' '));
    EXPECT_EQ(run({"release", "a", token}).status, 0);
    EXPECT_TRUE(clean("a"));
}

TEST_F(min_hold, that_no_lease_can_cover_is_refused) {
    const finished refused = run({"run", "--min-hold", "61s", "a", "--", "echo", "ran"});
    EXPECT_EQ(refused.status, 64);
    EXPECT_THAT(refused.out, IsEmpty());
    EXPECT_THAT(refused.err, HasSubstr("min_hold is 61000ms"));
    EXPECT_THAT(refused.err, HasSubstr("max_lease_time"));
    EXPECT_EQ(
        run({"run", "--max-lease-time", "61s", "--min-hold", "61s", "a", "--", "true"}).status, 0);
}

}  // namespace
}  // namespace redlock::cli_test
