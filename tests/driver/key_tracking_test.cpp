// Hearing of changed keys from a real node: from coming on, over everything that breaks on the way,
// to a node that does not allow it. The loop runs in the test's own thread.
#include "driver/key_tracking.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/tracked.hpp"
#include "redis/fake_server.hpp"
#include "support/redis_server.hpp"

namespace redlock::driver {
namespace {

using namespace std::chrono_literals;
using support::redis_server;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string as_user(const redis_server& server, const std::string& name) {
    return "redis://" + name + ":secret@127.0.0.1:" + std::to_string(server.port());
}

class key_tracking_on_a_server : public testing::Test {
  protected:
    void come_on() {
        mine.tracking.want(true);
        ASSERT_TRUE(mine.run_until_on());
        ASSERT_THAT(mine.told, ElementsAre("(on)"));
        mine.told.clear();
    }
    /// Whether a change is told, asked about by a key that nobody else uses.
    void expect_it_hears() {
        server.command({"SET", "probe", "1"});
        EXPECT_EQ(mine.read("probe"), "1");
        mine.told.clear();
        server.command({"DEL", "probe"});
        EXPECT_TRUE(mine.run_until_told("probe"));
        EXPECT_THAT(mine.told, ElementsAre("probe"));
    }

    redis_server server;
    tracked mine{server.url()};
};

TEST_F(key_tracking_on_a_server, does_nothing_until_wanted) {
    EXPECT_EQ(mine.read("a"), "nil");
    EXPECT_FALSE(mine.tracking.on());
    EXPECT_THAT(mine.told, IsEmpty());
    EXPECT_EQ(server.command({"PUBSUB", "CHANNELS"}), "");
}

TEST_F(key_tracking_on_a_server, tells_what_others_do_to_a_key_that_was_read) {
    come_on();
    server.command({"SET", "a", "1"});
    for (const std::vector<std::string>& change : std::vector<std::vector<std::string>>{
             {"SET", "a", "2"}, {"PEXPIRE", "a", "100000"}, {"DEL", "a"}, {"SET", "a", "3"}}) {
        static_cast<void>(mine.read("a"));
        mine.told.clear();
        server.command(change);
        EXPECT_TRUE(mine.run_until_told("a")) << change[0];
        EXPECT_THAT(mine.told, ElementsAre("a")) << change[0];
    }
}

TEST_F(key_tracking_on_a_server, tells_of_an_expiry) {
    come_on();
    server.command({"SET", "a", "1", "PX", "50"});
    static_cast<void>(mine.read("a"));
    EXPECT_TRUE(mine.run_until_told("a"));
}

TEST_F(key_tracking_on_a_server, tells_that_any_key_may_have_changed) {
    come_on();
    server.command({"SET", "a", "1"});
    EXPECT_EQ(mine.read("a"), "1");
    server.command({"FLUSHALL"});
    EXPECT_TRUE(mine.run_until_told("(any)"));
}

TEST_F(key_tracking_on_a_server, does_not_tell_of_what_we_change_ourselves) {
    come_on();
    EXPECT_EQ(mine.read("own"), "nil");
    EXPECT_EQ(mine.read("other"), "nil");
    EXPECT_EQ(mine.ask({"SET", "own", "1"}), "+OK");
    server.command({"SET", "other", "1"});
    EXPECT_TRUE(mine.run_until_told("other"));
    EXPECT_THAT(mine.told, ElementsAre("other"));
}

TEST_F(key_tracking_on_a_server, wanted_before_the_commands_are_ready_comes_on_with_them) {
    ASSERT_EQ(mine.ready, 0);
    come_on();
    expect_it_hears();
}

TEST_F(key_tracking_on_a_server, comes_on_again_after_its_subscription_was_killed) {
    come_on();
    EXPECT_EQ(mine.read("a"), "nil");
    ASSERT_EQ(server.command({"CLIENT", "KILL", "TYPE", "pubsub"}), "1");
    server.command({"SET", "a", "1"});
    ASSERT_TRUE(mine.run_until_told("(on)"));
    // The change in between is not told: the owner must look again, as it is told twice.
    EXPECT_THAT(mine.told, ElementsAre("(off)", "(on)"));
    expect_it_hears();
    EXPECT_EQ(mine.ready, 1);
}

TEST_F(key_tracking_on_a_server, comes_on_again_after_the_command_connection_was_killed) {
    come_on();
    EXPECT_EQ(mine.read("a"), "nil");
    ASSERT_EQ(server.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}), "1");
    server.command({"SET", "a", "1"});
    // An idle connection notices when it is used next.
    EXPECT_EQ(mine.read("b"), "nil");
    ASSERT_TRUE(mine.run_until_told("(on)"));
    EXPECT_EQ(mine.ready, 2);
    expect_it_hears();
}

TEST_F(key_tracking_on_a_server, comes_on_again_after_both_were_killed) {
    come_on();
    for (const std::string type : {"pubsub", "normal"}) {
        ASSERT_EQ(server.command({"CLIENT", "KILL", "TYPE", type, "SKIPME", "yes"}), "1");
    }
    EXPECT_EQ(mine.read("b"), "nil");
    ASSERT_TRUE(mine.run_until_told("(on)"));
    ASSERT_TRUE(mine.run_until_on());
    // Whichever came back last has had it told.
    const std::size_t so_far = mine.told.size();
    expect_it_hears();
    EXPECT_GE(so_far, 2U);
}

TEST_F(key_tracking_on_a_server, comes_on_again_after_the_server_was_restarted) {
    come_on();
    server.restart();
    ASSERT_TRUE(mine.run_until_told("(off)"));
    ASSERT_TRUE(mine.run_until([&] { return mine.ready == 2; }));
    ASSERT_TRUE(mine.run_until_told("(on)"));
    ASSERT_TRUE(mine.run_until_on());
    expect_it_hears();
}

TEST_F(key_tracking_on_a_server, leaves_nothing_outstanding_while_nobody_is_interested) {
    come_on();
    mine.tracking.want(false);
    EXPECT_TRUE(mine.comes_to_rest());
    EXPECT_TRUE(mine.tracking.on());
    EXPECT_THAT(mine.told, IsEmpty());
}

TEST_F(key_tracking_on_a_server, wanted_again_hears_what_was_told_meanwhile) {
    come_on();
    EXPECT_EQ(mine.read("a"), "nil");
    mine.tracking.want(false);
    ASSERT_TRUE(mine.comes_to_rest());
    server.command({"SET", "a", "1"});
    mine.tracking.want(true);
    EXPECT_TRUE(mine.run_until_told("a"));
    EXPECT_THAT(mine.told, ElementsAre("a"));
    expect_it_hears();
}

TEST_F(key_tracking_on_a_server, wanted_again_finds_that_the_subscription_died_meanwhile) {
    come_on();
    mine.tracking.want(false);
    ASSERT_TRUE(mine.comes_to_rest());
    ASSERT_EQ(server.command({"CLIENT", "KILL", "TYPE", "pubsub"}), "1");
    mine.tracking.want(true);
    ASSERT_TRUE(mine.run_until_told("(on)"));
    EXPECT_THAT(mine.told, ElementsAre("(off)", "(on)"));
    expect_it_hears();
}

TEST_F(key_tracking_on_a_server, interest_that_ends_before_it_came_on_leaves_nothing_either) {
    mine.tracking.want(true);
    mine.tracking.want(false);
    EXPECT_TRUE(mine.comes_to_rest());
    mine.tracking.want(true);
    ASSERT_TRUE(mine.run_until_on());
    expect_it_hears();
}

TEST_F(key_tracking_on_a_server, tells_nothing_once_it_is_stopped) {
    come_on();
    EXPECT_EQ(mine.read("a"), "nil");
    mine.tracking.stop();
    EXPECT_FALSE(mine.tracking.on());
    server.command({"SET", "a", "1"});
    EXPECT_EQ(mine.read("a"), "1");
    EXPECT_TRUE(mine.comes_to_rest());
    EXPECT_THAT(mine.told, IsEmpty());
}

// ---- a node that does not allow it ----

struct restriction {
    const char* name;
    const char* rule;
    const char* another = "+get";
};

class key_tracking_refused : public testing::TestWithParam<restriction> {};

TEST_P(key_tracking_refused, is_told_once_and_the_commands_work_on) {
    redis_server server;
    server.command({"ACL", "SETUSER", "ann", "on", ">secret", "~*", "&*", "+@all"});
    server.command({"ACL", "SETUSER", "ann", GetParam().rule, GetParam().another});
    tracked mine{as_user(server, "ann")};
    ASSERT_EQ(mine.read("a"), "nil");
    mine.tracking.want(true);
    ASSERT_TRUE(mine.run_until_told("(refused)"));
    EXPECT_EQ(mine.refusal, node_errc::permission_denied);
    EXPECT_THAT(mine.refusal_text, HasSubstr("NOPERM"));
    EXPECT_EQ(mine.read("a"), "nil");
    mine.tracking.want(false);
    mine.tracking.want(true);
    EXPECT_EQ(mine.read("a"), "nil");
    mine.tracking.want(false);
    EXPECT_TRUE(mine.comes_to_rest());
    EXPECT_THAT(mine.told, ElementsAre("(refused)"));
    EXPECT_FALSE(mine.tracking.on());
}

INSTANTIATE_TEST_SUITE_P(by, key_tracking_refused,
                         testing::Values(restriction{"tracking", "-client|tracking"},
                                         restriction{"the_id", "-client|id"},
                                         restriction{"subscribe", "-subscribe"},
                                         restriction{"the_channel", "resetchannels"},
                                         restriction{"client_and_pubsub", "-client", "-subscribe"}),
                         [](const auto& of) { return std::string{of.param.name}; });

TEST(key_tracking, asks_again_when_the_command_connection_is_a_new_one) {
    redis_server server;
    server.command({"ACL", "SETUSER", "ann", "on", ">secret", "~*", "&*", "+@all"});
    server.command({"ACL", "SETUSER", "ann", "-client|tracking"});
    tracked mine{as_user(server, "ann")};
    mine.tracking.want(true);
    ASSERT_TRUE(mine.run_until_told("(refused)"));
    server.command({"ACL", "SETUSER", "ann", "+client|tracking"});
    server.command({"CLIENT", "KILL", "USER", "ann"});
    EXPECT_EQ(mine.read("a"), "nil");
    ASSERT_TRUE(mine.run_until_on());
    EXPECT_EQ(mine.told.back(), "(on)");
}

TEST(key_tracking, asks_for_the_subscription_again_too) {
    redis_server server;
    server.command({"ACL", "SETUSER", "ann", "on", ">secret", "~*", "resetchannels", "+@all"});
    tracked mine{as_user(server, "ann")};
    mine.tracking.want(true);
    ASSERT_TRUE(mine.run_until_told("(refused)"));
    EXPECT_EQ(mine.read("a"), "nil");
    // Only the command connection: the subscription's may stay where it is.
    const std::string id = mine.ask({"CLIENT", "ID"});
    server.command({"ACL", "SETUSER", "ann", "allchannels"});
    ASSERT_EQ(server.command({"CLIENT", "KILL", "ID", id}), "1");
    EXPECT_EQ(mine.read("a"), "nil");
    ASSERT_TRUE(mine.run_until_on());
    EXPECT_EQ(mine.told.back(), "(on)");
}

// ---- a server that says what the test wants ----

class key_tracking_of_a_fake : public testing::Test {
  protected:
    key_tracking_of_a_fake() : server(loop) {
        server.on_command = [this](const redis::fake_server::words& command) {
            return redis::fake_server::answer{.bytes = answer(command)};
        };
    }
    std::string answer(const redis::fake_server::words& command) {
        if (command[0] == "INFO") {
            return "$11\r\nrun_id:" + std::string{run_ids[connected++ % run_ids.size()]} +
                   "\r\n\r\n";
        }
        if (command[0] == "SUBSCRIBE") {
            return "*3\r\n$9\r\nsubscribe\r\n$20\r\n__redis__:invalidate\r\n:1\r\n";
        }
        if (command[0] == "CLIENT" && command[1] == "TRACKING") {
            return tracking_reply;
        }
        return command[0] == "CLIENT" && command[1] == "ID" ? ":7\r\n" : "+OK\r\n";
    }
    bool run_until(tracked& mine, const std::function<bool()>& done) {
        return mine.run_until([&] {
            loop.restart();
            loop.poll();
            return done();
        });
    }
    static bool was_told(const tracked& mine, const std::string& what) {
        return std::find(mine.told.begin(), mine.told.end(), what) != mine.told.end();
    }
    /// Piece by piece, as a socket's buffer allows.
    void push(tracked& mine, const std::string& keys) {
        const std::string bytes = "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n" + keys;
        for (std::string_view rest = bytes; !rest.empty();
             rest.remove_prefix(std::min<std::size_t>(rest.size(), 16384))) {
            server.say(rest.substr(0, 16384));
            mine.io().restart();
            mine.io().poll();
        }
    }
    std::size_t subscriptions() {
        return static_cast<std::size_t>(
            std::count_if(server.received.begin(), server.received.end(),
                          [](const auto& command) { return command[0] == "SUBSCRIBE"; }));
    }

    boost::asio::io_context loop{1};
    redis::fake_server server;
    /// Of the connections, one after the other, and then from the first again.
    std::vector<std::string_view> run_ids{"aa"};
    std::size_t connected = 0;
    std::string tracking_reply = "+OK\r\n";
};

TEST_F(key_tracking_of_a_fake, takes_only_words_for_keys_however_many_other_things_are_told) {
    tracked mine{server.url()};
    mine.tracking.want(true);
    ASSERT_TRUE(run_until(mine, [&] { return mine.tracking.on(); }));
    mine.told.clear();
    // Looked up by its place, each would be a walk over all before it: minutes in all.
    constexpr int trees = 450'000;
    std::string keys = "*" + std::to_string(trees + 5) + "\r\n";
    for (int i = 0; i < trees; ++i) {
        keys += "*1\r\n:1\r\n";
    }
    push(mine, keys + "$0\r\n\r\n$-1\r\n:1\r\n-ERR x\r\n$3\r\nkey\r\n");
    ASSERT_TRUE(run_until(mine, [&] { return was_told(mine, "key"); }));
    EXPECT_THAT(mine.told, ElementsAre("key")) << "and nothing says that all are gone";
    push(mine, "$-1\r\n");
    ASSERT_TRUE(run_until(mine, [&] { return was_told(mine, "(any)"); }));
    EXPECT_THAT(mine.told, ElementsAre("key", "(any)"));
}

TEST_F(key_tracking_of_a_fake, tells_that_all_are_gone_before_it_knows_that_it_is_on) {
    tracking_reply.clear();
    tracked mine{server.url()};
    mine.tracking.want(true);
    const redis::fake_server::words asked{"CLIENT", "TRACKING", "ON", "REDIRECT", "7", "NOLOOP"};
    ASSERT_TRUE(run_until(
        mine, [&] { return !server.received.empty() && server.received.back() == asked; }));
    push(mine, "$-1\r\n");
    ASSERT_TRUE(run_until(mine, [&] { return was_told(mine, "(any)"); }));
    push(mine, "*1\r\n$3\r\nkey\r\n");
    server.answer_late("+OK\r\n");
    ASSERT_TRUE(run_until(mine, [&] { return mine.tracking.on(); }));
    EXPECT_THAT(mine.told, ElementsAre("(any)", "(on)"));
}

TEST_F(key_tracking_of_a_fake, is_refused_when_another_server_answers_the_commands) {
    run_ids = {"aa", "bb"};
    tracked mine{server.url()};
    mine.tracking.want(true);
    ASSERT_TRUE(run_until(mine, [&] { return was_told(mine, "(refused)"); }));
    EXPECT_THAT(mine.told, ElementsAre("(refused)"));
    EXPECT_THAT(mine.refusal_text, HasSubstr("a name with several addresses"));
    EXPECT_EQ(mine.refusal, boost::system::errc::operation_not_supported);
    EXPECT_FALSE(mine.tracking.on());
    EXPECT_EQ(subscriptions(), 2U) << "asked twice, since one of the two might have been restarted";
}

TEST_F(key_tracking_of_a_fake, comes_on_when_both_lead_to_one_server_again) {
    run_ids = {"aa", "bb", "bb"};
    tracked mine{server.url()};
    mine.tracking.want(true);
    ASSERT_TRUE(run_until(mine, [&] { return was_told(mine, "(refused)"); }));
    run_ids = {"cc"};
    server.hang_up();
    ASSERT_TRUE(run_until(mine, [&] { return mine.tracking.on(); }));
    EXPECT_EQ(mine.told.back(), "(on)");
}

}  // namespace
}  // namespace redlock::driver
