// The rule in docs/keys-and-acl.md on a real server: with exactly it everything works, and without
// any one of its rights an error, or the event, names the one that is missing. The rule is read
// from the page itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "integration/documented_rule.hpp"
#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using words = std::vector<std::string>;

/// One guarded node, so that the rights of the guard are needed too.
class acl : public testing::Test {
  protected:
    acl() { allow({}); }

    /// The rule, and more words behind it that take something away.
    void allow(const words& then) {
        node.command({"ACL", "DELUSER", "redlock"});
        words rule = documented_rule("redlock");
        rule.insert(rule.end(), then.begin(), then.end());
        ASSERT_EQ(node.command(rule), "OK");
    }
    [[nodiscard]] std::string url(const std::string& rest = {}) const {
        return "redis://redlock:change-this-password@127.0.0.1:" + std::to_string(node.port()) +
               rest;
    }
    static manager_options guarded() {
        manager_options options = usual_options();
        options.guard = restart_guard::on;
        return options;
    }
    /// Somebody with all rights.
    [[nodiscard]] std::string any_user() const { return node.url(); }

    /// What is said if this right is taken away: of an acquisition,
    std::string of_acquiring(const std::string& without) {
        allow({without});
        client user{turned, {url()}, guarded()};
        const auto waiting = user.begin_acquire("orders:1");
        std::string said;
        EXPECT_TRUE(user.await([&] {
            for (const auto& failed : user.events().all(event_kind::attempt_failed)) {
                said = failed.details;
            }
            return !said.empty();
        }));
        waiting->cancel();
        EXPECT_TRUE(user.await([&] { return waiting->done; }));
        return said;
    }
    /// of one that has to wait in line,
    std::string of_standing_in_line(const std::string& without) {
        node.command({"SET", "orders:1", "somebody else"});
        const std::string said = of_acquiring(without);
        node.command({"DEL", "orders:1"});
        return said;
    }
    /// of a look at the lock,
    std::string of_status(const std::string& without) {
        allow({without});
        client user{turned, {url()}, guarded()};
        const auto seen = user.status("orders:1").nodes.at(0);
        return seen.message + seen.vote_message;
    }
    /// of what is done with a lock that is held,
    std::string of_holding(const std::string& without, event_kind kind) {
        client user{turned, {url()}, guarded()};
        lock held = user.take("orders:1", {.lease_time = 5s});
        // Not made anew, which would end its connections.
        node.command({"ACL", "SETUSER", "redlock", without});
        EXPECT_TRUE(kind == event_kind::extend_failed ? user.extend(held, 20s)
                                                      : user.release(held));
        const auto told = user.events().all(kind);
        node.command({"DEL", "orders:1"});
        allow({});
        return told.empty() ? "nothing" : told[0].message;
    }
    /// of a word given for the node,
    std::string of_vouching(const std::string& without) {
        allow({without});
        client user{turned, {url()}, guarded()};
        return user.vouch()->why.to_string();
    }
    /// and of waiting for news.
    std::string of_waiting(const std::string& without) {
        allow({without});
        client holder{turned, {any_user()}, guarded()};
        lock held = holder.take("orders:1");
        client user{turned, {url()}, guarded()};
        const auto waiting = user.begin_acquire("orders:1");
        EXPECT_TRUE(
            user.await([&] { return user.events().count(event_kind::tracking_refused) > 0; }));
        EXPECT_FALSE(holder.release(held));
        EXPECT_TRUE(user.await([&] { return waiting->done; })) << "it asks instead";
        EXPECT_FALSE(waiting->error) << waiting->why.to_string();
        const auto told = user.events().all(event_kind::tracking_refused);
        EXPECT_FALSE(user.close());
        return told.empty() ? "nothing" : told[0].message;
    }

    cluster nodes{1};
    redis_server& node = nodes[0];
    loop turned;
};

TEST_F(acl, the_documented_rule_is_enough_for_everything) {
    client user{turned, {url()}, guarded()};
    client other{turned, {url()}, guarded()};
    expect_full_use(user, other, "orders:1", [&] { return nodes.in_line("orders:1", 1); });
    client on_another_database{turned, {url("/1")}, guarded()};
    EXPECT_FALSE(on_another_database.status("jobs:1").nodes.at(0).error);
}

TEST_F(acl, a_missing_right_to_acquire_is_named) {
    EXPECT_THAT(of_acquiring("-evalsha"), HasSubstr("+evalsha)"));
    EXPECT_THAT(of_acquiring("-set"), HasSubstr("+set)"));
    EXPECT_THAT(of_acquiring("-time"), HasSubstr("+time)"));
    EXPECT_THAT(of_standing_in_line("-hgetall"), HasSubstr("+hgetall)"));
}

TEST_F(acl, a_missing_right_to_look_is_named) {
    EXPECT_THAT(of_status("-get"), HasSubstr("+get)"));
    EXPECT_THAT(of_status("-pttl"), HasSubstr("+pttl)"));
}

TEST_F(acl, a_missing_right_to_hold_is_named) {
    EXPECT_THAT(of_holding("-pexpire", event_kind::extend_failed), HasSubstr("+pexpire)"));
    EXPECT_THAT(of_holding("-del", event_kind::release_failed), HasSubstr("+del)"));
}

TEST_F(acl, a_missing_right_to_acquire_a_permit_is_named) {
    allow({"-mget"});
    for (const char* const slot : {"0", "1"}) {
        node.command({"SET", std::string{"redlock:slot:{orders:1}:"} + slot, "somebody else's"});
    }
    client user{turned, {url()}, guarded()};
    const auto refused = user.try_acquire_any({"orders:1", 2});
    EXPECT_EQ(refused->error, errc::no_quorum);
    EXPECT_THAT(refused->why.to_string(), HasSubstr("+mget)"));
    EXPECT_FALSE(user.try_acquire_all({"orders:1", "orders:2"})->error);
}

TEST_F(acl, a_missing_right_of_the_guard_is_named) {
    EXPECT_THAT(of_status("-info"), HasSubstr("+info)"));
    EXPECT_THAT(of_status("-eval"), HasSubstr("+eval)"));
    EXPECT_THAT(of_status("-hmget"), HasSubstr("+hmget)"));
    node.command({"HDEL", "redlock:epoch", "configuration"});
    EXPECT_THAT(of_acquiring("-hset"), HasSubstr("+hset)"));
    EXPECT_THAT(of_vouching("-hexists"), HasSubstr("+hexists)"));
    EXPECT_THAT(of_vouching("-hdel"), HasSubstr("+hdel)"));
}

TEST_F(acl, a_missing_right_to_be_told_is_named_and_waiting_goes_on) {
    EXPECT_THAT(of_waiting("-client|id"), HasSubstr("+client|id)"));
    EXPECT_THAT(of_waiting("-client|tracking"), HasSubstr("+client|tracking)"));
    EXPECT_THAT(of_waiting("-subscribe"), HasSubstr("+subscribe)"));
    EXPECT_THAT(of_waiting("resetchannels"), HasSubstr("&__redis__:invalidate)"));
}

TEST_F(acl, a_missing_right_to_list_or_select_is_named) {
    allow({"-scan"});
    client user{turned, {url()}, guarded()};
    diagnostics why;
    EXPECT_EQ(user.list({.details = &why}).first, errc::no_quorum);
    EXPECT_THAT(why.to_string(), HasSubstr("+scan)"));
    allow({"-select"});
    client elsewhere{turned, {url("/1")}, guarded()};
    EXPECT_THAT(elsewhere.status("orders:1").nodes.at(0).message, HasSubstr("+select)"));
}

TEST_F(acl, missing_keys_are_named) {
    allow({"resetkeys", "~redlock:*"});
    client user{turned, {url()}, guarded()};
    EXPECT_THAT(user.try_acquire("orders:1")->why.to_string(),
                AllOf(HasSubstr("~NAME"), HasSubstr("redlock doctor --resource NAME")));
    allow({"resetkeys", "~orders:*"});
    client other{turned, {url()}, guarded()};
    EXPECT_THAT(other.status("orders:1").nodes.at(0).vote_message,
                AllOf(HasSubstr("redlock:epoch"), HasSubstr("~redlock:*)")));
}

}  // namespace
}  // namespace redlock::integration
