// The connection against real redis-server processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "redis/test_connection.hpp"
#include "support/redis_server.hpp"

namespace redlock::redis::connection_cases {
namespace {

using namespace std::chrono_literals;
using support::redis_server;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string with_login(const redis_server& server, const std::string& login) {
    return "redis://" + login + "@127.0.0.1:" + std::to_string(server.port());
}

TEST(connection, becomes_ready_and_identified) {
    redis_server server;
    test_connection client{options_for(server.url())};
    EXPECT_EQ(client.link->state(), connection_state::idle);
    EXPECT_EQ(client.link->identity(), nullptr);
    client.link->start();
    EXPECT_EQ(client.link->state(), connection_state::connecting);
    ASSERT_TRUE(client.run_until_ready());
    ASSERT_NE(client.link->identity(), nullptr);
    EXPECT_EQ(client.link->identity()->run_id.size(), 40U);
    EXPECT_THAT(server.command({"INFO", "server"}), HasSubstr(client.link->identity()->run_id));
    EXPECT_THAT(server.command({"INFO", "server"}),
                HasSubstr("redis_version:" + client.link->identity()->redis_version));
    EXPECT_EQ(client.ready_count, 1);
    EXPECT_FALSE(client.link->last_error());
    EXPECT_EQ(client.ask({"SET", "k", "v"}), "+OK");
    EXPECT_EQ(server.get("k"), "v");
}

TEST(connection, resolves_a_name) {
    redis_server server;
    test_connection client{options_for("redis://localhost:" + std::to_string(server.port()))};
    client.link->start();
    ASSERT_TRUE(client.run_until_ready()) << client.down_message;
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
}

TEST(connection, sends_what_was_asked_before_it_was_ready_in_order) {
    redis_server server;
    test_connection client{options_for(server.url())};
    client.link->start();
    for (std::uint32_t tag = 1; tag <= 3; ++tag) {
        ASSERT_FALSE(client.send({"INCR", "n"}, tag));
    }
    ASSERT_TRUE(client.run_until([&] { return client.sink->told.size() == 3; }));
    EXPECT_THAT(client.sink->told, ElementsAre("1: 1", "2: 2", "3: 3"));
}

TEST(connection, speaks_over_a_unix_socket) {
    redis_server server{{.unix_socket = true, .password = {}, .arguments = {}}};
    test_connection client{options_for(server.unix_url() + "?db=2")};
    client.link->start();
    EXPECT_EQ(client.ask({"SET", "k", "v"}), "+OK");
    EXPECT_THAT(server.command({"INFO", "keyspace"}), HasSubstr("db2:keys=1"));
}

TEST(connection, selects_its_database) {
    redis_server server;
    test_connection client{options_for(server.url() + "/3")};
    client.link->start();
    EXPECT_EQ(client.ask({"SET", "k", "v"}), "+OK");
    EXPECT_THAT(server.command({"INFO", "keyspace"}), HasSubstr("db3:keys=1"));
}

TEST(connection, says_that_the_database_does_not_exist) {
    redis_server server{{.unix_socket = false, .password = {}, .arguments = {"--databases", "2"}}};
    test_connection client{options_for(server.url() + "/9")};
    client.link->start();
    ASSERT_TRUE(client.run_until([&] { return client.down_count > 0; }));
    EXPECT_EQ(client.down_cause, node_errc::error_reply);
    EXPECT_THAT(client.down_message, HasSubstr("DB index is out of range"));
}

TEST(connection, logs_in_by_password) {
    redis_server server{{.unix_socket = false, .password = "pa ss", .arguments = {}}};
    test_connection client{options_for(with_login(server, ":pa%20ss"))};
    client.link->start();
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
}

TEST(connection, logs_in_as_a_user) {
    redis_server server;
    server.command({"ACL", "SETUSER", "alice", "on", ">secret", "~*", "+@all"});
    test_connection client{options_for(with_login(server, "alice:secret"))};
    client.link->start();
    EXPECT_EQ(client.ask({"ACL", "WHOAMI"}), "alice");
}

TEST(connection, does_without_identity_where_info_is_forbidden) {
    redis_server server;
    server.command({"ACL", "SETUSER", "bob", "on", ">secret", "~*", "+@all", "-info"});
    test_connection client{options_for(with_login(server, "bob:secret"))};
    client.link->start();
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_EQ(client.link->identity()->run_id, "");
}

TEST(connection, says_that_the_password_is_wrong_without_showing_it) {
    redis_server server{{.unix_socket = false, .password = "right", .arguments = {}}};
    for (const std::string login : {":WrongOne", "carol:WrongOne"}) {
        test_connection client{options_for(with_login(server, login))};
        client.link->start();
        ASSERT_FALSE(client.send({"PING"}, 1));
        ASSERT_TRUE(client.run_until([&] { return client.down_count > 0; }));
        EXPECT_EQ(client.down_cause, node_errc::authentication_failed);
        EXPECT_THAT(client.down_message, HasSubstr("WRONGPASS"));
        EXPECT_THAT(client.down_message, Not(HasSubstr("WrongOne")));
        EXPECT_EQ(client.link->last_error(), node_errc::authentication_failed);
        EXPECT_EQ(client.link->last_error_message(), client.down_message);
        EXPECT_THAT(client.sink->told, ElementsAre("1: failure"));
        EXPECT_EQ(client.sink->last_cause, node_errc::authentication_failed);
        EXPECT_EQ(client.send({"PING"}), node_errc::authentication_failed);
    }
}

TEST(connection, says_that_a_password_is_needed) {
    redis_server server{{.unix_socket = false, .password = "right", .arguments = {}}};
    test_connection client{options_for(server.url())};
    client.link->start();
    ASSERT_TRUE(client.run_until([&] { return client.down_count > 0; }));
    EXPECT_EQ(client.down_cause, node_errc::authentication_failed);
    EXPECT_THAT(client.down_message, HasSubstr("NOAUTH"));
}

TEST(connection, says_that_the_server_is_full) {
    redis_server server;
    server.command({"CONFIG", "SET", "maxclients", "1"});
    test_connection first{options_for(server.url())};
    first.link->start();
    ASSERT_TRUE(first.run_until_ready());
    test_connection second{options_for(server.url())};
    second.link->start();
    ASSERT_TRUE(second.run_until([&] { return second.down_count > 0; }));
    EXPECT_EQ(second.ready_count, 0);
}

TEST(connection, gives_error_replies_to_the_sink) {
    redis_server server;
    test_connection client{options_for(server.url())};
    client.link->start();
    EXPECT_THAT(client.ask({"EVALSHA", "0123456789012345678901234567890123456789", "0"}),
                HasSubstr("-NOSCRIPT"));
    EXPECT_EQ(client.ask({"EVAL", "return {1,'a',{2,false}}", "0"}), "[1 a [2 nil]]");
}

TEST(connection, carries_large_commands_and_replies) {
    redis_server server;
    test_connection client{options_for(server.url())};
    client.link->start();
    const std::string value(10 * 1024 * 1024, 'v');
    EXPECT_EQ(client.ask({"SET", "big", value}), "+OK");
    EXPECT_EQ(client.ask({"GET", "big"}), value);
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
}

TEST(connection, keeps_thousands_of_commands_in_order) {
    redis_server server;
    test_connection client{options_for(server.url())};
    client.link->start();
    constexpr std::uint32_t many = 20000;
    for (std::uint32_t tag = 1; tag <= many; ++tag) {
        ASSERT_FALSE(client.send({"INCR", "n"}, tag));
    }
    ASSERT_TRUE(client.run_until([&] { return client.sink->told.size() == many; }));
    for (std::uint32_t tag = 1; tag <= many; ++tag) {
        const std::string number = std::to_string(tag);
        ASSERT_EQ(client.sink->told[tag - 1], std::string{number}.append(": ").append(number));
    }
}

TEST(connection, times_out_on_a_frozen_server_and_takes_the_late_reply) {
    redis_server server;
    connection_options options = options_for(server.url());
    options.command_timeout = 1min;
    test_connection client{options};
    client.link->start();
    ASSERT_TRUE(client.run_until_ready());
    server.freeze();
    ASSERT_FALSE(client.send({"SET", "k", "late"}, 1, 20ms));
    ASSERT_TRUE(client.run_until([&] { return client.sink->told.size() == 1; }));
    EXPECT_THAT(client.sink->told, ElementsAre("1: timeout sent"));
    EXPECT_EQ(client.link->state(), connection_state::ready);
    EXPECT_FALSE(client.link->stalled());
    ASSERT_FALSE(client.send({"GET", "k"}, 2));
    server.thaw();
    ASSERT_TRUE(client.run_until([&] { return client.sink->told.size() == 3; }));
    EXPECT_THAT(client.sink->told, ElementsAre("1: timeout sent", "1: +OK", "2: late"));
    EXPECT_EQ(client.down_count, 0);
}

TEST(connection, gives_a_stalled_server_nothing_new_but_what_must_follow) {
    redis_server server;
    connection_options options = options_for(server.url());
    options.command_timeout = 200ms;
    test_connection client{options};
    client.link->start();
    ASSERT_TRUE(client.run_until_ready());
    const std::uint64_t generation = client.link->generation();
    server.freeze();
    ASSERT_FALSE(client.send({"INCR", "n"}, 1));
    ASSERT_TRUE(client.run_until([&] { return client.link->stalled(); }));
    EXPECT_EQ(client.send({"INCR", "n"}, 2), node_errc::unresponsive);
    EXPECT_FALSE(client.send({"DECR", "n"}, 3, 1h, delivery::must_follow));
    server.thaw();
    ASSERT_TRUE(client.run_until([&] { return client.sink->told.size() == 2; }));
    EXPECT_THAT(client.sink->told, ElementsAre("1: 1", "3: 0"));
    EXPECT_FALSE(client.link->stalled());
    EXPECT_EQ(client.ask({"GET", "n"}), "0");
    EXPECT_EQ(client.link->generation(), generation);
}

TEST(connection, gives_up_a_server_that_stays_frozen) {
    redis_server server;
    connection_options options = options_for(server.url());
    options.command_timeout = 10ms;
    options.connect_timeout = 20ms;
    test_connection client{options};
    client.link->start();
    ASSERT_TRUE(client.run_until_ready());
    server.freeze();
    ASSERT_FALSE(client.send({"INCR", "n"}, 1));
    ASSERT_TRUE(client.run_until([&] { return client.down_count >= 1; }));
    EXPECT_THAT(client.sink->told, ElementsAre("1: failure sent"));
    EXPECT_EQ(client.sink->last_cause, node_errc::connection_lost);
    // The frozen server's backlog accepts connections, and then nothing answers.
    ASSERT_TRUE(client.run_until([&] { return client.down_count >= 3; }));
    EXPECT_EQ(client.down_cause, node_errc::not_connected);
    EXPECT_THAT(client.down_message, HasSubstr("no answer within 20 ms"));
    server.thaw();
    ASSERT_TRUE(client.run_until_ready());
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
}

TEST(connection, comes_back_after_the_server_was_killed_and_restarted) {
    redis_server server;
    test_connection client{options_for(server.url())};
    client.link->start();
    ASSERT_TRUE(client.run_until_ready());
    const std::string first = client.link->identity()->run_id;
    const std::uint64_t generation = client.link->generation();
    server.freeze();
    ASSERT_FALSE(client.send({"INCR", "n"}, 1));
    client.io.restart();
    client.io.poll();  // Writes it.
    server.kill();
    ASSERT_TRUE(client.run_until([&] { return client.down_count >= 2; }));
    EXPECT_THAT(client.sink->told, ElementsAre("1: failure sent"));
    EXPECT_EQ(client.sink->last_cause, node_errc::connection_lost);
    EXPECT_EQ(client.down_cause, node_errc::not_connected);
    EXPECT_THAT(client.down_message, HasSubstr("refused"));
    EXPECT_EQ(client.link->identity(), nullptr);
    server.restart();
    ASSERT_TRUE(client.run_until_ready());
    EXPECT_NE(client.link->identity()->run_id, first);
    EXPECT_GT(client.link->generation(), generation);
    EXPECT_EQ(client.ask({"GET", "n"}), "nil");
}

TEST(connection, finds_a_server_that_was_restarted_while_it_was_idle) {
    redis_server server;
    test_connection client{options_for(server.url())};
    client.link->start();
    ASSERT_TRUE(client.run_until_ready());
    const std::string first = client.link->identity()->run_id;
    server.restart();
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_NE(client.link->identity()->run_id, first);
    EXPECT_EQ(client.ready_count, 2);
    EXPECT_EQ(client.down_count, 0);
}

TEST(connection, sends_nothing_to_a_restarted_server_that_was_bound_to_the_old_connection) {
    redis_server server;
    test_connection client{options_for(server.url())};
    EXPECT_EQ(client.send({"INCR", "n"}, 1, 1h, delivery::this_connection), errc::closed);
    client.link->start();
    EXPECT_EQ(client.send({"INCR", "n"}, 1, 1h, delivery::this_connection),
              node_errc::not_connected);
    ASSERT_TRUE(client.run_until_ready());
    server.restart();
    ASSERT_FALSE(client.send({"INCR", "n"}, 2, 1h, delivery::this_connection));
    ASSERT_FALSE(client.send({"INCR", "m"}, 3));
    ASSERT_TRUE(client.run_until([&] { return client.sink->told.size() == 2; }));
    EXPECT_THAT(client.sink->told, ElementsAre("2: timeout", "3: 1"));
    EXPECT_EQ(server.get("n"), std::nullopt);
    ASSERT_FALSE(client.send({"INCR", "n"}, 4, 1h, delivery::this_connection));
    ASSERT_TRUE(client.run_until([&] { return client.sink->told.size() == 3; }));
    EXPECT_EQ(client.sink->told.back(), "4: 1");
}

TEST(connection, greets_before_anything_else_on_each_new_connection) {
    redis_server server;
    connection_options options = options_for(server.url());
    options.greets = true;
    test_connection client{options};
    client.says = {"INCR", "greetings"};
    client.link->start();
    ASSERT_FALSE(client.send({"GET", "greetings"}, 1));
    ASSERT_TRUE(client.run_until([&] { return client.sink->told.size() == 1; }));
    EXPECT_THAT(client.sink->told, ElementsAre("1: 1"));
    EXPECT_THAT(client.greeted, ElementsAre("1"));
    EXPECT_EQ(client.link->identity()->role, "master");
    EXPECT_FALSE(client.link->identity()->incarnation().empty());
    server.restart();
    EXPECT_EQ(client.ask({"GET", "greetings"}), "1") << "of the new server";
    EXPECT_THAT(client.greeted, ElementsAre("1", "1"));
}

TEST(connection, is_ready_whatever_a_greeting_is_answered_and_without_one) {
    redis_server server;
    for (const auto& words : {std::vector<std::string>{"NONSENSE"}, std::vector<std::string>{}}) {
        connection_options options = options_for(server.url());
        options.greets = true;
        test_connection client{options};
        client.says = words;
        client.link->start();
        ASSERT_TRUE(client.run_until_ready());
        EXPECT_EQ(client.greeted.size(), words.size());
        EXPECT_EQ(client.ask({"PING"}), "+PONG");
    }
}

TEST(connection, leaves_nothing_in_the_event_loop_when_idle) {
    redis_server server;
    connection_options options = options_for(server.url());
    options.connect_timeout = 1h;
    options.command_timeout = 5ms;
    test_connection client{options};
    client.link->start();
    client.io.run();  // Ends, though the attempt had an hour's time.
    EXPECT_EQ(client.link->state(), connection_state::ready);
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    client.io.restart();
    client.io.run();
    EXPECT_EQ(client.link->state(), connection_state::ready);
}

TEST(connection, leaves_nothing_in_the_event_loop_when_the_server_is_down) {
    connection_options options =
        options_for("redis://127.0.0.1:" + std::to_string(support::free_port()));
    options.backoff_min = 1h;
    options.connect_timeout = 5ms;
    test_connection client{options};
    client.keep_trying = false;
    client.link->start();
    client.io.run();
    EXPECT_EQ(client.down_count, 1);
}

TEST(connection, stops_with_commands_on_their_way) {
    redis_server server;
    test_connection client{options_for(server.url())};
    client.link->start();
    ASSERT_TRUE(client.run_until_ready());
    server.freeze();
    ASSERT_FALSE(client.send({"INCR", "n"}, 1));
    client.io.restart();
    client.io.poll();  // Writes it.
    ASSERT_FALSE(client.send({"INCR", "n"}, 2));
    client.link->stop();
    EXPECT_THAT(client.sink->told, ElementsAre("1: failure sent", "2: failure"));
    EXPECT_EQ(client.sink->last_cause, errc::closed);
    EXPECT_EQ(client.send({"PING"}), errc::closed);
    EXPECT_EQ(client.link->state(), connection_state::stopped);
    client.io.restart();
    client.io.run();  // Ends: nothing is left in the loop.
    EXPECT_EQ(client.down_count, 0);
}

}  // namespace
}  // namespace redlock::redis::connection_cases
