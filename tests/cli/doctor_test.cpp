// `redlock doctor` as an operator and a health check see it, on real servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/support/three_nodes.hpp"
#include "support/wrong_clock.hpp"

namespace redlock::cli_test {
namespace {

using support::redis_server;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// With everything that the documented rule has but HSET.
void give_too_few_rights(redis_server& server) {
    EXPECT_EQ(server.command({"ACL",        "SETUSER",
                              "app",        "on",
                              ">w0rd",      "~*",
                              "&*",         "-@all",
                              "+evalsha",   "+eval",
                              "+time",      "+set",
                              "+get",       "+del",
                              "+pttl",      "+pexpire",
                              "+hgetall",   "+hdel",
                              "+hmget",     "+hexists",
                              "+client|id", "+client|tracking",
                              "+subscribe", "+info",
                              "+scan"}),
              "OK");
}

support::redis_server_options with_arguments(std::vector<std::string> arguments) {
    return {.unix_socket = false, .password = {}, .arguments = std::move(arguments)};
}

std::string as_app(const redis_server& server) {
    return "redis://app:w0rd@127.0.0.1:" + std::to_string(server.port());
}

class doctor : public three_nodes {};

TEST_F(doctor, finds_healthy_nodes_well) {
    const auto result = run({"doctor", "--samples", "5"});
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    EXPECT_THAT(result.out, AllOf(HasSubstr("ok       node 0 " + nodes[0].url()),
                                  HasSubstr("0 problems, 0 warnings; 3 of 3 nodes give votes")));
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(run({"doctor", "--strict", "--json"}).status, 0);
}

TEST(doctor_on_sick_nodes, tells_five_kinds_of_sickness_apart) {
    redis_server evicting{
        with_arguments({"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"})};
    redis_server listed_twice{{.unix_socket = true, .password = {}, .arguments = {}}};
    redis_server well;
    redis_server replica{with_arguments({"--replicaof", "127.0.0.1", std::to_string(well.port())})};
    redis_server without_hset;
    give_too_few_rights(without_hset);
    std::optional<support::wrong_clock> ahead{3};
    redis_server late;
    ahead.reset();  // ours is right
    for (const auto* server : {&evicting, &listed_twice, &well, &without_hset, &late}) {
        server->vouch();
    }
    const std::string urls = evicting.url() + "," + listed_twice.url() + "," +
                             listed_twice.unix_url() + "," + well.url() + "," + replica.url() +
                             "," + late.url() + "," + as_app(without_hset);

    const auto result = redlock({"doctor"}, {{"REDLOCK_NODES", urls}});
    EXPECT_EQ(result.status, 69) << "because of the server that is listed twice; " << result.out
                                 << result.err;
    EXPECT_THAT(
        result.out,
        AllOf(
            HasSubstr("problem  node 0 " + evicting.url() + ": it may evict locks"),
            HasSubstr("problem  node 2 " + listed_twice.unix_url() + ": it is the same server"),
            HasSubstr("problem  node 4 " + replica.url() + ": it is a replica"),
            HasSubstr("problem  node 5 " + late.url() + ": its clock is 3.0 s ahead"),
            HasSubstr("problem  node 6 " + without_hset.url() + ": the user app may not use hset"),
            HasSubstr("ACL SETUSER app +hset"), Not(HasSubstr("w0rd"))));
    const auto json = redlock({"doctor", "--json"}, {{"REDLOCK_NODES", urls}});
    EXPECT_EQ(json.status, 69);
    for (const char* code : {"evicting", "same_server", "replica", "clock", "missing_right"}) {
        EXPECT_THAT(json.out, HasSubstr(std::string{"\"level\":\"problem\",\"code\":\""} + code));
    }
    EXPECT_THAT(json.out,
                AllOf(HasSubstr("\"problems\":5"), HasSubstr("\"code\":\"same_server_twice\"")));
}

TEST_F(doctor, says_when_no_lock_can_be_had) {
    nodes[0].kill();
    nodes[1].freeze();
    const auto result = run({"doctor", "--node-timeout", "200ms"});
    nodes[1].thaw();
    EXPECT_EQ(result.status, 69) << result.out;
    EXPECT_THAT(result.out, AllOf(HasSubstr("node 0 " + nodes[0].url() + ": not connected"),
                                  HasSubstr("problem  all nodes: 1 of 3 nodes give votes"),
                                  HasSubstr("ok       node 2")));
    EXPECT_THAT(redlock({"doctor", "--json"}, {{"REDLOCK_NODES", nodes[0].url()}}).out,
                HasSubstr("\"error\":\"0 of 1 nodes give votes; a lock needs 1\","
                          "\"code\":\"no_quorum\""));
}

TEST_F(doctor, counts_warnings_only_if_told_to) {
    const std::map<std::string, std::string> one{{"REDLOCK_NODES", nodes[0].url()}};
    const auto lax = redlock({"doctor"}, one);
    EXPECT_EQ(lax.status, 0) << lax.out;
    EXPECT_THAT(lax.out, HasSubstr("warning  node 0 " + nodes[0].url() + ": a restart forgets"));
    EXPECT_EQ(redlock({"doctor", "--strict"}, one).status, 1);
}

TEST_F(doctor, finds_a_url_that_is_listed_twice) {
    const auto result = redlock(
        {"doctor", "--nodes", nodes[0].url() + "," + nodes[1].url() + "," + nodes[0].url()});
    EXPECT_EQ(result.status, 69) << "as run and acquire fail with this list";
    EXPECT_THAT(result.out,
                HasSubstr("problem  node 2: " + nodes[0].url() + " is listed as node 0"));
}

TEST_F(doctor, finds_no_lock_to_be_had_with_one_server_by_two_names) {
    const auto result = redlock({"doctor", "--nodes",
                                 nodes[0].url() + "," + nodes[1].url() + "," + nodes[2].url() +
                                     ",redis://localhost:" + std::to_string(nodes[0].port())});
    EXPECT_EQ(result.status, 69);
    EXPECT_THAT(result.out, HasSubstr("it is the same server as node 0"));
}

TEST_F(doctor, tells_a_problem_with_which_locks_are_still_had) {
    nodes[0].kill();
    EXPECT_EQ(run({"doctor"}).status, 1);
}

TEST_F(doctor, tells_of_the_quarantine_and_of_other_settings) {
    nodes[2].restart();
    const auto restarted = run({"doctor"});
    EXPECT_EQ(restarted.status, 0);
    EXPECT_THAT(restarted.out, AllOf(HasSubstr("warning  node 2"), HasSubstr("redlock vouch")));
    ASSERT_EQ(run({"run", "-n", "a", "--", "true"}).status, 0);
    const auto other = run({"doctor", "--max-lease-time", "90s"});
    EXPECT_EQ(other.status, 69) << other.out;
    EXPECT_THAT(other.out, HasSubstr("max_lease_time is 90000 ms here and 60000 ms there"));
}

TEST_F(doctor, checks_the_key_of_a_resource) {
    nodes[0].command(
        {"ACL", "SETUSER", "app", "on", ">w0rd", "~redlock:*", "~orders:*", "&*", "+@all"});
    const std::map<std::string, std::string> one{{"REDLOCK_NODES", as_app(nodes[0])}};
    EXPECT_EQ(redlock({"doctor", "--resource", "orders:1"}, one).status, 0);
    const auto other = redlock({"doctor", "--resource", "jobs:1"}, one);
    EXPECT_EQ(other.status, 69);
    EXPECT_THAT(other.out, HasSubstr("ACL SETUSER app ~jobs:1"));
}

TEST_F(doctor, checks_the_slots_of_a_semaphore) {
    const std::vector<std::string> line{"doctor", "--resource", "pool", "--permits", "2"};
    EXPECT_EQ(run(line).status, 0);
    nodes[1].command({"RPUSH", "redlock:slot:{pool}:1", "x"});
    nodes[2].command({"SET", "redlock:fence::redlock:slot:{pool}:0", "99999999999999999"});
    const auto unwell = run(line);
    EXPECT_EQ(unwell.status, 1) << unwell.out << unwell.err;
    EXPECT_THAT(unwell.out, AllOf(HasSubstr("problem  node 1 " + nodes[1].url() +
                                            ": slot 1: the key "
                                            "redlock:slot:{pool}:1 there is no lock"),
                                  HasSubstr("problem  node 2 " + nodes[2].url() + ": slot 0: "),
                                  HasSubstr("it gives no vote for this permit")));
    EXPECT_THAT(run({"doctor", "--json", "--resource", "pool", "--permits", "2"}).out,
                AllOf(HasSubstr("\"code\":\"wrong_type\""), HasSubstr("\"code\":\"fence_ahead\"")));
    EXPECT_EQ(run({"doctor", "--resource", "pool"}).status, 0) << "a lock of that name is well";
    ASSERT_EQ(run({"acquire", "--permits", "3", "other"}).status, 0);
    const auto mismatch = run({"doctor", "--json", "--resource", "other", "--permits", "2"});
    EXPECT_EQ(mismatch.status, 69);
    EXPECT_THAT(mismatch.out, AllOf(HasSubstr("other clients use 3 permits and not 2"),
                                    HasSubstr("and not 2\",\"code\":\"permits_mismatch\"}")));
    EXPECT_EQ(run({"doctor", "--permits", "2"}).status, 64);
}

TEST_F(doctor, tells_once_of_a_slot_what_all_nodes_have) {
    for (auto& node : nodes) {
        node.command({"RPUSH", "redlock:slot:{pool}:0", "x"});
    }
    const auto some = run({"doctor", "--resource", "pool", "--permits", "2"});
    EXPECT_EQ(some.status, 1) << "slot 1 is left";
    EXPECT_THAT(some.out,
                AllOf(HasSubstr("(likewise on nodes 1, 2)\n"), HasSubstr("\n1 problem,")));
}

TEST_F(doctor, finds_permits_whose_keys_never_expire) {
    nodes[1].command({"SET", "redlock:slot:{pool}:1", "x"});
    nodes[2].command({"SET", "redlock:slot:{pool}:0", "x", "PX", "60000"});
    const auto one = run({"doctor", "--resource", "pool", "--permits", "2"});
    EXPECT_EQ(one.status, 1);
    EXPECT_THAT(one.out,
                AllOf(HasSubstr("problem  node 1 " + nodes[1].url() + ": slot 1: its key never " +
                                "expires\n         why: it gives no vote for this permit\n"),
                      HasSubstr("\n1 problem,")));
    nodes[2].command({"SET", "redlock:slot:{pool}:1", "x"});
    EXPECT_EQ(run({"doctor", "--resource", "pool", "--permits", "2"}).status, 1)
        << "slot 0 is left";
    EXPECT_EQ(run({"doctor", "--resource", "pool", "--permits", "1"}).status, 0);
}

TEST_F(doctor, finds_no_permit_to_be_had_where_each_lacks_votes) {
    for (std::size_t i = 0; i < 2; ++i) {
        nodes[i].command({"SET", "redlock:slot:{pool}:0", "x"});
        nodes[i].command({"RPUSH", "redlock:slot:{pool}:1", "x"});
    }
    const auto found = run({"doctor", "--json", "--resource", "pool", "--permits", "2"});
    EXPECT_EQ(found.status, 69) << found.out;
    EXPECT_THAT(found.out, AllOf(HasSubstr("for each permit at most 1 of 3 nodes give votes"),
                                 HasSubstr("\"code\":\"no_quorum\"")));
    EXPECT_EQ(run({"doctor", "--resource", "pool", "--permits", "3"}).status, 1);
}

TEST_F(doctor, counts_a_node_that_is_down_among_those_that_a_permit_lacks) {
    nodes[0].kill();
    EXPECT_EQ(run({"doctor", "--resource", "pool", "--permits", "1"}).status, 1);
    nodes[1].command({"SET", "redlock:slot:{pool}:0", "x"});
    EXPECT_EQ(run({"doctor", "--resource", "pool", "--permits", "1"}).status, 69);
}

TEST_F(doctor, never_shows_a_password) {
    for (const std::string login : {"app:s3cret@", ":s3cret@"}) {
        for (const std::string form : {"--json", "-v"}) {
            const auto result =
                redlock({"doctor", form}, {{"REDLOCK_NODES", "redis://" + login + "127.0.0.1:" +
                                                                 std::to_string(nodes[0].port())}});
            EXPECT_EQ(result.status, 69) << result.out;
            EXPECT_THAT(result.out + result.err, Not(HasSubstr("s3cret")));
            EXPECT_THAT(result.out, HasSubstr("refused the user or password"));
        }
    }
}

TEST_F(doctor, refuses_what_makes_no_sense) {
    EXPECT_EQ(run({"doctor", "--samples", "0"}).status, 64);
    EXPECT_EQ(run({"doctor", "orders:1"}).status, 64);
    EXPECT_EQ(redlock({"doctor", "--nodes", "http://x"}).status, 64);
}

}  // namespace
}  // namespace redlock::cli_test
