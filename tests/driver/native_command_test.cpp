// Releases by a command of the server's own, where it has one, acquisitions by SET, without
// fencing, and what becomes of both where the server does not let us.
#include "driver/native_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "driver/attempt_world.hpp"
#include "driver/votes.hpp"

namespace redlock::driver {
namespace {

using core::release_outcome;
using testing::ElementsAre;
using words = redis::fake_server::words;

const std::string valkey = "redis_version:7.2.4\r\nvalkey_version:9.0.1\r\n";
const std::string redis_84 = "redis_version:8.4.0\r\n";

class native_command_test : public testing::Test {
  protected:
    native_command_test() { world.connect_to({node->url()}); }
    void refuse(std::string answer) {
        node->on_script = [answer = std::move(answer)](const std::string& script) {
            return redis::fake_server::answer{.bytes = script == "acquire" ? ":1700000000000000\r\n"
                                                       : script == "DELIFEQ" ? answer
                                                                             : ":1\r\n"};
        };
    }
    /// Of a lock that was acquired just now.
    release_outcome release(const std::string& version) {
        node->version = version;
        const auto held = world.acquire(world.identity());
        token = held->identity().token().str();
        const release_outcome outcome = world.release(*held);
        EXPECT_TRUE(world.run_until_settled());
        return outcome;
    }

    attempt_world world{{}};
    std::unique_ptr<scripted_node> node = std::make_unique<scripted_node>(world.io, "a");
    std::string token;
};

TEST_F(native_command_test, is_delifeq_on_valkey) {
    EXPECT_EQ(release(valkey), release_outcome::released);
    EXPECT_THAT(node->calls(), ElementsAre("acquire", "DELIFEQ"));
    EXPECT_EQ(node->last("DELIFEQ"), (words{"DELIFEQ", "job", token}));
}

TEST_F(native_command_test, is_delex_on_redis) {
    EXPECT_EQ(release(redis_84), release_outcome::released);
    EXPECT_THAT(node->calls(), ElementsAre("acquire", "DELEX"));
    EXPECT_EQ(node->last("DELEX"), (words{"DELEX", "job", "IFEQ", token}));
}

TEST_F(native_command_test, tells_that_the_lock_was_gone) {
    node->on_script = [](const std::string& script) {
        return redis::fake_server::answer{.bytes = script == "acquire" ? ":1700000000000000\r\n"
                                                                       : ":0\r\n"};
    };
    EXPECT_EQ(release(valkey), release_outcome::gone);
}

TEST_F(native_command_test, is_a_script_where_the_user_may_not) {
    refuse("-NOPERM User app has no permissions to run the 'delifeq' command\r\n");
    EXPECT_EQ(release(valkey), release_outcome::released);
    EXPECT_THAT(node->calls(), ElementsAre("acquire", "DELIFEQ", "release"));
    EXPECT_EQ(release(valkey), release_outcome::released);
    EXPECT_THAT(node->calls(), ElementsAre("acquire", "DELIFEQ", "release", "acquire", "release"));
}

TEST_F(native_command_test, is_tried_again_on_the_next_connection) {
    refuse("-ERR unknown command 'DELIFEQ', with args beginning with: 'job'\r\n");
    EXPECT_EQ(release(valkey), release_outcome::released);
    EXPECT_EQ(node->calls().back(), "release");
    node->server.hang_up();
    refuse(":1\r\n");
    EXPECT_EQ(release(valkey), release_outcome::released);
    EXPECT_EQ(node->calls().back(), "DELIFEQ");
}

// Each knows what it was itself sent as: the first refusal does not make the others final.
TEST_F(native_command_test, in_flight_behind_a_refused_one_is_a_script_too) {
    refuse({});  // not answered yet
    node->version = valkey;
    const std::array held{world.acquire(world.identity("job")),
                          world.acquire(world.identity("task"))};
    std::array<std::shared_ptr<noting_release_owner>, 2> owners;
    for (std::size_t i = 0; i < held.size(); ++i) {
        owners[i] = std::make_shared<noting_release_owner>();
        const auto& round = held[i]->round();
        std::make_shared<release_attempt>(
            *world.pool, held[i]->identity(),
            core::release_targets{round.granted(), round.doubtful(), round.pending()},
            attempt_world::lease)
            ->start(owners[i]);
        ASSERT_TRUE(world.run_until([&] { return node->calls().size() == 3 + i; }));
        ASSERT_EQ(node->calls().back(), "DELIFEQ");
    }
    for (std::size_t i = 0; i < held.size(); ++i) {
        node->server.answer_late("-ERR unknown command 'DELIFEQ'\r\n");
    }
    EXPECT_TRUE(world.run_until_settled());
    EXPECT_EQ(owners[0]->outcome, release_outcome::released);
    EXPECT_EQ(owners[1]->outcome, release_outcome::released);
}

TEST_F(native_command_test, shares_a_call_as_a_request) {
    const auto how = native_command::release(redis::conditional_delete::delex, "job", "me");
    const redis::command it = how.command();
    EXPECT_EQ(it.encoded, "*4\r\n$5\r\nDELEX\r\n$3\r\njob\r\n$4\r\nIFEQ\r\n$2\r\nme\r\n");
    EXPECT_EQ(it.encoded.substr(it.share.keys_at, it.share.keys_size), "$3\r\njob\r\n");
    EXPECT_EQ(it.encoded.substr(it.share.arguments_at), "$2\r\nme\r\n");
    EXPECT_EQ(it.share.kind, 'r');
    EXPECT_NE(it.share.call, nullptr);
}

manager_options without_fencing() {
    manager_options options = attempt_world::patient();
    options.fencing = false;
    return options;
}

class unfenced_acquire : public testing::Test {
  protected:
    unfenced_acquire() {
        world.connect_to({node->url()}, without_fencing());
        acquire();
        EXPECT_TRUE(world.run_until_settled());
        node->server.received.clear();
    }
    void answer(const std::string& to_set, const std::string& to_acquire,
                const std::string& to_release = ":1\r\n") {
        node->on_script = [=](const std::string& script) {
            return redis::fake_server::answer{.bytes = script == "SET" ? to_set
                                                       : script.starts_with("acquire")
                                                           ? to_acquire
                                                           : to_release};
        };
    }
    lock_identity identity(const std::string& resource = "job") {
        return {resource, {world.pool->random_bits(), 2}, {}};
    }
    core::acquire_outcome acquire() { return world.acquire(identity())->round().outcome(); }
    std::shared_ptr<noting_release_owner> start_release(shared_identity who) {
        auto told = std::make_shared<noting_release_owner>();
        std::make_shared<release_attempt>(*world.pool, std::move(who),
                                          core::release_targets{core::node_set::all(1), {}, {}},
                                          attempt_world::lease)
            ->start(told);
        return told;
    }
    release_outcome release(shared_identity who) {
        const auto told = start_release(std::move(who));
        EXPECT_TRUE(world.run_until([&] { return told->outcome.has_value(); }));
        return *told->outcome;
    }

    /// The words of a release by script: digest, number of keys, keys, and the token.
    static constexpr std::size_t tells_nothing = 5;
    static constexpr std::size_t tells_who_waits = 6;
    static constexpr const char* granted = ":1700000000000000\r\n";
    static constexpr const char* busy = "*3\r\n:0\r\n:5000\r\n$3\r\nyou\r\n";
    static constexpr const char* left_to_the_line = "*3\r\n:-3\r\n:0\r\n:1\r\n";

    attempt_world world{{}};
    std::unique_ptr<scripted_node> node = std::make_unique<scripted_node>(world.io, "a");
};

TEST_F(unfenced_acquire, is_one_set) {
    const lock_identity who = identity();
    EXPECT_EQ(world.acquire(who)->round().outcome(), core::acquire_outcome::held);
    EXPECT_THAT(node->calls(), ElementsAre("SET"));
    EXPECT_EQ(node->last("SET"), (words{"SET", "job", who.token().str(), "NX", "PX", "50000"}));
}

TEST_F(unfenced_acquire, asks_the_script_who_has_a_lock_that_is_taken) {
    answer("$-1\r\n", busy);
    EXPECT_EQ(acquire(), core::acquire_outcome::contended);
    EXPECT_THAT(node->calls(), ElementsAre("SET", "acquire"));
    const words asked = node->last("acquire");
    EXPECT_EQ(asked.at(6), "0") << "without a ballot";
    EXPECT_EQ(asked.at(7), "0");
}

TEST_F(unfenced_acquire, takes_what_became_free_before_the_script_came) {
    answer("$-1\r\n", granted);
    EXPECT_EQ(acquire(), core::acquire_outcome::held);
}

// Or the lock could not be given back.
TEST_F(unfenced_acquire, is_a_script_until_one_has_run_on_the_connection) {
    world.connect_to({node->url()}, without_fencing());
    answer("+OK\r\n", "-NOPERM this user has no permissions to run the 'evalsha' command\r\n");
    EXPECT_EQ(acquire(), core::acquire_outcome::unavailable);
    EXPECT_EQ(acquire(), core::acquire_outcome::unavailable);
    EXPECT_THAT(node->calls(), testing::Not(testing::Contains("SET")));
    answer("+OK\r\n", granted);
    EXPECT_EQ(acquire(), core::acquire_outcome::held);
    EXPECT_EQ(node->calls().back(), "acquire");
    EXPECT_EQ(acquire(), core::acquire_outcome::held);
    EXPECT_EQ(node->calls().back(), "SET");
    node->server.hang_up();
    // What was on its way goes out on the new connection as it is.
    EXPECT_EQ(acquire(), core::acquire_outcome::held);
    EXPECT_EQ(acquire(), core::acquire_outcome::held);
    EXPECT_EQ(node->calls().back(), "acquire");
}

TEST_F(unfenced_acquire, takes_an_error_for_what_it_is) {
    answer("-OOM command not allowed when used memory > 'maxmemory'.\r\n", granted);
    EXPECT_EQ(acquire(), core::acquire_outcome::unavailable);
    EXPECT_TRUE(world.run_until_settled());
    EXPECT_THAT(node->calls(), ElementsAre("SET", "release"));
}

TEST_F(unfenced_acquire, believes_no_other_answer) {
    for (const std::string odd : {"+QUEUED\r\n", ":1\r\n", "*0\r\n", "$2\r\nno\r\n"}) {
        answer(odd, granted);
        EXPECT_EQ(acquire(), core::acquire_outcome::unavailable) << odd;
    }
}

TEST_F(unfenced_acquire, leaves_the_lock_to_those_of_whom_its_release_was_told) {
    node->on_script = [](const std::string& script) {
        return redis::fake_server::answer{.bytes = script == "SET"       ? "+OK\r\n"
                                                   : script == "release" ? ":2\r\n"
                                                                         : left_to_the_line};
    };
    // Of a lock that was made elsewhere, since that tells who waits in any case.
    const lock_identity who = identity();
    EXPECT_EQ(release(who), release_outcome::released);
    EXPECT_EQ(node->last("release").size(), tells_who_waits);
    const auto next = [this](acquire_attempt::manners how) {
        auto attempt = std::make_shared<acquire_attempt>(*world.pool, identity(),
                                                         attempt_world::lease, nullptr, how);
        noting_owner owner;
        attempt->start(owner);
        world.run_until([&] { return owner.decided > 0; });
        attempt->forget_owner();
        return node->calls().back();
    };
    EXPECT_EQ(next(acquire_attempt::manners::leaves_it_to_the_line), "acquire");
    EXPECT_EQ(next(acquire_attempt::manners::takes_it), "SET");
    EXPECT_EQ(world.acquire(identity("task"))->round().outcome(), core::acquire_outcome::held);
    EXPECT_EQ(node->calls().back(), "SET") << "of that lock alone";
    answer("+OK\r\n", granted);
    EXPECT_EQ(next(acquire_attempt::manners::leaves_it_to_the_line), "acquire");
    EXPECT_EQ(next(acquire_attempt::manners::leaves_it_to_the_line), "SET") << "nobody waits now";
}

class unfenced_release : public unfenced_acquire {
  protected:
    /// Its last word is how it was said.
    std::string release_of(const acquire_attempt& held) {
        EXPECT_EQ(release(held.shared()), release_outcome::released);
        return how_the_last_was_said();
    }
    [[nodiscard]] std::string how_the_last_was_said() const {
        const std::string last = node->calls().back();
        const bool tells = last == "release" && node->last(last).size() == tells_who_waits;
        return tells ? "tells who waits" : last;
    }
    /// Takes the lock again within the time that counts as soon, however slow the machine is.
    std::shared_ptr<acquire_attempt> take_again_soon() {
        for (;;) {
            const core::instant before = world.pool->now();
            release_of(*world.acquire(identity()));
            auto held = world.acquire(identity());
            if (held->round().started() - before <= core::recent_releases::lasts) {
                return held;
            }
            pass_some_time();
        }
    }
    /// As much as makes a release no recent one.
    void pass_some_time() {
        const core::instant over = world.pool->now() + core::recent_releases::lasts;
        world.run_until([&] { return world.pool->now() > over; });
    }
};

TEST_F(unfenced_release, asks_for_the_lock_alone) {
    EXPECT_EQ(release_of(*world.acquire(identity())), "release");
    EXPECT_EQ(node->last("release").size(), tells_nothing);
}

TEST_F(unfenced_release, is_native_where_the_server_has_that) {
    node->version = valkey;
    world.connect_to({node->url()}, without_fencing());
    EXPECT_EQ(release_of(*world.acquire(identity())), "DELIFEQ");
}

TEST_F(unfenced_release, tells_who_waits_to_one_that_came_back_soon) {
    EXPECT_EQ(release_of(*take_again_soon()), "tells who waits");
    EXPECT_EQ(release_of(*world.acquire(identity("task"))), "release") << "of that lock alone";
}

// The other half: it came back soon enough to be before the line, however long it then stayed.
TEST_F(unfenced_release, tells_who_waits_though_the_lock_was_held_for_long) {
    const auto held = take_again_soon();
    pass_some_time();
    EXPECT_EQ(release_of(*held), "tells who waits");
}

TEST_F(unfenced_release, tells_nothing_to_one_that_came_back_later) {
    release_of(*world.acquire(identity()));
    pass_some_time();
    EXPECT_EQ(release_of(*world.acquire(identity())), "release");
}

TEST_F(unfenced_release, is_recent_before_its_confirmation) {
    for (bool soon = false; !soon;) {
        const auto held = world.acquire(identity());
        pass_some_time();
        answer(":1\r\n+OK\r\n", granted, "");  // with the answer that the release waits for
        const core::instant before = world.pool->now();
        const auto told = start_release(held->shared());
        const auto again = world.acquire(identity());
        answer("+OK\r\n", granted);
        soon = again->round().started() - before <= core::recent_releases::lasts;
        EXPECT_EQ(told->outcome, release_outcome::released);
        const std::string how = release_of(*again);
        if (soon) {
            EXPECT_EQ(how, "tells who waits");
        }
    }
}

// The nodes are far away, say: who waits hears no earlier of it than we do.
TEST_F(unfenced_release, is_recent_from_its_confirmation_on) {
    for (bool soon = false; !soon;) {
        const auto held = world.acquire(identity());
        answer("+OK\r\n", granted, "");
        const auto told = start_release(held->shared());
        pass_some_time();
        const core::instant confirmed = world.pool->now();
        node->server.answer_late(":1\r\n");
        ASSERT_TRUE(world.run_until([&] { return told->outcome.has_value(); }));
        answer("+OK\r\n", granted);
        const auto again = world.acquire(identity());
        soon = again->round().started() - confirmed <= core::recent_releases::lasts;
        const std::string how = release_of(*again);
        if (soon) {
            EXPECT_EQ(how, "tells who waits");
        }
    }
}

TEST_F(unfenced_release, tells_who_waits_where_that_was_known) {
    world.pool->note_waiters("job");
    EXPECT_EQ(release_of(*world.acquire(identity())), "tells who waits");
}

TEST_F(unfenced_release, tells_who_waits_to_one_that_stood_in_line) {
    const line_place place{.id = "me", .ticket = 1};
    auto attempt =
        std::make_shared<acquire_attempt>(*world.pool, identity(), attempt_world::lease, &place);
    noting_owner owner;
    attempt->start(owner);
    ASSERT_TRUE(world.run_until([&] { return owner.decided > 0; }));
    EXPECT_EQ(release_of(*attempt), "tells who waits");
}

// A node's clock was set long before; SET tells no time that would show how little that matters
// now.
TEST_F(unfenced_acquire, is_not_shortened_by_a_step_that_was_known_before) {
    const core::instant now = world.pool->now();
    constexpr std::int64_t node_us = 1'700'000'000'000'000;
    world.pool->note_time(0, node_us, now, now);
    world.pool->note_time(0, node_us + 60'000'000, now, now);
    const auto attempt = world.acquire(identity());
    EXPECT_EQ(attempt->round().backing().valid_until(world.pool->clocks()),
              attempt->round().valid_until());
    world.pool->note_time(0, node_us + 70'000'000, now, now);
    EXPECT_LT(attempt->round().backing().valid_until(world.pool->clocks()),
              attempt->round().valid_until());
}

TEST_F(unfenced_acquire, is_a_script_with_a_label) {
    answer("+OK\r\n", granted);
    lock_identity who = identity();
    who.extras = only_record(encode_holder(0, who.token().str(), "the label"));
    EXPECT_EQ(world.acquire(who)->round().outcome(), core::acquire_outcome::held);
    EXPECT_THAT(node->calls(), ElementsAre("acquire"));
}

TEST_F(unfenced_acquire, shares_no_call) {
    const auto how = native_command::acquire("job", "me", attempt_world::lease);
    EXPECT_EQ(how.command().share.call, nullptr);
    EXPECT_EQ(
        how.command().encoded,
        "*6\r\n$3\r\nSET\r\n$3\r\njob\r\n$2\r\nme\r\n$2\r\nNX\r\n$2\r\nPX\r\n$5\r\n50000\r\n");
}

}  // namespace
}  // namespace redlock::driver
