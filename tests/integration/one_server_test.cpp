// Who answers behind a node's URL: a replica, or several servers of which a proxy or name chooses
// one for each connection. Neither gives a vote, and a restart is taken for neither.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "integration/harness.hpp"
#include "support/spreading_proxy.hpp"

namespace redlock::integration {
namespace {

using support::spreading_proxy;
using testing::AllOf;
using testing::HasSubstr;

struct one_server : testing::Test {
    [[nodiscard]] std::vector<std::uint16_t> ports(std::size_t first, std::size_t end) {
        std::vector<std::uint16_t> all;
        for (; first < end; ++first) {
            all.push_back(nodes[first].port());
        }
        return all;
    }
    static manager_options unguarded() {
        manager_options options = usual_options();
        options.guard = restart_guard::off;
        return options;
    }
    void make_replica(std::size_t node, std::size_t of, bool writable) {
        nodes[node].command({"CONFIG", "SET", "replica-read-only", writable ? "no" : "yes"});
        nodes[node].command({"REPLICAOF", "127.0.0.1", std::to_string(nodes[of].port())});
    }
    std::vector<finding> diagnosis(client& user, const manager_options& options) {
        std::vector<finding> found;
        bool done = false;
        user.manager->async_examine({.samples = 1},
                                    [&](const error_code&, const std::vector<node_health>& seen) {
                                        found = diagnose(seen, options);
                                        done = true;
                                    });
        EXPECT_TRUE(turned.until([&] { return done; }));
        return found;
    }
    static std::string codes_of(const std::vector<finding>& found, node_index node) {
        std::string codes;
        for (const finding& each : found) {
            if (each.node == node && each.level == finding_level::problem) {
                codes += each.code + ' ';
            }
        }
        return codes;
    }

    cluster nodes{4};
    loop turned;
};

TEST_F(one_server, two_behind_one_url_give_no_vote) {
    for (const manager_options& options : {usual_options(), unguarded()}) {
        const spreading_proxy spread{ports(0, 2)};
        client user{turned, {spread.url()}, options};
        const auto refused = user.try_acquire("job");
        EXPECT_EQ(refused->error, errc::no_quorum);
        EXPECT_EQ(refused->cause(0), node_errc::several_servers);
        EXPECT_THAT(refused->why.to_string(),
                    AllOf(HasSubstr("more than one server"), HasSubstr("leads to one server")));
        EXPECT_EQ(nodes.having("job"), 0U);
        EXPECT_EQ(nodes[1].command({"HEXISTS", "redlock:epoch", "configuration"}), "0")
            << "nothing is left while it is in doubt";
    }
}

TEST_F(one_server, the_other_nodes_decide_without_it) {
    const spreading_proxy spread{ports(0, 2)};
    client user{turned, {spread.url(), nodes[2].url(), nodes[3].url()}};
    lock held = user.take("job", {.lease_time = 30s});
    EXPECT_FALSE(user.extend(held));
    EXPECT_FALSE(nodes[0].get("job") || nodes[1].get("job"));
    const auto told = user.events().all(event_kind::node_without_vote);
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(told[0].error, node_errc::several_servers);
    EXPECT_EQ(user.status("job").nodes[0].vote_error, node_errc::several_servers);
    EXPECT_FALSE(user.release(held));
}

TEST_F(one_server, a_word_does_not_help_two) {
    const spreading_proxy spread{ports(0, 2)};
    client user{turned, {spread.url()}};
    const auto vouched = user.vouch();
    EXPECT_EQ(vouched->cause(0), node_errc::several_servers) << vouched->why.to_string();
    EXPECT_EQ(user.try_acquire("job")->cause(0), node_errc::several_servers);
}

TEST_F(one_server, the_doctor_calls_two_a_problem) {
    const spreading_proxy spread{ports(0, 2)};
    client user{turned, {spread.url(), nodes[2].url(), nodes[3].url()}};
    EXPECT_THAT(codes_of(diagnosis(user, usual_options()), 0), HasSubstr("several_servers"));
    EXPECT_EQ(codes_of(diagnosis(user, usual_options()), 1), "");
}

// The first two connections lead to one server, and only a later one to another.
TEST_F(one_server, the_connection_for_news_is_compared_too) {
    const spreading_proxy spread{ports(0, 2),
                                 [](std::size_t number) { return number < 2 ? 0 : 1; }};
    client user{turned, {spread.url()}, unguarded()};
    lock other = user.take("other");
    nodes[0].command({"SET", "job", "somebody else's", "PX", "60000"});
    const auto contended = user.begin_acquire("job");
    ASSERT_TRUE(
        turned.until([&] { return user.events().count(event_kind::node_without_vote) > 0; }));
    contended->cancel();
    ASSERT_TRUE(turned.until([&] { return contended->done; }));
    EXPECT_EQ(user.events().all(event_kind::node_without_vote)[0].error,
              node_errc::several_servers);
    EXPECT_EQ(user.try_acquire("third")->cause(0), node_errc::several_servers);
}

// Two connections to the first; when they have broken, another server that ran all the time.
TEST_F(one_server, a_later_connection_is_compared_too) {
    const auto is_up_for_two_seconds = [&] {
        const std::string info = nodes[1].command({"INFO", "server"});
        return std::stoi(info.substr(info.find("uptime_in_seconds:") + 18)) >= 2;
    };
    ASSERT_TRUE(turned.until(is_up_for_two_seconds));
    const spreading_proxy spread{ports(0, 2),
                                 [](std::size_t number) { return number < 2 ? 0 : 1; }};
    client user{turned, {spread.url()}, unguarded()};
    ASSERT_FALSE(user.try_acquire("job")->error);
    // The second server must surely have been there when the first was met.
    const auto met = boot_clock::now();
    ASSERT_TRUE(turned.until([&] { return boot_clock::now() - met > 1ms; }));
    nodes[0].command({"CLIENT", "KILL", "TYPE", "normal"});
    // The proxy may pass that on only after a command has gone out.
    EXPECT_TRUE(user.await(
        [&] { return user.try_acquire("job")->cause(0) == node_errc::several_servers; }));
}

TEST_F(one_server, a_restart_is_not_taken_for_another) {
    const spreading_proxy spread{ports(0, 1)};
    client user{turned, {spread.url()}, unguarded()};
    for (int i = 0; i < 3; ++i) {
        lock held = user.take("job", {.lease_time = 30s});
        EXPECT_TRUE(held.valid());
        nodes[0].restart();
    }
    EXPECT_FALSE(user.try_acquire("job")->error);
    EXPECT_EQ(user.events().count(event_kind::node_without_vote), 0U);
}

// As behind an address that follows the master.
TEST_F(one_server, a_promoted_replica_is_not_taken_for_another) {
    make_replica(1, 0, false);
    std::atomic<std::size_t> master{0};
    const spreading_proxy follows{ports(0, 2), [&](std::size_t) { return master.load(); }};
    client user{turned, {follows.url()}, unguarded()};
    ASSERT_FALSE(user.try_acquire("job")->error);
    nodes[1].command({"REPLICAOF", "NO", "ONE"});
    master = 1;
    nodes[0].kill();
    EXPECT_TRUE(user.await([&] { return !user.try_acquire("other")->error; }));
    EXPECT_EQ(user.events().count(event_kind::node_without_vote), 0U);
}

TEST_F(one_server, of_which_only_one_is_left_votes_again) {
    manager_options options = unguarded();
    options.lease_time = options.max_lease_time = 500ms;
    options.clock_window = 100ms;
    options.clock_step = 1ms;
    std::atomic<bool> spreads{true};
    const spreading_proxy spread{ports(0, 2),
                                 [&](std::size_t number) { return spreads ? number % 2 : 0; }};
    client user{turned, {spread.url()}, options};
    ASSERT_EQ(user.try_acquire("job")->cause(0), node_errc::several_servers);
    spreads = false;
    EXPECT_TRUE(user.await([&] { return !user.try_acquire("job")->error; }));
}

TEST_F(one_server, a_replica_gives_no_vote_even_if_it_takes_writes) {
    for (const bool writable : {false, true}) {
        make_replica(1, 0, writable);
        for (const manager_options& options : {usual_options(), unguarded()}) {
            client user{turned, {nodes[1].url()}, options};
            const auto refused = user.try_acquire("job");
            EXPECT_EQ(refused->error, errc::no_quorum);
            EXPECT_EQ(refused->cause(0), node_errc::read_only);
            EXPECT_THAT(refused->why.to_string(), HasSubstr("it is a replica"));
            EXPECT_THAT(codes_of(diagnosis(user, options), 0), HasSubstr("replica"));
            EXPECT_EQ(nodes.having("job"), 0U);
        }
    }
}

TEST_F(one_server, a_replica_that_was_made_a_master_votes) {
    make_replica(1, 0, true);
    client user{turned, {nodes[1].url()}, unguarded()};
    ASSERT_EQ(user.try_acquire("job")->cause(0), node_errc::read_only);
    nodes[1].command({"REPLICAOF", "NO", "ONE"});
    EXPECT_TRUE(user.await([&] { return !user.try_acquire("job")->error; }));
}

TEST_F(one_server, one_that_takes_no_second_connection_votes) {
    redis_server_options options;
    options.arguments = {"--maxclients", "1"};
    const redis_server alone{options};
    client user{turned, {alone.url()}};
    const auto taken = user.try_acquire("job");
    EXPECT_FALSE(taken->error) << taken->why.to_string();
}

}  // namespace
}  // namespace redlock::integration
