// A node that is whichever server three real Sentinels name: found past Sentinels that are no help,
// followed when it dies, hangs, is demoted or is cut off, and what becomes of locks meanwhile. Each
// test has its own servers, and takes the seconds that Sentinels need to agree on a failover.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "integration/harness.hpp"
#include "support/watched_servers.hpp"

namespace redlock::integration {
namespace {

using support::watched_servers;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// An acquisition outlasts a failover.
manager_options patient_options() {
    manager_options options = usual_options();
    options.quorum_timeout = hang;
    return options;
}

/// What one attempt with these nodes fails with, and why.
std::pair<error_code, std::string> refusal_of(loop& turned, const std::string& url) {
    client user{turned, {url}, impatient_options()};
    const auto tried = user.try_acquire("job");
    return {tried->cause(0), tried->why.to_string()};
}

TEST(sentinel_test, the_master_is_found_past_sentinels_that_are_no_help) {
    watched_servers watched{"the-watchers-secret"};
    loop turned;
    const std::string url = watched.url();
    const std::string with_password = url + "?sentinel_password=the-watchers-secret";
    const auto can_lock = [&](const std::string& name, const std::string& by) {
        client user{turned, {by}};
        const lock held = user.take(name);
        return watched.first().get(name) == held.token().str();
    };
    EXPECT_TRUE(can_lock("all-well", with_password));
    // The right that docs/sentinel.md tells is enough.
    for (std::size_t each = 0; each < watched_servers::sentinels; ++each) {
        ASSERT_EQ(watched.ask(each, {"ACL", "SETUSER", "locks", "on", ">pw", "-@all",
                                     "+sentinel|get-master-addr-by-name"}),
                  "OK");
    }
    EXPECT_TRUE(can_lock("as-user", url + "?sentinel_user=locks&sentinel_password=pw"));

    auto [cause, why] = refusal_of(turned, url);
    EXPECT_EQ(cause, node_errc::authentication_failed);
    EXPECT_THAT(why, HasSubstr("NOAUTH"));
    std::tie(cause, why) = refusal_of(turned, url + "?sentinel_password=another-secret");
    EXPECT_EQ(cause, node_errc::authentication_failed);
    EXPECT_THAT(why, AllOf(HasSubstr("WRONGPASS"), Not(HasSubstr("another-secret"))));
    for (std::size_t each = 0; each < watched_servers::sentinels; ++each) {
        EXPECT_THAT(why, HasSubstr(watched.sentinel_address(each)));
    }
    std::string elsewhere = with_password;
    elsewhere.replace(elsewhere.find("mymaster"), 8, "nobodys");
    std::tie(cause, why) = refusal_of(turned, elsewhere);
    EXPECT_EQ(cause, node_errc::error_reply);
    EXPECT_THAT(why, HasSubstr("it knows no master called \"nobodys\""));

    // One who was told wrongly names a replica.
    const std::string replica = std::to_string(watched.second().port());
    ASSERT_EQ(watched.ask(2, {"SENTINEL", "MONITOR", "wrong", "127.0.0.1", replica, "2"}), "OK");
    std::tie(cause, why) = refusal_of(turned, "redis+sentinel://" + watched.sentinel_address(2) +
                                                  "/wrong?sentinel_password=the-watchers-secret");
    EXPECT_EQ(cause, node_errc::read_only);
    EXPECT_THAT(why, HasSubstr("the Sentinels name 127.0.0.1:" + replica + ", which is a replica"));

    watched.sentinel(0).freeze();
    EXPECT_TRUE(can_lock("first-frozen", with_password));
    watched.sentinel(1).kill();
    EXPECT_TRUE(can_lock("second-dead-too", with_password));
}

TEST(sentinel_test, a_killed_master_is_followed_and_locks_are_kept_or_reported_lost) {
    watched_servers watched;
    redis_server& replica = watched.second();
    loop turned;
    client user{turned, {watched.url()}, patient_options()};
    lock kept = user.take("kept", {.lease_time = 50s});
    ASSERT_TRUE(user.await([&] { return replica.get("kept") == kept.token().str(); }));
    // What the replica does not get to see before the master dies.
    replica.freeze();
    watched.first().command({"CLIENT", "KILL", "TYPE", "replica"});
    lock gone = user.take("gone", {.lease_time = 50s});
    watched.first().kill();
    replica.thaw();

    lock next = user.take("next");
    EXPECT_EQ(replica.get("next"), next.token().str());
    EXPECT_TRUE(watched.names(0, replica) || watched.names(1, replica) ||
                watched.names(2, replica));
    EXPECT_FALSE(user.extend(kept));
    EXPECT_TRUE(kept.valid());
    EXPECT_EQ(user.extend(gone), errc::lost);
    EXPECT_FALSE(user.release(kept));
    EXPECT_FALSE(replica.get("kept"));

    // Not before all have heard of it: one that has not would lead to the dead one.
    ASSERT_TRUE(user.await([&] { return watched.is_master(replica); }));
    client doubled{turned, {watched.url(), replica.url()}, impatient_options()};
    EXPECT_EQ(doubled.try_acquire("other")->error, errc::same_server_twice);
}

TEST(sentinel_test, a_lock_outlives_a_failover_of_one_of_three_nodes) {
    watched_servers watched;
    watched.first().vouch();
    cluster others{2};
    loop turned;
    client user{turned, {watched.url(), others[0].url(), others[1].url()}, patient_options()};
    user.warm_up();
    lock held = user.take("job", {.lease_time = 50s});
    ASSERT_TRUE(user.await([&] { return watched.second().get("job") == held.token().str(); }));
    ASSERT_TRUE(user.await([&] { return watched.has_good_replica(); }));
    ASSERT_EQ(watched.ask(0, {"SENTINEL", "FAILOVER", "mymaster"}), "OK");
    ASSERT_TRUE(user.await([&] { return watched.is_master(watched.second()); }));

    // The old master goes on as one until a Sentinel tells it, which may be long after.
    ASSERT_TRUE(user.await([&] {
        const auto node = user.status("job").nodes[0];
        return !node.error && node.vote_error == node_errc::quarantined;
    })) << "promoted just now";
    EXPECT_GT(user.status("job").nodes[0].quarantine.value_or(0ms), 30s);
    EXPECT_TRUE(held.valid());
    EXPECT_FALSE(user.extend(held));
    client rival{turned, {watched.url(), others[0].url(), others[1].url()}, impatient_options()};
    EXPECT_TRUE(rival.try_acquire("job")->error);
    EXPECT_FALSE(user.release(held));
    EXPECT_TRUE(user.await([&] { return !watched.second().get("job"); }));
    EXPECT_TRUE(user.await([&] { return others.having("job") == 0; }));
    lock next = user.take("next");
    EXPECT_EQ(others.having("next", next.token().str()), 2U) << "the two that have a vote";
}

TEST(sentinel_test, a_master_that_hangs_and_one_that_was_cut_off_are_left) {
    watched_servers watched;
    loop turned;
    client user{turned, {watched.url()}, patient_options()};
    user.rehearse();
    watched.first().freeze();
    lock held = user.take("while-it-hangs", {.lease_time = 50s});
    EXPECT_EQ(watched.second().get("while-it-hangs"), held.token().str());
    watched.first().thaw();
    ASSERT_TRUE(user.await([&] { return watched.is_master(watched.second()); }));

    // All Sentinels name another, of which the present master knows nothing. They forget first: one
    // that still knew could persuade the others.
    client steady{turned, {watched.url()}, patient_options()};
    steady.rehearse();
    redis_server other;
    const std::string port = std::to_string(other.port());
    const auto all_do = [&](const std::vector<std::string>& words) {
        for (std::size_t each = 0; each < watched_servers::sentinels; ++each) {
            ASSERT_EQ(watched.ask(each, words), "OK");
        }
    };
    all_do({"SENTINEL", "REMOVE", "mymaster"});
    all_do({"SENTINEL", "MONITOR", "mymaster", "127.0.0.1", port, "2"});
    EXPECT_TRUE(steady.await([&] {
        const lock anew = steady.take("cut-off");
        return other.get("cut-off") == anew.token().str();
    }));
    EXPECT_TRUE(watched.second().command({"ROLE"}).starts_with("master"));
}

}  // namespace
}  // namespace redlock::integration
