// Releases: plain where the grant was seen or they follow it, barred where it may follow them, told
// as soon as the outcome is final, and gone on with until every node has confirmed.
#include "driver/release_attempt.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "driver/attempt_world.hpp"
#include "driver/extend_attempt.hpp"

namespace redlock::driver {
namespace {

using namespace std::chrono_literals;
using core::extend_outcome;
using core::node_set;
using core::release_outcome;
using testing::ElementsAre;

struct noting_extend_owner final : extend_attempt::owner {
    void on_extend_decided(const extend_attempt& attempt, core::instant /*now*/) override {
        outcome = attempt.round().outcome();
    }
    void on_extend_answered() override {
        EXPECT_TRUE(outcome);
        ++answered;
    }
    std::optional<extend_outcome> outcome;
    int answered = 0;
};

class on_scripted_nodes : public testing::Test {
  protected:
    on_scripted_nodes() {
        for (std::size_t i = 0; i < 3; ++i) {
            nodes[i] = std::make_unique<scripted_node>(world.io, std::to_string(i));
        }
        world.connect_to({nodes[0]->url(), nodes[1]->url(), nodes[2]->url()});
        who = world.identity();
    }

    static node_set set_of(std::initializer_list<node_index> members) {
        node_set set;
        for (const auto member : members) {
            set.insert(member);
        }
        return set;
    }

    std::shared_ptr<release_attempt> start_release(node_set granted, node_set doubtful,
                                                   node_set following = {}) {
        auto attempt = std::make_shared<release_attempt>(
            *world.pool, who, core::release_targets{granted, doubtful, following},
            attempt_world::lease);
        attempt->on_settled([this] { settled = true; });
        attempt->start(released);
        return attempt;
    }
    release_outcome release(node_set granted, node_set doubtful) {
        start_release(granted, doubtful);
        EXPECT_TRUE(world.run_until([&] { return released->outcome.has_value(); }));
        return *released->outcome;
    }
    std::shared_ptr<extend_attempt> start_extend(node_set holding, core::instant old_valid_until) {
        held = {boot_clock::now(), {old_valid_until, {}}, holding, {}};
        auto attempt =
            std::make_shared<extend_attempt>(*world.pool, who, held, attempt_world::lease);
        attempt->start(extended);
        return attempt;
    }
    extend_outcome extend(node_set holding) {
        start_extend(holding, boot_clock::now() + 1h);
        EXPECT_TRUE(world.run_until([&] { return extended->outcome.has_value(); }));
        return *extended->outcome;
    }

    attempt_world world{{}};
    std::array<std::unique_ptr<scripted_node>, 3> nodes;
    lock_identity who;
    core::holding held;
    bool settled = false;
    std::shared_ptr<noting_release_owner> released = std::make_shared<noting_release_owner>();
    std::shared_ptr<noting_extend_owner> extended = std::make_shared<noting_extend_owner>();
};

using release_attempt_test = on_scripted_nodes;
using extend_attempt_test = on_scripted_nodes;

TEST_F(release_attempt_test, bars_only_the_nodes_in_doubt) {
    EXPECT_EQ(release(set_of({0, 1}), set_of({2})), release_outcome::released);
    ASSERT_TRUE(world.run_until([&] { return settled; }));
    for (const std::size_t granted : {0U, 1U}) {
        const auto call = nodes[granted]->last("release");
        ASSERT_EQ(call.size(), 5U) << "no fence, no bar";
        EXPECT_EQ(call[3], "job");
        EXPECT_EQ(call[4], who.token().str());
    }
    EXPECT_EQ(nodes[2]->last("release")[6], std::to_string(who.block.last + 1));
    EXPECT_EQ(nodes[2]->last("release")[5], who.token().str());
    EXPECT_EQ(nodes[2]->last("release")[7],
              std::to_string(world.pool->options().fence_lifetime.count()));
}

struct local_watcher final : key_watches::watcher {
    void on_key_changed(node_index node) override { told.insert(node); }
    node_set told;
};

TEST_F(release_attempt_test, tells_who_waits_here_of_nodes_that_are_freed_after_the_decision) {
    local_watcher waiting;
    const key_watches::watch listens{world.pool->watches(), "job", waiting};
    release(node_set::all(3), {});
    ASSERT_TRUE(world.run_until([&] { return settled; }));
    EXPECT_EQ(waiting.told.size(), 1U) << "of the first two its owner tells";
}

TEST_F(release_attempt_test, tells_who_waits_here_of_each_freed_node_where_it_has_no_owner) {
    local_watcher waiting;
    const key_watches::watch listens{world.pool->watches(), "job", waiting};
    nodes[1]->on_script = always(":0\r\n");  // has nothing to release
    released = nullptr;
    start_release(node_set::all(3), {});
    ASSERT_TRUE(world.run_until([&] { return settled; }));
    EXPECT_TRUE(waiting.told == set_of({0, 2}));
}

TEST_F(release_attempt_test, bars_nothing_behind_an_acquisition_on_the_same_connection) {
    nodes[2]->on_script = always("");
    world.acquire(who);
    start_release(set_of({0, 1}), set_of({2}), set_of({2}));
    ASSERT_TRUE(world.run_until([&] { return nodes[2]->calls().size() == 2; }));
    EXPECT_THAT(nodes[2]->calls(), ElementsAre("acquire", "release"));
    EXPECT_EQ(nodes[2]->last("release").size(), 5U);
    EXPECT_EQ(world.told->count(event_kind::node_down), 0U);
}

TEST_F(release_attempt_test, bars_on_the_next_connection_what_it_followed_on_the_last) {
    nodes[2]->on_script = always("");
    world.acquire(who);
    start_release(set_of({0, 1}), set_of({2}), set_of({2}));
    ASSERT_TRUE(world.run_until([&] { return nodes[2]->calls().size() == 2; }));
    nodes[2]->on_script = always(":0\r\n");
    nodes[2]->server.hang_up();
    ASSERT_TRUE(world.run_until([&] { return nodes[2]->calls().size() == 3; }));
    const auto again = nodes[2]->last("release");
    ASSERT_EQ(again.size(), 9U);
    EXPECT_EQ(again[6], std::to_string(who.block.last + 1));
}

// One of two commands may be sent to another server first.
TEST_F(release_attempt_test, bars_in_a_cluster_whatever_it_comes_behind) {
    const std::uint16_t port = parse_endpoint(nodes[0]->url()).value().port;
    nodes[0]->server.on_command =
        [port, otherwise = nodes[0]->server.on_command](const redis::fake_server::words& command) {
            return command[0] != "CLUSTER"
                       ? otherwise(command)
                       : redis::fake_server::answer{
                             .bytes = "*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$9\r\n127.0.0.1\r\n:" +
                                      std::to_string(port) + "\r\n$2\r\nid\r\n"};
        };
    world.pool->stop();
    const auto cluster =
        parse_endpoint("redis+cluster://127.0.0.1:" + std::to_string(port)).value();
    world.pool = std::make_unique<node_pool>(world.clock, std::vector<endpoint>{cluster},
                                             attempt_world::patient());
    start_release({}, set_of({0}), set_of({0}));
    ASSERT_TRUE(world.run_until([&] { return nodes[0]->calls().size() == 1; }));
    EXPECT_EQ(nodes[0]->last("release").size(), 9U);
}

TEST_F(release_attempt_test, tells_every_node_what_remains_of_a_minimum) {
    const core::release_targets targets{.granted = set_of({0, 1}), .doubtful = set_of({2})};
    const auto attempt = std::make_shared<release_attempt>(
        *world.pool, who, targets, attempt_world::lease, release_attempt::knowledge::all, 30s);
    attempt->start(released);
    ASSERT_TRUE(world.run_until_settled());
    EXPECT_EQ(released->outcome, release_outcome::released);
    for (const std::size_t node : {0U, 1U, 2U}) {
        const auto call = nodes[node]->last("release");
        ASSERT_EQ(call.size(), 11U);
        EXPECT_EQ(call[6], node == 2 ? std::to_string(who.block.last + 1) : "0");
        EXPECT_EQ(call[9], "0");
        EXPECT_EQ(call[10], "30000");
    }
}

TEST_F(release_attempt_test, bars_nothing_for_a_lock_of_another_library) {
    who.block = {};
    release({}, set_of({0, 1, 2}));
    EXPECT_EQ(nodes[0]->last("release").size(), 5U);
}

TEST_F(release_attempt_test, asks_only_those_that_may_have_it) {
    EXPECT_EQ(release(set_of({0, 2}), {}), release_outcome::released);
    ASSERT_TRUE(world.run_until([&] { return settled; }));
    EXPECT_TRUE(nodes[1]->calls().empty());
}

TEST_F(release_attempt_test, tells_already_gone_from_released) {
    for (const auto& each : nodes) {
        each->on_script = always(":0\r\n");
    }
    EXPECT_EQ(release(node_set::all(3), {}), release_outcome::gone);
}

TEST_F(release_attempt_test, tells_its_owner_at_the_quorum_and_settles_later) {
    nodes[2]->on_script = always("");
    EXPECT_EQ(release(node_set::all(3), {}), release_outcome::released);
    EXPECT_FALSE(settled);
    EXPECT_EQ(world.pool->open_writes(), 1U);
    ASSERT_TRUE(world.run_until([&] { return nodes[2]->calls().size() == 1; }));
    nodes[2]->server.answer_late(":1\r\n");
    ASSERT_TRUE(world.run_until([&] { return settled; }));
    EXPECT_EQ(world.pool->open_writes(), 0U);
}

TEST_F(release_attempt_test, falls_back_to_the_body_on_noscript) {
    for (const auto& each : nodes) {
        each->on_script = [](const std::string& script) {
            return redis::fake_server::answer{
                .bytes = script == "release" ? "-NOSCRIPT No matching script.\r\n" : ":1\r\n"};
        };
    }
    EXPECT_EQ(release(node_set::all(3), {}), release_outcome::released);
    EXPECT_THAT(nodes[0]->calls(), ElementsAre("release", "release!"));
}

TEST_F(release_attempt_test, is_unavailable_where_nothing_could_be_sent) {
    for (const auto& each : nodes) {
        each->server.stop_listening();
    }
    EXPECT_EQ(release(node_set::all(3), {}), release_outcome::unavailable);
}

TEST_F(release_attempt_test, is_indeterminate_when_errors_may_hide_a_deletion) {
    nodes[0]->on_script = always("-OOM command not allowed\r\n");
    nodes[1]->on_script = always("+WHAT\r\n");
    EXPECT_EQ(release(node_set::all(3), {}), release_outcome::indeterminate);
}

TEST_F(release_attempt_test, is_said_again_to_a_node_that_did_not_carry_it_out) {
    // It answers INFO all the while, and is asked no more than once on each connection.
    int left = 3;
    nodes[2]->on_script = [&](const std::string&) {
        return redis::fake_server::answer{
            .bytes = left-- > 0 ? "-LOADING Redis is loading the dataset in memory\r\n" : ":1\r\n"};
    };
    EXPECT_EQ(release(node_set::all(3), {}), release_outcome::released);
    ASSERT_TRUE(world.run_until([&] { return nodes[2]->calls().size() == 4 && settled; }));
    EXPECT_EQ(nodes[2]->server.accepted, 5) << "and a second meeting";
    EXPECT_EQ(world.told->count(event_kind::node_down), 3U);
}

TEST_F(release_attempt_test, that_was_lost_comes_before_the_next_try_with_the_same_token) {
    world.pool->stop();
    auto options = attempt_world::patient();
    options.reconnect_min = options.reconnect_max = 50ms;
    world.connect_to({nodes[0]->url(), nodes[1]->url(), nodes[2]->url()}, options);
    nodes[0]->on_script = [](const std::string&) {
        return redis::fake_server::answer{.bytes = {}, .close = true};
    };
    world.acquire(who);
    ASSERT_TRUE(world.run_until([&] { return world.told->count(event_kind::node_down) == 1; }));
    nodes[0]->on_script = always(":1\r\n");
    start_release(set_of({1, 2}), set_of({0}));
    // From now on it is asked who it is, and commands wait.
    ASSERT_TRUE(world.run_until([&] { return nodes[0]->server.accepted == 3; }));
    world.acquire(who);
    ASSERT_TRUE(world.run_until([&] { return nodes[0]->calls().size() == 3; }));
    EXPECT_THAT(nodes[0]->calls(), ElementsAre("acquire", "release", "acquire"));
}

TEST_F(release_attempt_test, of_nothing_is_gone_and_settled_at_once) {
    start_release({}, {});
    EXPECT_EQ(released->outcome, release_outcome::gone);
    EXPECT_TRUE(settled);
    EXPECT_EQ(world.pool->open_writes(), 0U);
}

TEST_F(release_attempt_test, that_never_settled_is_not_counted_for_ever) {
    for (const auto& each : nodes) {
        each->on_script = always("");
    }
    bool all_settled = false;
    world.pool->on_all_settled([&] { all_settled = true; });
    start_release(node_set::all(3), {});
    EXPECT_EQ(world.pool->open_writes(), 1U);
    world.pool->stop();
    EXPECT_TRUE(world.run_until([&] { return world.pool->open_writes() == 0; }));
    EXPECT_TRUE(all_settled);
}

TEST_F(extend_attempt_test, asks_the_holding_nodes_and_holds_at_their_quorum) {
    const auto attempt = start_extend(set_of({0, 2}), boot_clock::now() + 1ms * 60'000);
    ASSERT_TRUE(world.run_until([&] { return extended->outcome.has_value(); }));
    EXPECT_EQ(extended->outcome, extend_outcome::extended);
    EXPECT_TRUE(nodes[1]->calls().empty());
    const auto call = nodes[0]->last("extend");
    ASSERT_EQ(call.size(), 10U);
    EXPECT_EQ(call[9], "0") << "is not to be planted again";
    EXPECT_EQ(call[3], "job");
    EXPECT_EQ(call[4], "redlock:fence:{job}");
    EXPECT_EQ(call[5], who.token().str());
    EXPECT_EQ(call[6], std::to_string(who.block.last));
    EXPECT_EQ(call[7], "50000");
}

TEST_F(extend_attempt_test, falls_back_to_the_body_on_noscript) {
    for (const auto& each : nodes) {
        each->on_script = [](const std::string& script) {
            return redis::fake_server::answer{.bytes = script == "extend"
                                                           ? "-NOSCRIPT No matching script.\r\n"
                                                           : ":1700000000000000\r\n"};
        };
    }
    EXPECT_EQ(extend(node_set::all(3)), extend_outcome::extended);
    EXPECT_THAT(nodes[1]->calls(), ElementsAre("extend", "extend!"));
}

TEST_F(extend_attempt_test, repeats_a_late_noscript_for_a_lock_that_was_extended) {
    nodes[2]->on_script = [](const std::string& script) {
        return redis::fake_server::answer{.bytes =
                                              script == "extend" ? "" : ":1700000000000000\r\n"};
    };
    const auto attempt = start_extend(node_set::all(3), boot_clock::now() + 1h);
    ASSERT_TRUE(world.run_until(
        [&] { return extended->outcome.has_value() && nodes[2]->calls().size() == 1; }));
    EXPECT_EQ(extended->outcome, extend_outcome::extended);
    nodes[2]->server.answer_late("-NOSCRIPT No matching script.\r\n");
    ASSERT_TRUE(world.run_until([&] { return nodes[2]->calls().size() == 2; }));
    EXPECT_THAT(nodes[2]->calls(), ElementsAre("extend", "extend!"));
}

TEST_F(extend_attempt_test, repeats_nothing_for_a_lock_that_is_given_back) {
    nodes[2]->on_script = always("");
    const auto attempt = start_extend(node_set::all(3), boot_clock::now() + 1h);
    ASSERT_TRUE(world.run_until(
        [&] { return extended->outcome.has_value() && nodes[2]->calls().size() == 1; }));
    held.close_rounds();
    nodes[2]->server.answer_late("-NOSCRIPT No matching script.\r\n");
    ASSERT_TRUE(world.run_until_settled());
    EXPECT_THAT(nodes[2]->calls(), ElementsAre("extend"));
}

TEST_F(extend_attempt_test, is_open_until_the_last_node_has_answered) {
    nodes[2]->on_script = always("");
    const auto attempt = start_extend(node_set::all(3), boot_clock::now() + 1h);
    ASSERT_TRUE(world.run_until(
        [&] { return extended->outcome.has_value() && nodes[2]->calls().size() == 1; }));
    EXPECT_EQ(world.pool->open_writes(), 1U);
    nodes[2]->server.answer_late(":1700000000000000\r\n");
    EXPECT_TRUE(world.run_until_settled());
    EXPECT_EQ(attempt->round().holding(), node_set::all(3));
}

TEST_F(extend_attempt_test, that_never_ended_is_not_counted_for_ever) {
    for (const auto& each : nodes) {
        each->on_script = always("");
    }
    start_extend(node_set::all(3), boot_clock::now() + 1h);
    EXPECT_EQ(world.pool->open_writes(), 1U);
    world.pool->stop();
    EXPECT_TRUE(world.run_until_settled());
}

TEST_F(extend_attempt_test, is_gone_when_too_many_nodes_do_not_hold_it) {
    nodes[0]->on_script = always("*2\r\n:0\r\n:1700000000000000\r\n");
    nodes[1]->on_script = always("*2\r\n:-1\r\n:1700000000000000\r\n");
    EXPECT_EQ(extend(node_set::all(3)), extend_outcome::gone);
}

TEST_F(extend_attempt_test, is_gone_at_once_when_too_few_nodes_are_holding) {
    start_extend(set_of({0}), boot_clock::now() + 1h);
    EXPECT_EQ(extended->outcome, extend_outcome::gone);
}

TEST_F(extend_attempt_test, is_expired_at_once_after_the_old_validity_and_asks_nobody) {
    start_extend(node_set::all(3), boot_clock::now() - 1ms);
    EXPECT_EQ(extended->outcome, extend_outcome::expired);
    world.io.poll();
    EXPECT_TRUE(nodes[0]->calls().empty());
}

TEST_F(extend_attempt_test, is_unavailable_where_nothing_could_be_sent) {
    for (const auto& each : nodes) {
        each->server.stop_listening();
    }
    EXPECT_EQ(extend(node_set::all(3)), extend_outcome::unavailable);
}

}  // namespace
}  // namespace redlock::driver
