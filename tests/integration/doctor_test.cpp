// `async_examine` on real servers: what it sees, what it does not see, and that it leaves no trace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <string>
#include <vector>

#include "integration/harness.hpp"
#include "support/wrong_clock.hpp"

namespace redlock::integration {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class doctor : public testing::Test {
  protected:
    operation_ptr<std::vector<node_health>> begin(client& who, const examine_options& with = {}) {
        auto started = std::make_shared<operation<std::vector<node_health>>>();
        who.manager->async_examine(
            with, asio::bind_cancellation_slot(
                      started->stop.slot(),
                      [started](const error_code& error, std::vector<node_health> seen) {
                          started->error = error;
                          started->value = std::move(seen);
                          started->done = true;
                      }));
        return started;
    }
    std::vector<node_health> examine(client& who, const examine_options& with = {}) {
        const auto started = begin(who, with);
        EXPECT_TRUE(who.await([&] { return started->done; }));
        EXPECT_FALSE(started->error);
        return started->value;
    }
    /// Of one node, as a user with these rules.
    node_health examine_as(const std::vector<std::string>& rules,
                           const examine_options& with = {}) {
        std::vector<std::string> command{"ACL", "SETUSER", "app", "reset", "on", ">word"};
        command.insert(command.end(), rules.begin(), rules.end());
        EXPECT_EQ(nodes[0].command(command), "OK");
        client user{turned,
                    {"redis://app:word@127.0.0.1:" + std::to_string(nodes[0].port())},
                    usual_options()};
        return examine(user, with).at(0);
    }
    static std::vector<std::string> rules_of(const node_health& seen) {
        std::vector<std::string> rules;
        for (const missing_right& each : seen.missing) {
            rules.push_back(each.rule);
        }
        return rules;
    }

    cluster nodes{3};
    loop turned;
};

TEST_F(doctor, sees_all_of_a_node_that_lets_it) {
    client user{turned, nodes.urls()};
    const auto all = examine(user, {.samples = 7});
    ASSERT_EQ(all.size(), 3U);
    for (node_index node = 0; node < 3; ++node) {
        const node_health& seen = all[node];
        EXPECT_EQ(seen.node, node);
        EXPECT_EQ(seen.name, nodes[node].url());
        EXPECT_FALSE(seen.error) << seen.message;
        ASSERT_TRUE(seen.round_trip && seen.clock && seen.memory && seen.persistence);
        EXPECT_EQ(seen.round_trip->samples, 7U);
        EXPECT_GT(seen.round_trip->median.count(), 0);
        EXPECT_LE(seen.round_trip->median, seen.round_trip->p99);
        EXPECT_LT(std::chrono::abs(seen.clock->ahead), seen.clock->error + 100ms);
        EXPECT_THAT(seen.server, testing::AnyOf("Redis", "Valkey"));
        EXPECT_FALSE(seen.run_id.empty());
        EXPECT_EQ(seen.role, server_role::master);
        EXPECT_EQ(seen.memory->policy, "noeviction");
        EXPECT_EQ(seen.persistence->append_only, false);
        EXPECT_EQ(seen.persistence->save, "");
        EXPECT_EQ(seen.user, "default");
        EXPECT_EQ(seen.runs_scripts, true);
        EXPECT_EQ(seen.tracks_keys, true) << seen.tracking_message;
        EXPECT_THAT(seen.missing, IsEmpty());
        EXPECT_THAT(seen.unseen, IsEmpty());
    }
    EXPECT_EQ(usable_nodes(all), 3U);
}

TEST_F(doctor, leaves_no_key_behind_and_no_lock_disturbed) {
    client user{turned, nodes.urls()};
    lock held = user.take("job", {.lease_time = 30s});
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
    const auto keys = nodes[0].command({"DBSIZE"});
    examine(user, {.resource = "job"});
    examine(user, {.resource = "free"});
    EXPECT_EQ(nodes[0].command({"DBSIZE"}), keys);
    EXPECT_EQ(nodes[0].get("job"), held.token().str());
    EXPECT_FALSE(user.release(held));
}

TEST_F(doctor, does_not_wait_long_for_a_frozen_node_or_a_dead_one) {
    client user{turned, nodes.urls(), impatient_options()};
    user.warm_up();
    nodes[0].kill();
    nodes.freeze(1, 2);
    const auto all = examine(user);
    EXPECT_EQ(all.at(0).error, node_errc::not_connected);
    EXPECT_EQ(all.at(1).error, node_errc::no_answer);
    EXPECT_FALSE(all.at(2).error);
    EXPECT_EQ(usable_nodes(all), 1U);
    nodes.thaw();
}

TEST_F(doctor, sees_a_wrong_clock) {
    const support::wrong_clock wrong{3};
    const redis_server late;
    client user{turned, {nodes[0].url(), nodes[1].url(), late.url()}};
    const auto all = examine(user);
    EXPECT_GT(all.at(2).clock->ahead, 2s);
    EXPECT_LT(all.at(1).clock->ahead, 2s);
}

TEST_F(doctor, ends_with_the_manager_and_with_a_cancellation) {
    client user{turned, nodes.urls()};
    nodes.freeze(0, 3);
    const auto cancelled = begin(user);
    turned.step();
    cancelled->cancel();
    EXPECT_TRUE(user.await([&] { return cancelled->done; }));
    EXPECT_EQ(cancelled->error, asio::error::operation_aborted);
    const auto closed = begin(user);
    const auto close = user.begin_close();
    EXPECT_TRUE(user.await([&] { return closed->done && close->done; }));
    EXPECT_EQ(closed->error, errc::closed);
    const auto late = begin(user);
    EXPECT_TRUE(user.await([&] { return late->done; }));
    EXPECT_EQ(late->error, errc::closed);
    nodes.thaw();
}

TEST_F(doctor, outlived_by_nothing_when_the_event_loop_is_given_up) {
    client user{turned, nodes.urls()};
    nodes.freeze(0, 1);
    const auto started = begin(user);
    turned.step();
    user.manager.reset();
    nodes.thaw();
}

TEST_F(doctor, finds_each_missing_right_with_a_dry_run_and_without) {
    const std::vector<std::string> lame{"~redlock:*", "~orders:*", "-@all",
                                        "+@all",      "-hset",     "-pexpire"};
    for (const bool dry : {true, false}) {
        auto rules = lame;
        if (!dry) {
            rules.emplace_back("-acl|dryrun");
        }
        const auto seen = examine_as(rules, {.resource = "jobs:1"});
        EXPECT_EQ(seen.user, "app");
        EXPECT_EQ(seen.runs_scripts, true);
        EXPECT_EQ(seen.tracks_keys, false);
        auto missing = rules_of(seen);
        std::erase(missing, "&__redis__:invalidate");
        EXPECT_THAT(missing, ElementsAre("+pexpire", "+hset", "~jobs:1"));
        EXPECT_THAT(seen.tracking_message, HasSubstr("&__redis__:invalidate"));
    }
}

TEST_F(doctor, sees_little_under_few_rights_and_says_so) {
    const auto seen = examine_as({"-@all", "+time"});
    EXPECT_FALSE(seen.error) << seen.message;
    EXPECT_TRUE(seen.clock);
    EXPECT_FALSE(seen.memory || seen.persistence || seen.replication || seen.role);
    EXPECT_TRUE(seen.server.empty());
    EXPECT_FALSE(seen.runs_scripts) << "not known: it may not be tried";
    ASSERT_EQ(seen.unseen.size(), 2U);
    EXPECT_EQ(seen.unseen[0].rule, "+info");
    EXPECT_EQ(seen.unseen[1].rule, "+config|get");
    EXPECT_THAT(rules_of(seen), testing::IsSupersetOf({"+info", "+evalsha", "+eval", "+set", "+get",
                                                       "+scan", "+client|id"}));
    EXPECT_EQ(usable_nodes({seen}), 0U);
    EXPECT_EQ(examine_as({"-@all", "+role"}).role, server_role::master);
}

TEST_F(doctor, measures_round_trips_even_where_everything_is_refused) {
    const auto seen = examine_as({"-@all"}, {.samples = 5});
    ASSERT_TRUE(seen.round_trip);
    EXPECT_EQ(seen.round_trip->samples, 5U);
    EXPECT_FALSE(seen.clock);
}

}  // namespace
}  // namespace redlock::integration
