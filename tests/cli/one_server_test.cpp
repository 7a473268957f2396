// Two servers behind one URL, and a replica, as an operator meets them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/support/three_nodes.hpp"
#include "support/spreading_proxy.hpp"

namespace redlock::cli_test {
namespace {

using support::spreading_proxy;
using testing::AllOf;
using testing::HasSubstr;

class one_server : public three_nodes {
  protected:
    support::redis_server other;
    spreading_proxy spread{{nodes[0].port(), other.port()}};
};

TEST_F(one_server, run_names_two_behind_one_url) {
    const auto refused =
        redlock({"run", "-n", "job", "--", "echo", "in"}, {{"REDLOCK_NODES", spread.url()}});
    EXPECT_EQ(refused.status, 69);
    EXPECT_EQ(refused.out, "");
    EXPECT_THAT(refused.err, AllOf(HasSubstr("more than one server answers behind this URL"),
                                   HasSubstr("give a URL that leads to one server")));
}

TEST_F(one_server, status_does_not_believe_one_of_two_behind_one_url) {
    other.command({"SET", "job", "somebody", "PX", "60000"});
    const auto seen = redlock({"status", "job"}, {{"REDLOCK_NODES", spread.url()}});
    EXPECT_EQ(seen.status, 69) << seen.out;
    EXPECT_THAT(seen.out, AllOf(HasSubstr("unknown"), HasSubstr("more than one server answers")));
}

TEST_F(one_server, run_warns_of_two_where_the_others_are_enough) {
    const std::string urls = spread.url() + "," + nodes[1].url() + "," + nodes[2].url();
    const auto held = redlock({"run", "-n", "job", "--", "echo", "in"}, {{"REDLOCK_NODES", urls}});
    EXPECT_EQ(held.status, 0) << held.err;
    EXPECT_EQ(held.out, "in\n");
    EXPECT_THAT(held.err, AllOf(HasSubstr("node 0 ("), HasSubstr("more than one server answers")));
    const auto doctor = redlock({"doctor"}, {{"REDLOCK_NODES", urls}});
    EXPECT_EQ(doctor.status, 1);
    EXPECT_THAT(doctor.out, HasSubstr("more than one server answers"));
}

TEST_F(one_server, a_replica_has_no_vote_and_the_doctor_agrees) {
    for (const std::string read_only : {"yes", "no"}) {
        other.command({"CONFIG", "SET", "replica-read-only", read_only});
        other.command({"REPLICAOF", "127.0.0.1", std::to_string(nodes[0].port())});
        const auto refused =
            redlock({"run", "-n", "job", "--", "echo", "in"}, {{"REDLOCK_NODES", other.url()}});
        EXPECT_EQ(refused.status, 69);
        EXPECT_EQ(refused.out, "");
        EXPECT_THAT(refused.err, HasSubstr("it is a replica"));
        const auto doctor = redlock({"doctor"}, {{"REDLOCK_NODES", other.url()}});
        EXPECT_EQ(doctor.status, 69);
        EXPECT_THAT(doctor.out, HasSubstr("it is a replica"));
    }
}

}  // namespace
}  // namespace redlock::cli_test
