// What arrives late: grants after the attempt was decided, releases to nodes that could not hear
// them, and either on a connection that breaks in between. Nothing of ours may stay on a node.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "integration/harness.hpp"
#include "integration/proxy.hpp"
#include "scripts/scripts.hpp"

namespace redlock::integration {
namespace {

struct late : testing::Test {
    cluster nodes{3};
    loop turned;
};

// Node timeouts short enough to pass in a test, long enough for healthy nodes.
manager_options short_timeout() {
    manager_options options = usual_options();
    options.node_timeout = 300ms;
    options.connect_timeout = 1s;
    return options;
}

TEST_F(late, grant_of_a_lost_attempt_is_released) {
    client user{turned, nodes.urls(), short_timeout()};
    user.rehearse();
    for (const std::size_t node : {0U, 1U}) {
        nodes[node].command({"SET", "job", "theirs", "PX", "60000"});
    }
    nodes[2].freeze();
    EXPECT_EQ(user.try_acquire("job")->error, errc::contended);
    nodes[2].thaw();
    EXPECT_TRUE(user.await([&] { return cleaned(nodes[2], "job"); }));
    EXPECT_EQ(nodes.having("job", "theirs"), 2U);
}

TEST_F(late, grant_of_an_attempt_that_timed_out_is_told_to_the_observer) {
    client user{turned, nodes.urls(), short_timeout()};
    user.rehearse();
    nodes.freeze(1, 3);
    EXPECT_EQ(user.try_acquire("job")->error, errc::no_quorum);
    nodes.thaw();
    for (std::size_t node = 0; node < 3; ++node) {
        EXPECT_TRUE(user.await([&] { return cleaned(nodes[node], "job"); }));
    }
    EXPECT_TRUE(
        user.await([&] { return user.events().count(event_kind::late_grant_released) == 2; }));
}

TEST_F(late, grant_of_an_attempt_that_ended_by_its_deadline_is_released) {
    client user{turned, nodes.urls()};  // the node timeout is far off
    user.rehearse();
    nodes.freeze(1, 3);
    EXPECT_EQ(user.acquire("job", {.wait = 100ms})->error, errc::no_quorum);
    nodes.thaw();
    for (std::size_t node = 0; node < 3; ++node) {
        EXPECT_TRUE(user.await([&] { return cleaned(nodes[node], "job"); }));
    }
}

TEST_F(late, grant_of_a_lock_that_is_held_belongs_to_it) {
    client user{turned, nodes.urls(), short_timeout()};
    user.rehearse();
    nodes[2].freeze();
    lock held = user.take("job", {.lease_time = 60s});
    nodes[2].thaw();
    EXPECT_TRUE(user.await([&] { return nodes.having("job", held.token().str()) == 3; }));
    // And counts: two other nodes are not needed both any more.
    EXPECT_FALSE(user.extend(held, 50s));
    nodes[0].command({"DEL", "job"});
    EXPECT_FALSE(user.extend(held, 55s));
    EXPECT_FALSE(user.release(held));
    EXPECT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
}

TEST_F(late, grant_of_a_lock_that_is_lost_does_not_outlive_the_manager) {
    client user{turned, nodes.urls()};  // the node timeout is far off
    user.rehearse();
    nodes[2].freeze();
    lock held = user.take("job", {.lease_time = 60s});
    const auto watching = user.begin_wait_lost(held);
    for (const std::size_t node : {0U, 1U}) {
        nodes[node].command({"DEL", "job"});
    }
    ASSERT_TRUE(user.await([&] { return watching->done; }));
    EXPECT_EQ(watching->error, errc::lost);
    const auto closing = user.begin_close();
    turned.step();
    nodes[2].thaw();
    ASSERT_TRUE(user.await([&] { return closing->done; }));
    EXPECT_FALSE(closing->error);
    EXPECT_TRUE(cleaned(nodes[2], "job"));
    held = lock{};
}

TEST_F(late, release_reaches_a_frozen_node_after_the_thaw) {
    client user{turned, nodes.urls(), short_timeout()};
    lock held = user.take("job", {.lease_time = 60s});
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
    nodes[2].freeze();
    EXPECT_FALSE(user.release(held)) << "a quorum confirmed";
    nodes[2].thaw();
    EXPECT_TRUE(user.await([&] { return cleaned(nodes[2], "job"); }));
}

TEST_F(late, acquire_and_release_both_reach_a_node_that_was_frozen_through_both) {
    client user{turned, nodes.urls(), short_timeout()};
    user.rehearse();
    nodes[2].freeze();
    for (int turn = 0; turn < 10; ++turn) {
        lock held = user.take("job", {.lease_time = 60s});
        EXPECT_FALSE(user.release(held));
    }
    nodes[2].thaw();
    EXPECT_TRUE(user.await([&] { return cleaned(nodes[2], "job"); }));
    lock again = user.take("job");
    EXPECT_TRUE(user.await([&] { return nodes.having("job", again.token().str()) == 3; }))
        << "and nothing is left that stands in the way there";
}

TEST_F(late, release_after_the_connections_were_killed_is_sent_again) {
    client user{turned, nodes.urls(), short_timeout()};
    lock held = user.take("job", {.lease_time = 60s});
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
    nodes.each([](redis_server& node) {
        node.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
    });
    static_cast<void>(user.release(held));
    EXPECT_TRUE(user.await([&] { return nodes.having("job") == 0; }))
        << "long before the lease of 60 s ends";
}

TEST_F(late, acquire_without_its_script_is_not_repeated_behind_its_release) {
    client user{turned, nodes.urls()};  // the node timeout is far off
    user.rehearse();
    nodes[2].command({"SCRIPT", "FLUSH"});
    nodes[2].command({"SCRIPT", "LOAD", std::string{scripts::release.body}});
    nodes[2].freeze();
    lock held = user.take("job", {.lease_time = 60s});
    EXPECT_FALSE(user.release(held));
    nodes[2].thaw();
    EXPECT_FALSE(user.close()) << "all is answered";
    EXPECT_EQ(nodes.having("job"), 0U);
}

// Where the bar is left out, since the node's clock is far behind, it would plant the lock anew.
TEST_F(late, extension_without_its_script_is_not_repeated_behind_its_release) {
    client user{turned, nodes.urls()};  // the node timeout is far off
    lock held = user.take("job", {.lease_time = 60s});
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
    nodes[2].command({"SCRIPT", "FLUSH"});
    nodes[2].command({"SCRIPT", "LOAD", std::string{scripts::release.body}});
    nodes[2].freeze();
    EXPECT_FALSE(user.extend(held, 50s));
    EXPECT_FALSE(user.release(held));
    nodes[2].thaw();
    EXPECT_FALSE(user.close()) << "all is answered";
    EXPECT_EQ(nodes.having("job"), 0U);
    EXPECT_EQ(nodes[2].command({"SCRIPT", "EXISTS", std::string{scripts::extend.sha1}}), "0");
}

TEST_F(late, extension_without_its_script_is_not_repeated_behind_a_loss) {
    client user{turned, nodes.urls()};  // the node timeout is far off
    lock held = user.take("job", {.lease_time = 60s});
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
    nodes[2].command({"SCRIPT", "FLUSH"});
    nodes[2].command({"SCRIPT", "LOAD", std::string{scripts::release.body}});
    nodes[2].freeze();
    EXPECT_FALSE(user.extend(held, 50s));
    for (const std::size_t node : {0U, 1U}) {
        nodes[node].command({"DEL", "job"});
    }
    EXPECT_EQ(user.extend(held, 50s), errc::lost);
    nodes[2].thaw();
    static_cast<void>(user.status("other"));  // answered behind all that was sent before
    EXPECT_FALSE(user.close()) << "all is answered";
    EXPECT_EQ(nodes.having("job"), 0U);
    EXPECT_EQ(nodes[2].command({"SCRIPT", "EXISTS", std::string{scripts::extend.sha1}}), "0");
}

/// A third node behind a proxy.
struct late_by_proxy : late {
    late_by_proxy() {
        urls[2] = between.url();
        user.emplace(turned, urls, short_timeout());
        user->rehearse();
    }
    std::uint64_t fence(std::size_t node) {
        return std::stoull(nodes[node].get(fence_of("job")).value_or("0"));
    }
    std::vector<std::string> urls = nodes.urls();
    proxy between{turned.io, nodes[2].port()};
    std::optional<client> user;
};

TEST_F(late_by_proxy, a_lost_release_is_sent_again_on_the_next_connection) {
    lock held = user->take("job", {.lease_time = 60s});
    ASSERT_TRUE(user->await([&] { return nodes.having("job") == 3; }));
    between.drop_requests = true;
    EXPECT_FALSE(user->release(held));
    ASSERT_TRUE(user->await([&] { return between.dropped > 0; }));
    between.cut();
    between.drop_requests = false;
    EXPECT_TRUE(user->await([&] { return nodes.having("job") == 0; }));
}

TEST_F(late_by_proxy, a_grant_whose_answer_was_lost_is_released_on_the_next_connection) {
    between.drop_replies = true;
    lock held = user->take("job", {.lease_time = 60s});
    ASSERT_TRUE(user->await([&] { return nodes.having("job") == 3; }));
    between.drop_requests = true;
    EXPECT_FALSE(user->release(held));
    between.cut();
    between.drop_requests = between.drop_replies = false;
    EXPECT_TRUE(user->await([&] { return cleaned(nodes[2], "job"); }));
}

TEST_F(late_by_proxy, a_lost_attempt_whose_answer_and_release_were_lost_is_released_too) {
    nodes[0].command({"SET", "job", "theirs", "PX", "60000"});
    nodes[1].command({"SET", "job", "theirs", "PX", "60000"});
    between.drop_replies = true;
    const auto lost = user->begin_acquire("job", {.lease_time = 60s, .wait = 0s});
    ASSERT_TRUE(user->await([&] { return nodes[2].get("job").has_value(); }));
    between.drop_requests = true;
    ASSERT_TRUE(user->await([&] { return lost->done; }));
    EXPECT_EQ(lost->error, errc::contended);
    between.cut();
    between.drop_requests = between.drop_replies = false;
    EXPECT_TRUE(user->await([&] { return cleaned(nodes[2], "job"); }));
}

// The release may overtake the ACQUIRE: it is on a new connection while the ACQUIRE is still in the
// buffers of the old one. The bar makes a late ACQUIRE stale.
TEST_F(late_by_proxy, an_acquisition_on_a_connection_that_breaks_is_barred_by_its_release) {
    nodes[2].freeze();
    lock held = user->take("job", {.lease_time = 60s});
    between.cut();
    EXPECT_FALSE(user->release(held));
    nodes[2].thaw();
    ASSERT_TRUE(user->await([&] { return fence(2) > fence(0); }));
    EXPECT_TRUE(cleaned(nodes[2], "job"));
}

TEST_F(late_by_proxy, an_acquisition_on_a_connection_that_broke_is_barred_by_its_release) {
    const auto ready = user->events().count(event_kind::node_ready);
    between.drop_replies = true;
    lock held = user->take("job", {.lease_time = 60s});
    between.cut();
    between.drop_replies = false;
    // Nobody connects who has nothing to ask.
    ASSERT_TRUE(user->await([&] {
        static_cast<void>(user->status("other"));
        return user->events().count(event_kind::node_ready) > ready;
    }));
    EXPECT_FALSE(user->release(held));
    ASSERT_TRUE(user->await([&] { return fence(2) > fence(0); }));
    EXPECT_TRUE(cleaned(nodes[2], "job"));
}

}  // namespace
}  // namespace redlock::integration
