// What an operator sees of the restart guard, on real servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class vouch : public three_nodes {
  protected:
    void restart_all() {
        for (auto& node : nodes) {
            node.restart();
        }
    }
};

TEST_F(vouch, lets_restarted_servers_vote) {
    restart_all();
    const auto refused = run({"run", "-n", "a", "--", "true"});
    EXPECT_EQ(refused.status, 69);
    EXPECT_THAT(refused.err, AllOf(HasSubstr("in quarantine"), HasSubstr("redlock vouch"),
                                   HasSubstr("no vote for another 6")));
    const auto vouched = run({"vouch"});
    EXPECT_EQ(vouched.status, 0) << vouched.err;
    EXPECT_EQ(vouched.out, "");
    EXPECT_EQ(run({"run", "-n", "a", "--", "true"}).status, 0);
}

TEST_F(vouch, is_for_one_node_if_one_is_named) {
    restart_all();
    EXPECT_EQ(run({"vouch", "1"}).status, 0);
    const auto status = run({"status", "a"});
    EXPECT_THAT(status.out, AllOf(HasSubstr("node 0 has no vote"), Not(HasSubstr("node 1 has")),
                                  HasSubstr("node 2 has no vote: in quarantine")));
    const auto json = run({"status", "--json", "a"});
    EXPECT_THAT(json.out,
                AllOf(HasSubstr("\"votes\":false"), HasSubstr("\"votes\":true"),
                      HasSubstr("\"quarantine_ms\":6"), HasSubstr("\"quarantine_ms\":null")));
    EXPECT_EQ(run({"run", "-n", "a", "--", "true"}).status, 69);
    EXPECT_EQ(run({"vouch", "2"}).status, 0);
    EXPECT_EQ(run({"run", "-n", "a", "--", "true"}).status, 0);
}

TEST_F(vouch, of_a_node_that_is_not_there_is_told) {
    const auto result = run({"vouch", "3"});
    EXPECT_EQ(result.status, 64);
    EXPECT_THAT(result.err, HasSubstr("no node 3; they are 0 to 2"));
    EXPECT_EQ(run({"vouch", "x"}).status, 64);
    // As an unsigned number it would be 2.
    EXPECT_EQ(run({"vouch", "--", "-18446744073709551614"}).status, 64);
    nodes[1].kill();
    const auto some = run({"vouch"});
    EXPECT_EQ(some.status, 69);
    EXPECT_THAT(some.err, AllOf(HasSubstr("not all nodes took the word"), HasSubstr("node 1 (")));
}

TEST_F(vouch, is_not_needed_with_the_guard_off) {
    restart_all();
    EXPECT_EQ(run({"run", "--restart-guard", "off", "-n", "a", "--", "true"}).status, 0);
    EXPECT_EQ(run({"run", "--restart-guard", "maybe", "-n", "a", "--", "true"}).status, 64);
}

TEST_F(vouch, other_settings_are_told_by_name) {
    ASSERT_EQ(run({"run", "-n", "a", "--", "true"}).status, 0);
    const auto other = run({"run", "--max-lease-time", "90s", "-n", "a", "--", "true"});
    EXPECT_EQ(other.status, 69);
    EXPECT_THAT(other.err, HasSubstr("max_lease_time is 90000 ms here and 60000 ms there"));
}

}  // namespace
}  // namespace redlock::cli_test
