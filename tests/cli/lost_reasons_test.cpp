// Locks that cannot be had, kept or given back, because of what others have left on the nodes or of
// what the nodes refuse: each message names the node, the cause and what to do, and `status` and
// `doctor` tell the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <vector>

#include "cli/support/process.hpp"
#include "cli/support/three_nodes.hpp"
#include "support/redis_server.hpp"

namespace redlock::cli_test {
namespace {

using support::redis_server;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Three nodes that vote, of which two have been told something.
struct two_of_three {
    redis_server a, b, c;

    two_of_three() {
        for (const redis_server* each : {&a, &b, &c}) {
            each->vouch();
        }
    }
    [[nodiscard]] std::string urls() const { return a.url() + "," + b.url() + "," + c.url(); }
    void tell(const std::vector<std::string>& command) const {
        a.command(command);
        b.command(command);
    }
    [[nodiscard]] finished run(const std::string& name) const {
        return redlock({"run", "-n", "--nodes", urls(), name, "--", "true"});
    }
    [[nodiscard]] finished status(const std::string& name) const {
        return redlock({"status", "--nodes", urls(), name});
    }
    [[nodiscard]] finished doctor(const std::string& name) const {
        return redlock({"doctor", "--samples", "1", "--nodes", urls(), "--resource", name});
    }
};

TEST(lost_reasons, a_fence_that_no_token_can_pass_is_named) {
    const two_of_three nodes;
    for (const std::string fence : {"9007199254740993", "99999999999999999999999", "inf"}) {
        SCOPED_TRACE(fence);
        nodes.tell({"SET", "redlock:fence:{huge}", fence, "PX", "60000"});
        const finished run = nodes.run("huge");
        EXPECT_EQ(run.status, 69);
        EXPECT_THAT(run.err, AllOf(HasSubstr("node 0 (" + nodes.a.url()),
                                   HasSubstr("larger than any fencing token can be"),
                                   HasSubstr("delete redlock:fence:{huge} there")));
        EXPECT_THAT(nodes.status("huge").out,
                    HasSubstr("node 1 gives no vote for this resource: the fence"));
        const finished doctor = nodes.doctor("huge");
        EXPECT_EQ(doctor.status, 69) << doctor.out;
        EXPECT_THAT(doctor.out, HasSubstr("larger than any fencing token can be"));
    }
}

TEST(lost_reasons, a_fence_of_another_type_is_named) {
    const two_of_three nodes;
    nodes.tell({"RPUSH", "redlock:fence:{lst}", "x"});
    const finished run = nodes.run("lst");
    EXPECT_EQ(run.status, 69);
    EXPECT_THAT(run.err, AllOf(HasSubstr("node 0 (" + nodes.a.url()),
                               HasSubstr("the key redlock:fence:{lst} there"),
                               HasSubstr("delete it there")));
    const finished status = nodes.status("lst");
    EXPECT_EQ(status.status, 1) << "no node keeps a lock: " << status.out;
    EXPECT_THAT(status.out, HasSubstr("node 1 gives no vote for this resource: the key redlock:"));
    const finished doctor = nodes.doctor("lst");
    EXPECT_EQ(doctor.status, 69) << doctor.out;
    EXPECT_THAT(doctor.out, HasSubstr("the key redlock:fence:{lst} there"));
}

TEST(lost_reasons, a_key_of_another_type_under_the_locks_name_counts_as_held) {
    const two_of_three nodes;
    nodes.tell({"RPUSH", "typ", "x"});
    const finished run = nodes.run("typ");
    EXPECT_EQ(run.status, 75);
    EXPECT_THAT(run.err, AllOf(HasSubstr("node 0 (" + nodes.a.url()),
                               HasSubstr("the key typ there is no lock"), HasSubstr("delete")));
    const finished status = nodes.status("typ");
    EXPECT_EQ(status.status, 0) << status.out;
    EXPECT_THAT(status.out,
                AllOf(HasSubstr("typ: held"), HasSubstr("the key typ there is no lock")));
    EXPECT_EQ(nodes.doctor("typ").status, 69);
    EXPECT_THAT(nodes.doctor("typ").out, HasSubstr("the key typ there is no lock"));
    EXPECT_THAT(redlock({"status", "--json", "--nodes", nodes.urls(), "typ"}).out,
                HasSubstr("key_message"));
}

TEST(lost_reasons, of_one_resource_only_are_told_as_such) {
    const two_of_three nodes;
    const std::string far = std::to_string((::time(nullptr) + 3600) * 1'000'000);
    nodes.a.command({"SET", "redlock:fence:{far}", far, "PX", "60000"});
    const finished one = nodes.doctor("far");
    EXPECT_EQ(one.status, 1) << one.out;
    EXPECT_EQ(nodes.run("far").status, 0) << "two others are enough";
    nodes.tell({"SET", "redlock:fence:{far}", far, "PX", "60000"});
    const finished two = nodes.doctor("far");
    EXPECT_EQ(two.status, 69) << two.out;
    EXPECT_THAT(two.out,
                AllOf(HasSubstr("1 of 3 nodes give votes for this resource; a lock needs 2"),
                      HasSubstr("3 of 3 nodes give votes, 1 of them for this resource")));
    EXPECT_EQ(nodes.run("far").status, 69);
    EXPECT_EQ(nodes.doctor("near").status, 0);
}

/// Whichever of its watches notices it first.
TEST(lost_reasons, a_renewal_that_is_refused_is_named_when_the_lock_is_lost) {
    for (const std::string command : {"PTTL", "PEXPIRE"}) {
        const redis_server server{
            {.unix_socket = false, .password = {}, .arguments = {"--rename-command", command, ""}}};
        for (int round = 0; round < 5; ++round) {
            const finished run = redlock({"run", "--lease-time", "500ms", "--nodes", server.url(),
                                          "job", "--", "sleep", "1"});
            EXPECT_EQ(run.status, 79);
            EXPECT_THAT(run.err,
                        AllOf(HasSubstr("the lock is lost"), HasSubstr("node 0 (" + server.url()),
                              HasSubstr(command == "PTTL" ? "pttl" : "pexpire"),
                              HasSubstr("seems to be renamed")));
        }
    }
}

TEST(lost_reasons, a_release_that_is_refused_is_named) {
    const redis_server renamed{
        {.unix_socket = false, .password = {}, .arguments = {"--rename-command", "DEL", ""}}};
    const finished run = redlock({"run", "--nodes", renamed.url(), "job", "--", "true"});
    EXPECT_THAT(run.err,
                AllOf(HasSubstr("not sure that it was released"),
                      HasSubstr("node 0 (" + renamed.url()), HasSubstr("del seems to be renamed")));
    const redis_server server;
    server.command({"ACL", "SETUSER", "app", "on", "nopass", "~*", "&*", "+@all", "-del"});
    const std::string url = "redis://app:any@127.0.0.1:" + std::to_string(server.port());
    EXPECT_THAT(redlock({"run", "--nodes", url, "job", "--", "true"}).err,
                AllOf(HasSubstr("not sure that it was released"), HasSubstr("+del"),
                      Not(HasSubstr("any@"))));
}

}  // namespace
}  // namespace redlock::cli_test
