// Keys behind a prefix on a real server whose ACL allows a tenant nothing else: that the rule of
// docs/keys-and-acl.md is enough, and that no tenant reaches the keys of another.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "integration/documented_rule.hpp"
#include "integration/harness.hpp"
#include "support/redis_peer.hpp"

namespace redlock::integration {
namespace {

using testing::HasSubstr;
using words = std::vector<std::string>;

/// Two users of one node, each with a rule of the page for keys behind a prefix.
class key_prefix : public testing::Test {
  protected:
    key_prefix() {
        for (const std::string name : {"team", "crew"}) {
            words rule = documented_rule("team");
            std::ranges::replace(rule, "team", name);
            std::ranges::replace(rule, "~team:*", fmt::format("~{}:*", name));
            EXPECT_EQ(nodes[0].command(rule), "OK");
            // A node that was met long ago, or the guard would wait: it knows nothing of what its
            // clients without a prefix have seen.
            nodes[0].command({"COPY", "redlock:epoch", name + ":redlock:epoch"});
        }
        nodes[0].command({"DEL", "redlock:epoch"});
    }
    [[nodiscard]] std::string url(const std::string& user) const {
        return "redis://" + user +
               ":change-this-password@127.0.0.1:" + std::to_string(nodes[0].port());
    }
    static manager_options behind(const std::string& prefix) {
        manager_options options = usual_options();
        options.guard = restart_guard::on;
        options.key_prefix = prefix;
        return options;
    }

    mutable cluster nodes{1};
    loop turned;
};

TEST_F(key_prefix, the_documented_rule_is_enough_for_everything) {
    client user{turned, {url("team")}, behind("team:")};
    client other{turned, {url("team")}, behind("team:")};
    expect_full_use(user, other, "team:1", [&] {
        return nodes[0].command({"HLEN", "team:redlock:line:{team:1}"}) != "0";
    });
    EXPECT_EQ(nodes[0].command({"KEYS", "redlock:*"}), "") << "all lies behind the prefix";
}

TEST_F(key_prefix, no_tenant_touches_what_is_anothers) {
    client team{turned, {url("team")}, behind("team:")};
    const lock held = team.take("team:1");
    const std::string fence = "team:redlock:fence:{team:1}";
    const std::string before = nodes[0].command({"GET", fence});
    client with_their_prefix{turned, {url("crew")}, behind("team:")};
    EXPECT_EQ(with_their_prefix.try_acquire("crew:1")->error, errc::no_quorum);
    client with_their_name{turned, {url("crew")}, behind("crew:")};
    EXPECT_EQ(with_their_name.try_acquire("team:2")->error, errc::no_quorum);
    client without{turned, {url("crew")}, behind("")};
    EXPECT_THAT(without.try_acquire("crew:1")->why.to_string(), HasSubstr("~redlock:*)"));
    EXPECT_FALSE(with_their_name.try_acquire("crew:1")->error) << "of their own they may";
    EXPECT_EQ(nodes[0].command({"GET", fence}), before);
    support::redis_peer peer{nodes[0].port()};
    peer.ask({"AUTH", "crew", "change-this-password"});
    EXPECT_THAT(peer.ask({"SET", fence, "1"}), HasSubstr("NOPERM"));
}

TEST_F(key_prefix, the_lock_key_excludes_those_with_other_prefixes) {
    client team{turned, {nodes[0].url()}, behind("team:")};
    client crew{turned, {nodes[0].url()}, behind("crew:")};
    lock held = team.take("shared");
    EXPECT_EQ(crew.try_acquire("shared")->error, errc::contended);
    EXPECT_FALSE(team.release(held));
    EXPECT_FALSE(crew.try_acquire("shared")->error);
}

TEST_F(key_prefix, a_list_by_pattern_shows_no_keys_of_another_prefix) {
    client team{turned, {nodes[0].url()}, behind("team:")};
    const lock held = team.take("team:1");
    client all{turned, {nodes[0].url()}, behind("")};
    turned.run([&]() -> asio::awaitable<void> {
        list_options with;
        with.pattern = "team:*";
        const auto names = co_await all.manager->async_list(with, asio::use_awaitable);
        EXPECT_EQ(names, std::vector{resource_name{"team:1"}});
    });
}

TEST_F(key_prefix, the_doctor_judges_by_the_prefix) {
    client user{turned, {url("team")}, behind("team:")};
    client lost{turned, {url("crew")}, behind("team:")};
    const auto rules = [this](client& of) {
        std::vector<std::string> all;
        turned.run([&]() -> asio::awaitable<void> {
            const auto seen =
                co_await of.manager->async_examine({.samples = 1}, asio::use_awaitable);
            for (const auto& each : seen.at(0).missing) {
                all.push_back(each.rule);
            }
        });
        return all;
    };
    EXPECT_THAT(rules(user), testing::IsEmpty());
    EXPECT_THAT(rules(lost), testing::ElementsAre("~team:redlock:*"));
}

TEST_F(key_prefix, reserved_names_are_refused_by_all_operations) {
    client user{turned, {nodes[0].url()}, behind("team:")};
    for (const std::string name : {"redlock:epoch", "team:redlock:epoch"}) {
        const auto tried = user.try_acquire(name);
        EXPECT_EQ(tried->error, errc::invalid_argument);
        EXPECT_THAT(tried->why.to_string(), HasSubstr("reserved"));
        turned.run([&]() -> asio::awaitable<void> {
            constexpr auto both = asio::as_tuple(asio::use_awaitable);
            lock_manager& locks = *user.manager;
            EXPECT_EQ(std::get<0>(co_await locks.async_attach(name, lock_token{"t"}, {}, both)),
                      errc::invalid_argument);
            EXPECT_EQ(std::get<0>(co_await locks.async_status(name, both)), errc::invalid_argument);
            EXPECT_EQ(std::get<0>(co_await locks.async_is_locked(name, both)),
                      errc::invalid_argument);
            EXPECT_EQ(std::get<0>(co_await locks.async_examine({.resource = name}, both)),
                      errc::invalid_argument);
        });
    }
    EXPECT_EQ(nodes[0].command({"DBSIZE"}), "2") << "nothing but the epochs of the fixture";
}

}  // namespace
}  // namespace redlock::integration
