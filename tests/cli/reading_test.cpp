// The subcommands that look write nothing on any server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/support/three_nodes.hpp"
#include "support/key_space.hpp"

namespace redlock::cli_test {
namespace {

class reading : public three_nodes {
  protected:
    [[nodiscard]] std::vector<std::string> all_keys() const {
        std::vector<std::string> all;
        for (const auto& node : nodes) {
            all.push_back(support::key_space(node));
        }
        return all;
    }
    void expect_reads_only() const {
        const std::vector<std::vector<std::string>> looks{
            {"status", "job"},
            {"status", "--json", "job"},
            {"leader", "job"},
            {"leader", "--json", "job"},
            {"list"},
            {"list", "--json"},
            {"doctor"},
            {"doctor", "--json", "--resource", "job"},
            {"doctor", "--resource", "job", "--permits", "2"},
            {"status", "--permits", "2", "job"},
            {"config", "check"},
            {"config", "check", "--json"},
        };
        for (const std::string& with : {urls(), nodes[0].url()}) {
            for (const auto& look : looks) {
                const auto before = all_keys();
                const auto seen = redlock(look, {{"REDLOCK_NODES", with}});
                EXPECT_NE(seen.status, 64) << seen.err;
                EXPECT_EQ(all_keys(), before) << look[0] << " of " << with;
            }
        }
    }
};

TEST_F(reading, writes_nothing_on_servers_that_nobody_has_used) {
    for (auto& node : nodes) {
        node.restart();
    }
    expect_reads_only();
}

TEST_F(reading, writes_nothing_beside_others) {
    ASSERT_EQ(run({"acquire", "--lease-time", "60s", "--label", "me", "job"}).status, 0);
    eventually([&] { return nodes_holding("job") == 3; }, "all nodes hold it");
    expect_reads_only();
}

TEST_F(reading, writes_nothing_beside_readers) {
    ASSERT_EQ(run({"acquire", "--shared", "--lease-time", "60s", "job"}).status, 0);
    eventually([&] { return nodes_holding("job") == 3; }, "all nodes hold it");
    expect_reads_only();
}

TEST_F(reading, leaves_the_number_of_nodes_to_who_locks) {
    const support::redis_server fourth;
    const support::redis_server fifth;
    ASSERT_EQ(run({"doctor"}).status, 0);
    fourth.vouch();
    fifth.vouch();
    const auto five = redlock({"run", "-n", "job", "--", "true"},
                              {{"REDLOCK_NODES", urls() + "," + fourth.url() + "," + fifth.url()}});
    EXPECT_EQ(five.status, 0) << five.err;
}

}  // namespace
}  // namespace redlock::cli_test
