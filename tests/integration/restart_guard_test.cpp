// Nodes that may have forgotten locks: restarted, flushed, met for the first time. Real servers;
// where a quarantine must end within a test it is short because the leases are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

using testing::HasSubstr;

/// With a quarantine of about 0.8 s.
manager_options short_leases() {
    manager_options options = usual_options();
    options.lease_time = 500ms;
    options.max_lease_time = 500ms;
    options.clock_window = 100ms;
    options.clock_step = 300ms;
    return options;
}

struct restart_guard_test : testing::Test {
    void restart(std::size_t first, std::size_t end) {
        for (std::size_t node = first; node < end; ++node) {
            nodes[node].restart();
        }
    }
    /// Every node answers, those that were restarted included.
    [[nodiscard]] bool all_answer(client& who) {
        return who.await([&] {
            const auto views = who.status("warm-up").nodes;
            return std::none_of(views.begin(), views.end(),
                                [](const node_status& view) { return view.error.failed(); });
        });
    }

    cluster nodes{3};
    loop turned;
};

TEST_F(restart_guard_test, two_restarted_nodes_do_not_make_a_second_holder) {
    client first{turned, nodes.urls()};
    lock held = first.take("job", {.lease_time = 30s});
    ASSERT_TRUE(first.await([&] { return nodes.having("job") == 3; }));
    restart(0, 2);
    client second{turned, nodes.urls(), impatient_options()};
    const auto refused = second.try_acquire("job");
    EXPECT_EQ(refused->error, errc::no_quorum);
    EXPECT_TRUE(held.valid());
    EXPECT_EQ(refused->cause(0), node_errc::quarantined);
    EXPECT_EQ(refused->cause(1), node_errc::quarantined);
    EXPECT_THAT(refused->why.to_string(), HasSubstr("no vote for another 6"));
    EXPECT_THAT(refused->why.to_string(), HasSubstr("redlock vouch"));
    EXPECT_EQ(nodes.having("job"), 1U);
}

TEST_F(restart_guard_test, without_the_guard_they_do) {
    manager_options off = usual_options();
    off.guard = restart_guard::off;
    client first{turned, nodes.urls(), off};
    lock held = first.take("job", {.lease_time = 30s});
    // A grant that came after the restart would be the second client's obstacle.
    ASSERT_TRUE(first.await([&] { return nodes.having("job", held.token().str()) == 3; }));
    restart(0, 2);
    client second{turned, nodes.urls(), off};
    lock also = second.take("job", {.lease_time = 30s, .wait = wait_policy::none()});
    EXPECT_TRUE(held.valid());
    EXPECT_TRUE(also.valid());
}

TEST_F(restart_guard_test, a_client_that_was_connected_before_the_restart_asks_again) {
    client first{turned, nodes.urls()};
    client second{turned, nodes.urls()};
    first.warm_up();
    second.warm_up();
    lock held = first.take("job", {.lease_time = 30s});
    restart(0, 2);
    // Of the third node's answer alone it cannot be told whether the holder has a quorum.
    EXPECT_TRUE(second.try_acquire("job")->error);
    second.warm_up();
    EXPECT_EQ(second.try_acquire("job")->error, errc::no_quorum);
    EXPECT_TRUE(held.valid());
}

TEST_F(restart_guard_test, one_restarted_node_is_no_outage) {
    client user{turned, nodes.urls()};
    user.warm_up();
    restart(0, 1);
    lock held = user.take("job");
    EXPECT_TRUE(user.await([&] { return nodes.having("job") == 2 && !nodes[0].get("job"); }))
        << "what it granted before it was greeted was given back";
    EXPECT_TRUE(held.valid());
}

TEST_F(restart_guard_test, status_says_who_has_no_vote_and_for_how_long) {
    restart(1, 2);
    client user{turned, nodes.urls()};
    const auto status = user.status("job");
    EXPECT_FALSE(status.nodes[0].vote_error);
    EXPECT_FALSE(status.nodes[0].quarantine);
    EXPECT_EQ(status.nodes[1].vote_error, node_errc::quarantined);
    ASSERT_TRUE(status.nodes[1].quarantine);
    EXPECT_GT(*status.nodes[1].quarantine, 30s);
    EXPECT_LT(*status.nodes[1].quarantine, 63s);
    EXPECT_FALSE(status.nodes[1].error) << "it answers nevertheless";
    const auto told = user.events().all(event_kind::node_without_vote);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].node, 1U);
    EXPECT_EQ(told[0].error, node_errc::quarantined);
}

TEST_F(restart_guard_test, all_clients_reckon_from_the_same_restart) {
    restart(0, 1);
    client first{turned, nodes.urls()};
    // Only who wants a vote has the node remember when it was first met.
    lock held = first.take("job");
    const auto left = first.status("job").nodes[0].quarantine;
    pass_until(boot_clock::now() + 1s);
    client second{turned, nodes.urls()};
    const auto left_later = second.status("job").nodes[0].quarantine;
    ASSERT_TRUE(left && left_later);
    // Half a second for the allowance for clocks, which is reckoned anew each time.
    EXPECT_LT(*left_later, *left - 500ms);
}

TEST_F(restart_guard_test, quarantine_ends_and_the_node_votes_again) {
    client user{turned, nodes.urls(), short_leases()};
    user.warm_up();
    restart(0, 3);
    lock held = user.take("job");
    EXPECT_TRUE(user.await([&] { return nodes.having("job", held.token().str()) >= 2; }));
    EXPECT_FALSE(user.release(held));
}

TEST_F(restart_guard_test, a_node_gets_a_renewed_lock_back_after_its_quarantine_only) {
    client user{turned, nodes.urls(), short_leases()};
    lock held = user.take("job", {.renew = true});
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
    restart(0, 1);
    const std::size_t before = user.events().count(event_kind::extended);
    ASSERT_TRUE(user.await([&] { return user.events().count(event_kind::extended) > before; }));
    EXPECT_FALSE(nodes[0].get("job"));
    ASSERT_TRUE(user.await([&] { return nodes[0].get("job") == held.token().str(); }));
    EXPECT_EQ(nodes[0].get(fence_of("job")), std::to_string(held.fencing_token().value()));
    // It counts now: another one may go.
    const std::size_t then = user.events().count(event_kind::extended);
    ASSERT_TRUE(user.await([&] { return user.events().count(event_kind::extended) >= then + 2; }));
    nodes[1].kill();
    const std::size_t last = user.events().count(event_kind::extended);
    ASSERT_TRUE(user.await([&] { return user.events().count(event_kind::extended) >= last + 2; }));
    EXPECT_TRUE(held.valid());
    EXPECT_FALSE(user.release(held));
    EXPECT_FALSE(nodes[0].get("job"));
}

TEST_F(restart_guard_test, somebodys_word_ends_it_at_once_for_everybody) {
    restart(0, 3);
    client operators{turned, nodes.urls()};
    client user{turned, nodes.urls()};
    user.warm_up();
    EXPECT_EQ(user.try_acquire("job")->error, errc::no_quorum);
    const auto asking = user.begin_acquire("job");
    const auto vouched = operators.vouch();
    EXPECT_FALSE(vouched->error) << vouched->why.to_string();
    ASSERT_TRUE(turned.until([&] { return asking->done; }));
    EXPECT_FALSE(asking->error) << asking->why.to_string();
    const auto now = operators.try_acquire("other");
    EXPECT_FALSE(now->error) << now->why.to_string();
}

TEST_F(restart_guard_test, a_word_may_be_given_for_one_node) {
    restart(0, 3);
    client user{turned, nodes.urls()};
    EXPECT_FALSE(user.vouch({.node = 1})->error);
    const auto status = user.status("job");
    EXPECT_TRUE(status.nodes[0].vote_error);
    EXPECT_FALSE(status.nodes[1].vote_error);
    const auto nobody = user.vouch({.node = 3});
    EXPECT_EQ(nobody->error, errc::invalid_argument);
    EXPECT_THAT(nobody->why.message, HasSubstr("no node 3"));
}

TEST_F(restart_guard_test, a_word_that_not_all_nodes_took_is_told) {
    nodes[2].kill();
    client user{turned, nodes.urls()};
    const auto some = user.vouch();
    EXPECT_EQ(some->error, errc::indeterminate);
    EXPECT_EQ(some->cause(2), node_errc::not_connected);
    restart(2, 3);
    nodes[0].kill();
    nodes[1].kill();
    EXPECT_EQ(user.vouch({.node = 0})->error, errc::no_quorum);
}

TEST_F(restart_guard_test, an_extension_counts_what_a_restart_has_kept) {
    client user{turned, nodes.urls()};
    lock held = user.take("job", {.lease_time = 30s});
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
    restart(0, 2);
    for (const std::size_t node : {0U, 1U}) {
        nodes[node].command({"SET", "job", held.token().str(), "PX", "20000"});
    }
    ASSERT_TRUE(all_answer(user));
    EXPECT_FALSE(user.extend(held));
    EXPECT_TRUE(user.await([&] { return nodes[0].pttl("job") > 20'000; }));
    EXPECT_TRUE(user.status("job").nodes[0].vote_error);
}

TEST_F(restart_guard_test, an_extension_does_not_count_what_a_promoted_replica_has) {
    client user{turned, nodes.urls()};
    lock held = user.take("job", {.lease_time = 30s});
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
    restart(0, 2);
    for (const std::size_t node : {0U, 1U}) {
        nodes[node].command({"REPLICAOF", "127.0.0.1", "1"});
        nodes[node].command({"REPLICAOF", "NO", "ONE"});
        nodes[node].command({"SET", "job", held.token().str(), "PX", "20000"});
    }
    ASSERT_TRUE(all_answer(user));
    EXPECT_EQ(user.extend(held), errc::indeterminate);
    EXPECT_TRUE(held.valid());
}

TEST_F(restart_guard_test, a_durable_node_votes_after_a_restart) {
    std::vector<std::string> urls = nodes.urls();
    for (auto& url : urls) {
        url += "?durable=yes";
    }
    client user{turned, urls};
    restart(0, 3);
    lock held = user.take("job");
    EXPECT_TRUE(held.valid());
}

TEST_F(restart_guard_test, clients_with_other_settings_are_refused_by_name) {
    client first{turned, nodes.urls()};
    ASSERT_FALSE(first.try_acquire("job")->error);
    manager_options other = usual_options();
    other.max_lease_time = 90s;
    other.fence_lifetime = 180s;
    client second{turned, nodes.urls(), other};
    const auto refused = second.try_acquire("another");
    EXPECT_EQ(refused->error, errc::no_quorum);
    EXPECT_EQ(refused->cause(0), node_errc::configuration_mismatch);
    EXPECT_THAT(refused->why.to_string(),
                HasSubstr("max_lease_time is 90000 ms here and 60000 ms there"));
    EXPECT_THAT(refused->why.to_string(), Not(HasSubstr("clock_window is")));
    // Once the others are gone an operator says so.
    EXPECT_FALSE(second.vouch()->error);
    EXPECT_FALSE(second.try_acquire("another")->error);
}

// Seven seconds, since a server tells its uptime in whole seconds, and it must be longer than a
// quarantine which must not end while we look.
TEST_F(restart_guard_test, what_was_known_of_a_server_does_not_vouch_for_the_next) {
    manager_options options = short_leases();
    options.lease_time = options.max_lease_time = 3s;
    client first{turned, nodes.urls(), options};
    ASSERT_FALSE(first.try_acquire("settings")->error);
    manager_options other = options;
    other.lease_time = other.max_lease_time = 2900ms;
    other.quorum_timeout = 100ms;
    client second{turned, nodes.urls(), other};
    const auto all_are_up_for = [&](int seconds) {
        return turned.until([&] {
            return nodes.count([&](redis_server& node) {
                const std::string info = node.command({"INFO", "server"});
                return std::stoi(info.substr(info.find("uptime_in_seconds:") + 18)) >= seconds;
            }) == 3;
        });
    };
    ASSERT_TRUE(all_are_up_for(5));
    ASSERT_EQ(second.try_acquire("another")->cause(0), node_errc::configuration_mismatch);
    // A second later it may ask again. Its connections are idle, so that it notices the restart
    // only then, and what it asks was meant for the servers before. Nobody else is there to tell
    // the new ones who they are.
    ASSERT_TRUE(all_are_up_for(7));
    first.take("job").detach();
    restart(0, 2);
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(second.try_acquire("job")->error);
    }
}

TEST_F(restart_guard_test, a_flushed_node_loses_its_vote) {
    client user{turned, nodes.urls()};
    client waiting{turned, nodes.urls()};
    lock held = user.take("job", {.lease_time = 30s});
    const auto asking = waiting.begin_acquire("job");
    const auto is_watched = [](redis_server& node) {
        return node.command({"CLIENT", "LIST"}).find(" flags=t ") != std::string::npos;
    };
    ASSERT_TRUE(turned.until([&] { return nodes.count(is_watched) == 3; }));
    nodes[0].command({"FLUSHALL"});
    nodes[1].command({"FLUSHALL"});
    ASSERT_TRUE(
        waiting.await([&] { return waiting.events().count(event_kind::node_without_vote) >= 2; }));
    EXPECT_FALSE(asking->done);
    // Also for who comes now, though the servers have been up for long enough.
    client newcomer{turned, nodes.urls()};
    EXPECT_EQ(newcomer.try_acquire("job")->cause(0), node_errc::quarantined);
    asking->cancel();
    ASSERT_TRUE(turned.until([&] { return asking->done; }));
}

TEST_F(restart_guard_test, a_user_who_may_not_ask_is_told_which_right_is_missing) {
    nodes.each([](redis_server& node) { node.command({"ACL", "SETUSER", "default", "-info"}); });
    client user{turned, nodes.urls()};
    const auto refused = user.try_acquire("job");
    EXPECT_EQ(refused->error, errc::no_quorum);
    EXPECT_EQ(refused->cause(0), node_errc::permission_denied);
    EXPECT_THAT(refused->why.to_string(), HasSubstr("+info"));
}

TEST(restart_guard_alone, a_single_node_is_not_guarded) {
    redis_server node;
    loop turned;
    client user{turned, {node.url()}};
    lock held = user.take("job");
    node.restart();
    EXPECT_TRUE(user.take("another").valid());
    EXPECT_FALSE(user.vouch()->error);
}

}  // namespace
}  // namespace redlock::integration
