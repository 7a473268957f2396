// Acquisitions whose answers come late, not at all, or after the connection broke: servers that say
// exactly what a test wants, when it wants. Each test is one way to end up with an orphaned lock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include "driver/attempt_world.hpp"

namespace redlock::driver {
namespace {

using namespace std::chrono_literals;
using core::acquire_outcome;
using core::release_outcome;
using testing::ElementsAre;

const std::string granted_reply = ":1700000000000000\r\n";
const std::string removed = ":1\r\n";
const std::string noscript = "-NOSCRIPT No matching script. Please use EVAL.\r\n";
const std::string busy = "*3\r\n:0\r\n:50000\r\n$6\r\ntheirs\r\n";
const std::string silence;

/// Answers ACQUIRE like this, and removes the lock when asked to.
scripted_node::script_handler acquire_says(std::string answer) {
    return [answer = std::move(answer)](const std::string& script) {
        return redis::fake_server::answer{.bytes =
                                              script.starts_with("acquire") ? answer : removed};
    };
}

class late_reply : public testing::Test {
  protected:
    std::shared_ptr<acquire_attempt> begin() {
        const auto attempt = std::make_shared<acquire_attempt>(*world->pool, world->identity(),
                                                               attempt_world::lease);
        attempt->start(owner);
        return attempt;
    }
    std::shared_ptr<acquire_attempt> decided() {
        auto attempt = begin();
        EXPECT_TRUE(world->run_until([&] { return owner.decided > 0; }));
        return attempt;
    }
    bool run_until_calls(const scripted_node& node, std::size_t count) {
        return world->run_until([&] { return node.calls().size() >= count; });
    }
    void make_world(manager_options options = attempt_world::patient()) {
        // The servers' event loop is the nodes': one thread, one order of things.
        TearDown();
        world = std::make_unique<attempt_world>(std::vector<std::string>{}, options);
        a = std::make_unique<scripted_node>(world->io, "a");
        b = std::make_unique<scripted_node>(world->io, "b");
        c = std::make_unique<scripted_node>(world->io, "c");
        world->connect_to({a->url(), b->url(), c->url()}, options);
    }
    void SetUp() override { make_world(); }
    void TearDown() override {
        a.reset();
        b.reset();
        c.reset();
        world.reset();
    }

    noting_owner owner;
    std::unique_ptr<attempt_world> world;
    std::unique_ptr<scripted_node> a, b, c;
};

TEST_F(late_reply, grant_belongs_to_the_lock_that_is_held) {
    c->on_script = acquire_says(silence);
    const auto attempt = decided();
    ASSERT_EQ(attempt->round().outcome(), acquire_outcome::held);
    ASSERT_TRUE(run_until_calls(*c, 1));
    EXPECT_TRUE(attempt->round().doubtful().contains(2));
    c->server.answer_late(granted_reply);
    ASSERT_TRUE(world->run_until([&] { return attempt->round().granted().contains(2); }));
    EXPECT_EQ(world->told->count(event_kind::late_grant_released), 0U);
    EXPECT_THAT(c->calls(), ElementsAre("acquire"));
}

TEST_F(late_reply, without_the_script_leaves_no_place_in_line_for_a_lock_that_is_held) {
    for (auto* const each : {a.get(), b.get()}) {
        each->on_script = acquire_says(granted_reply);
    }
    c->on_script = acquire_says(silence);
    const line_place place{.id = "me-1", .ticket = 1};
    const auto attempt = std::make_shared<acquire_attempt>(*world->pool, world->identity(),
                                                           attempt_world::lease, &place);
    attempt->start(owner);
    ASSERT_TRUE(run_until_calls(*c, 1));
    ASSERT_TRUE(
        world->run_until([&] { return attempt->round().outcome() == acquire_outcome::held; }));
    c->server.answer_late(noscript);
    ASSERT_TRUE(run_until_calls(*c, 2));
    EXPECT_EQ(c->calls().back(), "acquire_in_line!");
    const redis::fake_server::words leave{"HDEL", "redlock:line:{job}", "me-1", "called me-1"};
    ASSERT_TRUE(world->run_until([&] { return c->server.received.back() == leave; }));
}

TEST_F(late_reply, grant_to_a_lost_attempt_was_followed_by_its_release) {
    a->on_script = acquire_says(busy);
    b->on_script = acquire_says(busy);
    c->on_script = always(silence);
    const auto attempt = decided();
    ASSERT_EQ(attempt->round().outcome(), acquire_outcome::contended);
    EXPECT_THAT(c->calls(), ElementsAre("acquire"));
    attempt->release_stragglers();
    ASSERT_TRUE(run_until_calls(*c, 2));
    EXPECT_THAT(c->calls(), ElementsAre("acquire", "release"));
    // On the same connection, hence in this order, and without a bar; the other connection has only
    // met the server a second time.
    EXPECT_EQ(c->server.accepted, 2);
    const auto release = c->last("release");
    ASSERT_EQ(release.size(), 5U);
    EXPECT_EQ(release[3], "job");
    EXPECT_EQ(release[4], attempt->identity().token().str());
    // The ACQUIRE that is not answered, and its release.
    EXPECT_EQ(world->pool->open_writes(), 2U);
    c->server.answer_late(granted_reply);
    ASSERT_TRUE(
        world->run_until([&] { return world->told->count(event_kind::late_grant_released) > 0; }));
    EXPECT_EQ(world->pool->open_writes(), 1U);
    c->server.answer_late(removed);
    ASSERT_TRUE(world->run_until_settled());
    // Nodes that said busy have nothing to release.
    EXPECT_THAT(a->calls(), ElementsAre("acquire"));
}

TEST_F(late_reply, grant_to_a_contended_attempt_is_released_when_it_comes) {
    a->on_script = acquire_says(busy);
    b->on_script = acquire_says(busy);
    c->on_script = always(silence);
    const auto attempt = decided();
    ASSERT_EQ(attempt->round().outcome(), acquire_outcome::contended);
    c->server.answer_late(granted_reply);
    ASSERT_TRUE(run_until_calls(*c, 2));
    const auto release = c->last("release");
    ASSERT_EQ(release.size(), 5U) << "without a bar: nothing of it can come any more";
    EXPECT_EQ(release[4], attempt->identity().token().str());
    c->server.answer_late(removed);
    ASSERT_TRUE(world->run_until_settled());
}

TEST_F(late_reply, busy_to_a_contended_attempt_leaves_nothing_to_release) {
    a->on_script = acquire_says(busy);
    b->on_script = acquire_says(busy);
    c->on_script = always(silence);
    const auto attempt = decided();
    ASSERT_EQ(attempt->round().outcome(), acquire_outcome::contended);
    c->server.answer_late(busy);
    ASSERT_TRUE(world->run_until_settled());
    attempt->release_stragglers();
    ASSERT_TRUE(world->run_until_settled());
    EXPECT_THAT(c->calls(), ElementsAre("acquire"));
}

TEST_F(late_reply, none_in_time_to_a_contended_attempt_is_followed_by_a_barred_release) {
    auto options = attempt_world::patient();
    options.node_timeout = 1s;
    make_world(options);
    a->on_script = acquire_says(busy);
    b->on_script = acquire_says(busy);
    c->on_script = always(silence);
    const auto attempt = decided();
    ASSERT_EQ(attempt->round().outcome(), acquire_outcome::contended);
    ASSERT_TRUE(run_until_calls(*c, 2));  // by the node's timeout
    EXPECT_EQ(c->last("release")[6], std::to_string(attempt->identity().block.bar()));
    EXPECT_EQ(c->server.accepted, 2) << "none but the second meeting";
}

TEST_F(late_reply, noscript_is_repeated_for_a_lock_that_is_held) {
    c->on_script = [](const std::string& script) {
        return redis::fake_server::answer{.bytes = script == "acquire" ? silence : granted_reply};
    };
    const auto attempt = decided();
    ASSERT_EQ(attempt->round().outcome(), acquire_outcome::held);
    ASSERT_TRUE(run_until_calls(*c, 1));
    c->server.answer_late(noscript);
    ASSERT_TRUE(world->run_until([&] { return attempt->round().granted().contains(2); }));
    EXPECT_THAT(c->calls(), ElementsAre("acquire", "acquire!"));
    EXPECT_EQ(c->last("acquire!").back(), c->last("acquire").back());
}

TEST_F(late_reply, noscript_is_not_repeated_for_a_lock_that_is_given_back) {
    c->on_script = always(silence);
    const auto attempt = decided();
    ASSERT_EQ(attempt->round().outcome(), acquire_outcome::held);
    ASSERT_TRUE(run_until_calls(*c, 1));
    attempt->shared_round()->close();
    EXPECT_EQ(world->release(*attempt), release_outcome::released);
    ASSERT_TRUE(run_until_calls(*c, 2));
    c->server.answer_late(noscript + removed);
    ASSERT_TRUE(world->run_until_settled());
    EXPECT_THAT(c->calls(), testing::Not(testing::Contains("acquire!")));
    EXPECT_FALSE(attempt->round().granted().contains(2));
    EXPECT_FALSE(attempt->round().doubtful().contains(2));
}

TEST_F(late_reply, noscript_is_not_repeated_for_an_attempt_that_is_lost) {
    a->on_script = acquire_says(busy);
    b->on_script = acquire_says(busy);
    c->on_script = always(silence);
    const auto attempt = decided();
    ASSERT_EQ(attempt->round().outcome(), acquire_outcome::contended);
    attempt->release_stragglers();
    ASSERT_TRUE(run_until_calls(*c, 2));
    c->server.answer_late(noscript + removed);
    ASSERT_TRUE(world->run_until_settled());
    EXPECT_THAT(c->calls(), ElementsAre("acquire", "release"));
}

TEST_F(late_reply, noscript_to_a_body_is_an_error_in_the_end) {
    // No server does this; one that did must not be asked for ever.
    for (auto* each : {a.get(), b.get(), c.get()}) {
        each->on_script = [](const std::string& script) {
            return redis::fake_server::answer{.bytes = script == "acquire"    ? noscript
                                                       : script == "acquire!" ? "+OK\r\n"
                                                                              : removed};
        };
    }
    EXPECT_EQ(decided()->round().outcome(), acquire_outcome::unavailable);
}

TEST_F(late_reply, that_never_comes_is_given_up_after_the_nodes_own_time) {
    auto options = attempt_world::patient();
    options.node_timeout = 300ms;
    make_world(options);
    b->on_script = always(silence);
    c->on_script = always(silence);
    const auto attempt = decided();
    EXPECT_EQ(attempt->round().outcome(), acquire_outcome::unavailable);
    ASSERT_EQ(attempt->why().nodes().size(), 2U);
    EXPECT_EQ(attempt->why().nodes()[0].cause, node_errc::no_answer);
    // The release goes even to a node that is given nothing new, behind its ACQUIRE.
    ASSERT_TRUE(run_until_calls(*b, 2));
    EXPECT_THAT(b->calls(), ElementsAre("acquire", "release"));
    ASSERT_TRUE(world->run_until_settled());
}

TEST_F(late_reply, does_not_keep_a_release_from_a_node_that_is_given_nothing_new) {
    auto options = attempt_world::patient();
    options.node_timeout = 500ms;
    make_world(options);
    c->on_script = always(silence);
    const auto held = decided();
    ASSERT_EQ(held->round().outcome(), acquire_outcome::held);
    ASSERT_TRUE(world->run_until([&] { return !held->why().empty(); }));
    // The first timeout and the stall are near each other, in either order.
    error_code cause;
    for (int i = 0; i < 5 && cause != node_errc::unresponsive; ++i) {
        const auto other = world->acquire(world->identity("other" + std::to_string(i)));
        ASSERT_TRUE(world->run_until([&] { return !other->why().empty(); }));
        cause = other->why().nodes()[0].cause;
    }
    ASSERT_EQ(cause, node_errc::unresponsive);
    world->release(*held);
    ASSERT_TRUE(world->run_until([this] { return !c->last("release").empty(); }));
    EXPECT_EQ(c->last("release")[5], held->identity().token().str());
    EXPECT_EQ(c->server.accepted, 2);  // Behind the ACQUIRE, not on the next connection.
}

TEST_F(late_reply, lost_with_the_connection_is_released_on_the_next_one) {
    a->on_script = acquire_says(busy);
    b->on_script = acquire_says(busy);
    c->on_script = [](const std::string& script) {
        return redis::fake_server::answer{.bytes = script == "acquire" ? silence : removed,
                                          .close = script == "acquire"};
    };
    const auto attempt = decided();
    ASSERT_TRUE(world->run_until([&] { return !c->last("release").empty(); }));
    EXPECT_GE(c->server.accepted, 2);
    EXPECT_EQ(c->last("release")[6], std::to_string(attempt->identity().block.bar()));
}

TEST_F(late_reply, to_a_deadline_makes_every_silent_node_doubtful) {
    for (auto* each : {a.get(), b.get(), c.get()}) {
        each->on_script = acquire_says(silence);
    }
    const auto attempt = begin();
    ASSERT_TRUE(run_until_calls(*c, 1));
    attempt->on_deadline();
    EXPECT_EQ(attempt->round().outcome(), acquire_outcome::unavailable);
    EXPECT_EQ(owner.decided, 0);
    for (auto* each : {a.get(), b.get(), c.get()}) {
        ASSERT_TRUE(run_until_calls(*each, 2));
        EXPECT_EQ(each->last("release")[6], std::to_string(attempt->identity().block.bar()));
    }
}

TEST_F(late_reply, of_a_wrong_kind_is_no_vote_and_counts_as_perhaps_executed) {
    a->on_script = acquire_says("+OK\r\n");
    b->on_script = acquire_says("*2\r\n:9\r\n:9\r\n");
    const auto attempt = decided();
    EXPECT_EQ(attempt->round().outcome(), acquire_outcome::unavailable);
    ASSERT_TRUE(run_until_calls(*a, 2));
    EXPECT_EQ(a->last("release")[6], std::to_string(attempt->identity().block.bar()));
    ASSERT_TRUE(world->run_until_settled());
}

TEST_F(late_reply, that_refuses_before_the_script_is_not_released) {
    a->on_script = acquire_says("-NOAUTH Authentication required.\r\n");
    b->on_script = acquire_says("-LOADING Redis is loading the dataset in memory\r\n");
    c->on_script = acquire_says(granted_reply);
    EXPECT_EQ(decided()->round().outcome(), acquire_outcome::unavailable);
    ASSERT_TRUE(world->run_until_settled());
    EXPECT_THAT(a->calls(), ElementsAre("acquire"));
    EXPECT_THAT(b->calls(), ElementsAre("acquire"));
}

}  // namespace
}  // namespace redlock::driver
