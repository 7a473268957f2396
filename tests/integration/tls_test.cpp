// Locks over TLS: what works without it works with it, on both connections of a node; and a node
// that cannot prove who it is costs its vote and no more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "integration/harness.hpp"
#include "support/test_authority.hpp"

namespace redlock::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct locks_over_tls : testing::Test {
    [[nodiscard]] redis_server_options with_tls() const {
        redis_server_options options;
        options.tls = {.files = authority.issue(), .ca = authority.file()};
        return options;
    }
    [[nodiscard]] std::string secure_url(std::size_t node, const std::string& query) {
        return "rediss://127.0.0.1:" + std::to_string(nodes[node].tls_port()) + "?" + query;
    }
    [[nodiscard]] std::vector<std::string> secure_urls(const std::string& query) {
        std::vector<std::string> urls;
        for (std::size_t node = 0; node < nodes.size(); ++node) {
            urls.push_back(secure_url(node, query));
        }
        return urls;
    }
    [[nodiscard]] std::string trusting() const { return "ca=" + authority.file(); }

    support::test_authority authority;
    cluster nodes{3, with_tls()};
    loop turned;
};

TEST_F(locks_over_tls, are_taken_extended_and_released) {
    client user{turned, secure_urls(trusting())};
    lock held = user.take("job", {.label = "x"});
    EXPECT_TRUE(turned.until([&] { return nodes.having("job", held.token().str()) == 3; }));
    EXPECT_EQ(user.try_acquire("job")->error, errc::contended);
    EXPECT_EQ(user.status("job").holder, held.token());
    EXPECT_FALSE(user.extend(held, 30s));
    EXPECT_FALSE(user.release(held));
    EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 0; }));
    EXPECT_FALSE(user.close());
    EXPECT_EQ(user.events().count(event_kind::node_down), 0U);
    EXPECT_EQ(user.events().count(event_kind::node_unverified), 0U);
}

TEST_F(locks_over_tls, exclude_those_over_plain_connections) {
    client secure{turned, secure_urls(trusting())};
    client plain{turned, nodes.urls()};
    client mixed{turned, {nodes[0].url(), secure_url(1, trusting()), secure_url(2, trusting())}};
    std::vector<client*> all{&secure, &plain, &mixed};
    for (client* const holder : all) {
        lock held = holder->take("job");
        for (client* const other : all) {
            EXPECT_EQ(other->try_acquire("job")->error, errc::contended);
        }
        EXPECT_FALSE(holder->release(held));
        ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 0; }));
    }
}

// The bound is far below every other way in which the waiter would look again.
TEST_F(locks_over_tls, wake_who_waits_for_them) {
    client user{turned, secure_urls(trusting())};
    for (int times = 0; times < 3; ++times) {
        nodes.each([](redis_server& node) {
            node.command({"SET", "job", "theirs", "PX", "60000"});
        });
        const auto waiting = user.begin_acquire("job");
        // Every subscription is up, so that the deletion must be told and not found.
        ASSERT_TRUE(turned.until([&] {
            return nodes.count([](redis_server& node) {
                return node.command({"CLIENT", "LIST", "TYPE", "pubsub"}).find("cmd=subscribe") !=
                       std::string::npos;
            }) == 3;
        }));
        ASSERT_TRUE(silent_for(100ms, turned, nodes)) << "it has looked for the last time";
        nodes.each([](redis_server& node) { node.command({"DEL", "job"}); });
        ASSERT_TRUE(turned.until([&] { return waiting->done; }, 5s));
        ASSERT_FALSE(waiting->error);
        ASSERT_FALSE(user.release(waiting->value));
        ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 0; }));
    }
    EXPECT_GT(user.events().count(event_kind::woken), 0U);
}

TEST_F(locks_over_tls, are_renewed_and_survive_a_node_that_restarts) {
    client user{turned, secure_urls(trusting())};
    lock held = user.take("job", {.lease_time = 1s, .renew = true});
    nodes[0].restart();
    ASSERT_TRUE(turned.until([&] { return user.events().count(event_kind::node_ready) > 3; }));
    ASSERT_TRUE(turned.until([&] { return user.events().count(event_kind::extended) > 4; }));
    EXPECT_TRUE(held.valid());
    EXPECT_FALSE(user.release(held));
}

TEST_F(locks_over_tls, need_only_a_majority_of_nodes_that_prove_who_they_are) {
    const support::test_authority stranger{"stranger"};
    client user{turned,
                {secure_url(0, trusting()), secure_url(1, "ca=" + stranger.file()),
                 secure_url(2, trusting())}};
    lock held = user.take("job");
    EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 2; }));
    EXPECT_FALSE(nodes[1].get("job")) << "nothing is sent to a stranger";
    EXPECT_FALSE(user.release(held));

    client lost{turned,
                {secure_url(0, trusting()), secure_url(1, "ca=" + stranger.file()),
                 secure_url(2, "ca=" + stranger.file())}};
    const auto failed = lost.try_acquire("other");
    EXPECT_EQ(failed->error, errc::no_quorum);
    EXPECT_EQ(failed->cause(1), node_errc::tls_failed);
    EXPECT_EQ(failed->cause(2), node_errc::tls_failed);
    EXPECT_THAT(failed->why.to_string(),
                AllOf(HasSubstr("whom nothing here trusts"), HasSubstr("ca=")));
}

TEST_F(locks_over_tls, are_warned_of_once_a_node_if_anybody_is_believed) {
    client user{turned, {secure_url(0, "verify=none"), secure_url(1, trusting()), nodes[2].url()}};
    lock held = user.take("job");
    const auto warnings = [&] { return user.events().all(event_kind::node_unverified); };
    ASSERT_TRUE(turned.until([&] { return !warnings().empty(); }));
    nodes[0].restart();
    ASSERT_TRUE(turned.until([&] {
        static_cast<void>(user.status("job"));
        return user.events().count(event_kind::node_ready) > 3;
    }));
    ASSERT_EQ(warnings().size(), 1U);
    EXPECT_EQ(warnings().front().node, 0U);
    EXPECT_THAT(warnings().front().message, HasSubstr("verify=none"));
    EXPECT_FALSE(user.release(held));
}

}  // namespace
}  // namespace redlock::integration
