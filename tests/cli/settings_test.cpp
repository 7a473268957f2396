// Clients of the command that do not agree on the nodes: refused by name, and told of before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class settings : public three_nodes {
  protected:
    finished run_with(const std::string& urls, std::vector<std::string> arguments) const {
        return redlock(std::move(arguments), {{"REDLOCK_NODES", urls}});
    }
};

TEST_F(settings, one_node_beside_three_gets_no_lock) {
    // As in a crontab that lacks REDLOCK_NODES, on the host of the first node.
    process held{start({"run", "pay", "--", "sh", "-c", "echo in; read x"})};
    held.wait_for_out("in");
    const auto other = run_with(nodes[0].url(), {"run", "-n", "pay", "--", "echo", "in"});
    EXPECT_EQ(other.status, 78);
    EXPECT_EQ(other.out, "");
    EXPECT_THAT(other.err, HasSubstr("nodes is 1 here and 3 there"));
    held.signal(15);
    held.wait();
}

TEST_F(settings, the_other_way_round_too) {
    process held{{.arguments = redlock_line({"run", "pay", "--", "sh", "-c", "echo in; read x"}),
                  .environment = {{"REDLOCK_NODES", nodes[0].url()}}}};
    held.wait_for_out("in");
    // The two other nodes are a majority, but not of the same nodes.
    const auto other = run({"run", "-n", "pay", "--", "echo", "in"});
    EXPECT_EQ(other.status, 78);
    EXPECT_EQ(other.out, "");
    EXPECT_THAT(other.err, AllOf(HasSubstr("node 0 ("), HasSubstr("nodes is 3 here and 1 there")));
    const auto quiet = run({"run", "-q", "-n", "pay", "--", "true"});
    EXPECT_EQ(quiet.err, "");
    EXPECT_EQ(run({"doctor"}).status, 69) << "the doctor agrees";
    held.signal(15);
    held.wait();
}

TEST_F(settings, are_compared_with_the_guard_off) {
    ASSERT_EQ(run({"run", "--restart-guard", "off", "-n", "a", "--", "true"}).status, 0);
    const auto other =
        run({"run", "--restart-guard", "off", "--max-lease-time", "90s", "-n", "a", "--", "true"});
    EXPECT_EQ(other.status, 69);
    EXPECT_THAT(other.err, HasSubstr("max_lease_time is 90000 ms here and 60000 ms there"));
    EXPECT_EQ(run({"run", "-n", "a", "--", "true"}).status, 0) << "who was there first goes on";
}

TEST_F(settings, that_differ_are_a_problem_for_the_doctor_and_for_config_check) {
    ASSERT_EQ(run({"run", "-n", "a", "--", "true"}).status, 0);
    const auto doctor = run_with(nodes[0].url(), {"doctor"});
    EXPECT_EQ(doctor.status, 69);
    EXPECT_THAT(doctor.out, HasSubstr("nodes is 1 here and 3 there"));
    const auto checked = run_with(nodes[0].url(), {"config", "check"});
    EXPECT_EQ(checked.status, 1);
    EXPECT_THAT(checked.err,
                AllOf(HasSubstr("problem: node 0 ("), HasSubstr("nodes is 1 here and 3 there")));
    const auto json = run_with(nodes[0].url(), {"config", "check", "--json"});
    EXPECT_EQ(json.status, 1);
    EXPECT_THAT(json.out, HasSubstr("\"problems\":[\"node 0 ("));
    const auto same = run({"config", "check"});
    EXPECT_EQ(same.status, 0) << same.err;
    EXPECT_THAT(same.err, Not(HasSubstr("problem")));
}

TEST_F(settings, nodes_that_cannot_be_reached_are_no_problem_for_config_check) {
    nodes[0].kill();
    const auto checked = run_with(nodes[0].url(), {"config", "check"});
    EXPECT_EQ(checked.status, 0) << checked.err;
    EXPECT_EQ(checked.err, "");
}

TEST_F(settings, which_default_was_taken_is_told_once) {
    const auto told = redlock({"status", "a"});
    const std::string line =
        "redlock: no node is named (--nodes, --config, REDLOCK_NODES): taking "
        "redis://localhost:6379\n";
    EXPECT_THAT(told.err, HasSubstr(line));
    EXPECT_EQ(told.err.find(line), told.err.rfind(line));
    EXPECT_THAT(redlock({"status", "-q", "a"}).err, Not(HasSubstr("no node is named")));
    EXPECT_THAT(redlock({"status", "--nodes", nodes[0].url(), "a"}).err,
                Not(HasSubstr("no node is named")));
    EXPECT_THAT(run({"status", "a"}).err, Not(HasSubstr("no node is named")));
    EXPECT_THAT(redlock({"config", "check"}).err, HasSubstr(line));
}

}  // namespace
}  // namespace redlock::cli_test
