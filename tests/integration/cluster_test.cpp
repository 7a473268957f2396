// A Redis Cluster as the only node: every name in every slot, waiting, listing, masters that are
// frozen or dead. Each test takes some 3 s, which is what a cluster takes to come up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "driver/greeting.hpp"
#include "driver/key_names.hpp"
#include "integration/harness.hpp"
#include "redis/cluster/cluster_slots.hpp"
#include "support/redis_cluster.hpp"
#include "support/test_authority.hpp"

namespace redlock::integration {
namespace {

using support::redis_cluster;
using support::redis_cluster_options;
using testing::HasSubstr;

node_list only(const endpoint& where) {
    return node_list{std::vector<endpoint>{where}};
}

/// Names in slots of all masters, with and without tags of their own.
std::vector<std::string> many_names() {
    std::vector<std::string> names{"{user:1}.in", "{user:1}.out", "a{b", "a{b}c}", "*?[a]"};
    for (int number = 0; number < 40; ++number) {
        names.push_back("job:" + std::to_string(number));
    }
    return names;
}

TEST(cluster_node, takes_shows_extends_lists_and_releases_names_in_all_slots) {
    redis_cluster nodes;
    loop turned;
    client user{turned, only(nodes.where())};
    std::set<std::size_t> owners;
    std::vector<lock> held;
    for (const auto& name : many_names()) {
        owners.insert(nodes.owner_of(name));
        held.push_back(user.take(name, {.lease_time = 30s, .label = "test"}));
        EXPECT_TRUE(nodes.has(nodes.owner_of(name), driver::key_names{}.holder(name))) << name;
    }
    EXPECT_EQ(owners.size(), 3U) << "names of all masters";
    client other{turned, only(nodes.where())};
    const auto listed = other.list();
    EXPECT_FALSE(listed.first);
    std::set<std::string> names;
    for (const auto& each : listed.second) {
        names.insert(each.str());
    }
    for (lock& each : held) {
        const std::string& name = each.resource().str();
        EXPECT_EQ(names.count(name), 1U) << name;
        const auto status = other.status(name);
        EXPECT_EQ(status.verdict, lock_verdict::held) << name;
        EXPECT_EQ(status.holder, each.token()) << name;
        EXPECT_EQ(status.label, "test");
        EXPECT_EQ(other.try_acquire(name)->error, errc::contended) << name;
        EXPECT_FALSE(user.extend(each)) << name;
        EXPECT_FALSE(user.release(each)) << name;
        lock next = other.take(name);
        EXPECT_GT(next.fencing_token(), each.fencing_token()) << name;
        EXPECT_FALSE(other.release(next)) << name;
        EXPECT_EQ(user.is_locked(name), std::pair(error_code{}, false)) << name;
    }
    EXPECT_EQ(names.size(), held.size());
    held.clear();
    turned.io.restart();
    turned.io.run_for(hang);
    EXPECT_TRUE(turned.io.stopped()) << "nothing is outstanding";
}

TEST(cluster_node, needs_no_more_rights_than_documented) {
    redis_cluster nodes;
    for (std::size_t server = 0; server < nodes.size(); ++server) {
        // As in docs/cluster.md.
        EXPECT_EQ(nodes.command(server, {"ACL",
                                         "SETUSER",
                                         "redlock",
                                         "on",
                                         ">secret",
                                         "~job:*",
                                         "~redlock:*",
                                         "-@all",
                                         "+evalsha",
                                         "+eval",
                                         "+time",
                                         "+set",
                                         "+get",
                                         "+del",
                                         "+pttl",
                                         "+pexpire",
                                         "+hgetall",
                                         "+hset",
                                         "+hdel",
                                         "+hmget",
                                         "+hexists",
                                         "+pexpireat",
                                         "+zadd",
                                         "+zscore",
                                         "+zrem",
                                         "+zcount",
                                         "+zrevrangebyscore",
                                         "+zremrangebyscore",
                                         "+info",
                                         "+scan",
                                         "+cluster|slots",
                                         "+asking"}),
                  "OK");
    }
    endpoint where = nodes.where();
    where.user = "redlock";
    where.password = "secret";
    manager_options options = usual_options();
    options.guard = restart_guard::on;
    options.quorum_timeout = 300ms;
    loop turned;
    client user{turned, only(where), options};
    user.warm_up();
    EXPECT_FALSE(user.vouch()->error);
    const std::string name = nodes.name_at(0);
    lock held = user.take(name, {.label = "x"});
    EXPECT_FALSE(user.list().first);
    nodes.begin_move(redis::slot_of(name), 1);
    for (const auto& key :
         {name, driver::key_names{}.fence(name), driver::key_names{}.holder(name)}) {
        nodes.move_keys(redis::slot_of(name), 1, {key});
    }
    EXPECT_FALSE(user.extend(held));
    EXPECT_FALSE(user.release(held));
    EXPECT_EQ(user.try_acquire("other")->cause(0), node_errc::permission_denied);
    where.password = "wrong";
    client refused{turned, only(where), options};
    const auto got = refused.acquire(name);
    EXPECT_EQ(got->error, errc::no_quorum);
    EXPECT_EQ(got->cause(0), node_errc::authentication_failed);
    EXPECT_THAT(got->why.to_string(), testing::Not(HasSubstr("wrong")));
}

TEST(cluster_node, refuses_a_name_whose_keys_cannot_share_a_slot) {
    loop turned;
    endpoint nowhere;
    nowhere.cluster = {{"127.0.0.1", support::free_port()}};
    client user{turned, only(nowhere)};
    for (const std::string name : {"a}b", "{}x"}) {
        const auto refused = user.acquire(name);
        EXPECT_EQ(refused->error, errc::invalid_argument);
        EXPECT_THAT(refused->why.message, HasSubstr("hash tag"));
    }
}

TEST(cluster_node, lets_waiters_in_and_tells_once_that_they_look_again_and_again) {
    redis_cluster nodes;
    loop turned;
    client first{turned, only(nodes.where())};
    client second{turned, only(nodes.where())};
    lock held = first.take("job");
    const auto waiting = second.begin_acquire("job");
    ASSERT_TRUE(
        second.await([&] { return second.events().count(event_kind::tracking_refused) == 1; }));
    EXPECT_FALSE(first.release(held));
    ASSERT_TRUE(second.await([&] { return waiting->done; }));
    EXPECT_FALSE(waiting->error);
    // Deleted by hand: noticed when it is renewed.
    const auto lost = second.begin_wait_lost(waiting->value);
    nodes.command(nodes.owner_of("job"), {"DEL", "job"});
    EXPECT_EQ(second.extend(waiting->value), errc::lost);
    ASSERT_TRUE(second.await([&] { return lost->done; }));
    EXPECT_EQ(lost->error, errc::lost);
}

TEST(cluster_node, goes_on_elsewhere_while_one_master_is_frozen_or_dead) {
    redis_cluster nodes;
    loop turned;
    manager_options options = usual_options();
    options.node_timeout = 500ms;
    options.quorum_timeout = 1s;
    client user{turned, only(nodes.where()), options};
    const std::string here = nodes.name_at(0);
    const std::string there = nodes.name_at(1);
    lock at_both = user.take(there, {.lease_time = 30s});
    EXPECT_FALSE(user.release(at_both));
    lock kept = user.take(here, {.lease_time = 30s});

    nodes[1].freeze();
    EXPECT_FALSE(user.extend(kept));
    EXPECT_TRUE(user.try_acquire(there)->error);
    EXPECT_FALSE(user.extend(kept));
    nodes[1].kill();
    ASSERT_TRUE(user.await([&] { return user.events().count(event_kind::node_down) > 0; }));
    EXPECT_FALSE(user.extend(kept));
    const auto refused = user.acquire(there);
    EXPECT_EQ(refused->error, errc::no_quorum);
    EXPECT_THAT(refused->why.to_string(), HasSubstr(std::to_string(nodes[1].port())));
    EXPECT_FALSE(user.extend(kept));
    EXPECT_FALSE(user.release(kept));

    // A client that begins now finds two of the servers it knows alive.
    client later{turned, only(nodes.where()), options};
    lock also = later.take(here);
    EXPECT_EQ(later.acquire(there)->error, errc::no_quorum);
    EXPECT_FALSE(later.release(also));
    // And back again.
    nodes[1].restart();
    ASSERT_TRUE(user.await([&] { return !user.try_acquire(there)->error; }));
}

// The settings are kept by one master, the lock by another, and their answers come in any order.
TEST(cluster_node, has_no_vote_before_it_has_told_what_settings_its_clients_have) {
    redis_cluster nodes;
    loop turned;
    manager_options options = usual_options();
    options.node_timeout = 500ms;
    const std::string settings{driver::key_names{}.epoch()};
    const std::size_t keeper = nodes.owner_of(settings);
    const std::string elsewhere = nodes.name_at(keeper == 0 ? 1 : 0);
    client user{turned, only(nodes.where()), options};
    for (int times = 0; times < 2; ++times) {  // The second time behind what it reads at first.
        static_cast<void>(user.status(nodes.name_at(keeper)));
    }
    nodes.command(keeper, {"HSET", settings, "configuration", "nodes=3"});
    nodes[keeper].freeze();
    const auto refused = user.try_acquire(elsewhere);
    EXPECT_EQ(refused->error, errc::no_quorum) << "the other clients were not heard of yet";
    nodes[keeper].thaw();
    EXPECT_TRUE(
        user.await([&] { return user.try_acquire(elsewhere)->error == errc::different_nodes; }));
    EXPECT_TRUE(user.await([&] { return !nodes.has(nodes.owner_of(elsewhere), elsewhere); }));
}

TEST(cluster_node, takes_several_names_of_one_slot_together_and_refuses_others) {
    redis_cluster nodes;
    loop turned;
    client user{turned, only(nodes.where())};
    for (const std::string tag : {"{1}", "{bank}", "{user:1}"}) {
        lock held = user.take_all({tag + ".a", "b" + tag, tag}, {.label = "test"});
        EXPECT_EQ(held.resources().size(), 3U);
        EXPECT_FALSE(user.extend(held));
        for (const resource_name& each : held.resources()) {
            const std::size_t owner = nodes.owner_of(each.str());
            EXPECT_TRUE(nodes.has(owner, each.str()));
            EXPECT_TRUE(nodes.has(owner, driver::key_names{}.holder(each.str())));
        }
        EXPECT_FALSE(user.release(held));
        EXPECT_FALSE(nodes.has(nodes.owner_of(tag), tag));
    }
    const auto refused = user.try_acquire_all({nodes.name_at(0), nodes.name_at(1)});
    EXPECT_EQ(refused->error, errc::different_slots);
    EXPECT_THAT(refused->why.message, HasSubstr("hash tag"));
    EXPECT_EQ(user.try_acquire_all({"{x}.a", "a}b"})->error, errc::invalid_argument);
}

TEST(cluster_node, is_found_by_any_of_the_servers_that_are_named) {
    redis_cluster nodes;
    endpoint where;
    where.cluster = {{"127.0.0.1", support::free_port()},
                     {"no-such-host.invalid", 6379},
                     {"127.0.0.1", nodes[2].port()}};
    loop turned;
    client user{turned, only(where)};
    lock held = user.take(nodes.name_at(0));
    EXPECT_FALSE(user.release(held));
}

TEST(cluster_node, is_spoken_to_over_tls_by_every_connection) {
    const support::test_authority authority;
    const auto files = authority.issue();
    redis_cluster_options options;
    options.ca = authority.file();
    options.certificate = files.certificate;
    options.key = files.key;
    redis_cluster nodes{options};
    endpoint where = nodes.where_by_tls();
    where.tls.emplace();
    where.tls->ca = authority.file();
    loop turned;
    client user{turned, only(where)};
    for (std::size_t server = 0; server < nodes.size(); ++server) {
        lock held = user.take(nodes.name_at(server));
        nodes.move_slot(redis::slot_of(held.resource().str()), (server + 1) % nodes.size());
        EXPECT_FALSE(user.extend(held));
        EXPECT_FALSE(user.release(held));
    }
}

TEST(cluster_node, that_is_a_plain_server_says_so) {
    redis_server plain;
    endpoint where;
    where.cluster = {{"127.0.0.1", plain.port()}};
    loop turned;
    client user{turned, only(where), impatient_options()};
    const auto refused = user.acquire("job");
    EXPECT_EQ(refused->error, errc::no_quorum);
    EXPECT_THAT(refused->why.to_string(), HasSubstr("cluster support disabled"));
}

}  // namespace
}  // namespace redlock::integration
