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

class lost_reasons_of_two : public three_nodes {
  protected:
    /// Two of the three: with them goes the majority.
    void tell_two(const std::vector<std::string>& command) const {
        nodes[0].command(command);
        nodes[1].command(command);
    }
    [[nodiscard]] finished run_at_once(const std::string& name) const {
        return run({"run", "-n", name, "--", "true"});
    }
    /// No lock can be had, and both `run` and `doctor` say why.
    void expect_no_quorum(const std::string& name, const std::string& why,
                          const std::string& remedy) const {
        const finished asked = run_at_once(name);
        EXPECT_EQ(asked.status, 69);
        EXPECT_THAT(asked.err, AllOf(HasSubstr("node 0 (" + nodes[0].url()), HasSubstr(why),
                                     HasSubstr(remedy)));
        const finished examined = doctor(name);
        EXPECT_EQ(examined.status, 69) << examined.out;
        EXPECT_THAT(examined.out, HasSubstr(why));
    }
    [[nodiscard]] finished status(const std::string& name) const { return run({"status", name}); }
    [[nodiscard]] finished doctor(const std::string& name) const {
        return run({"doctor", "--samples", "1", "--resource", name});
    }
};

TEST_F(lost_reasons_of_two, a_fence_that_no_token_can_pass_is_named) {
    for (const std::string fence : {"9007199254740993", "99999999999999999999999", "inf"}) {
        SCOPED_TRACE(fence);
        tell_two({"SET", "redlock:fence:{huge}", fence, "PX", "60000"});
        expect_no_quorum("huge", "larger than any fencing token can be",
                         "delete redlock:fence:{huge} there");
        EXPECT_THAT(status("huge").out,
                    HasSubstr("node 1 gives no vote for this resource: the fence"));
    }
}

TEST_F(lost_reasons_of_two, a_fence_of_another_type_is_named) {
    tell_two({"RPUSH", "redlock:fence:{lst}", "x"});
    expect_no_quorum("lst", "the key redlock:fence:{lst} there", "delete it there");
    const finished told = status("lst");
    EXPECT_EQ(told.status, 1) << "no node keeps a lock: " << told.out;
    EXPECT_THAT(told.out, HasSubstr("node 1 gives no vote for this resource: the key redlock:"));
}

TEST_F(lost_reasons_of_two, a_key_of_another_type_under_the_locks_name_counts_as_held) {
    tell_two({"RPUSH", "typ", "x"});
    const finished asked = run_at_once("typ");
    EXPECT_EQ(asked.status, 75);
    EXPECT_THAT(asked.err, AllOf(HasSubstr("node 0 (" + nodes[0].url()),
                                 HasSubstr("the key typ there is no lock"), HasSubstr("delete")));
    const finished told = status("typ");
    EXPECT_EQ(told.status, 0) << told.out;
    EXPECT_THAT(told.out, AllOf(HasSubstr("typ: held"), HasSubstr("the key typ there is no lock")));
    EXPECT_EQ(doctor("typ").status, 69);
    EXPECT_THAT(doctor("typ").out, HasSubstr("the key typ there is no lock"));
    EXPECT_THAT(run({"status", "--json", "typ"}).out, HasSubstr("key_message"));
}

TEST_F(lost_reasons_of_two, of_one_resource_only_are_told_as_such) {
    const std::string far = std::to_string((::time(nullptr) + 3600) * 1'000'000);
    nodes[0].command({"SET", "redlock:fence:{far}", far, "PX", "60000"});
    const finished one = doctor("far");
    EXPECT_EQ(one.status, 1) << one.out;
    EXPECT_EQ(run_at_once("far").status, 0) << "two others are enough";
    tell_two({"SET", "redlock:fence:{far}", far, "PX", "60000"});
    const finished two = doctor("far");
    EXPECT_EQ(two.status, 69) << two.out;
    EXPECT_THAT(two.out,
                AllOf(HasSubstr("1 of 3 nodes give votes for this resource; a lock needs 2"),
                      HasSubstr("3 of 3 nodes give votes, 1 of them for this resource")));
    EXPECT_EQ(run_at_once("far").status, 69);
    EXPECT_EQ(doctor("near").status, 0);
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
