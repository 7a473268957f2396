// The connection over TLS against real redis-server processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "redis/test_connection.hpp"
#include "redis/tls_peer.hpp"
#include "support/redis_server.hpp"
#include "support/test_authority.hpp"

namespace redlock::redis::tls_cases {
namespace {

using namespace std::chrono_literals;
using support::certificate_files;
using support::redis_server;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

connection_options options_to(endpoint where) {
    connection_options options = options_for("redis://localhost");
    options.where = std::move(where);
    return options;
}

struct tls : testing::Test {
    static redis_server start(const support::test_authority& authority,
                              bool demands_client_certificate = false, std::string password = {}) {
        return redis_server{{.unix_socket = false,
                             .password = std::move(password),
                             .arguments = {},
                             .tls = {{.files = authority.issue(),
                                      .ca = authority.file(),
                                      .demands_client_certificate = demands_client_certificate}}}};
    }
    [[nodiscard]] endpoint to(const redis_server& server) const {
        return secure_endpoint(server.tls_port(), authority.file());
    }
    static void expect_failure(const endpoint& where, node_errc cause,
                               const testing::Matcher<std::string>& message) {
        test_connection client{options_to(where)};
        client.link->start();
        ASSERT_FALSE(client.send({"PING"}, 1));
        ASSERT_TRUE(client.run_until([&] { return client.down_count > 0; }));
        EXPECT_EQ(client.down_cause, cause);
        EXPECT_THAT(client.down_message, message);
        EXPECT_THAT(client.sink->told, ElementsAre("1: failure"));
        EXPECT_EQ(client.sink->last_cause, cause);
        EXPECT_EQ(client.ready_count, 0);
    }

    support::test_authority authority;
};

TEST_F(tls, becomes_ready_and_works) {
    redis_server server = start(authority);
    test_connection client{options_to(to(server))};
    client.link->start();
    ASSERT_TRUE(client.run_until_ready()) << client.down_message;
    EXPECT_EQ(client.ask({"SET", "k", "v"}), "+OK");
    EXPECT_EQ(server.get("k"), "v");
    EXPECT_EQ(client.down_count, 0);
    EXPECT_THAT(client.ask({"CLIENT", "LIST"}), HasSubstr("cmd=client"));
}

TEST_F(tls, logs_in_and_selects) {
    redis_server server = start(authority, false, "open sesame");
    endpoint where = to(server);
    where.password = "open sesame";
    where.database = 3;
    test_connection client{options_to(where)};
    client.link->start();
    EXPECT_EQ(client.ask({"SET", "k", "v"}), "+OK") << client.down_message;
    EXPECT_THAT(server.command({"INFO", "keyspace"}), HasSubstr("db3:keys=1"));
}

TEST_F(tls, checks_a_host_name_too) {
    redis_server server = start(authority);
    endpoint where = to(server);
    where.host = "localhost";
    test_connection client{options_to(where)};
    client.link->start();
    EXPECT_EQ(client.ask({"PING"}), "+PONG") << client.down_message;
}

TEST_F(tls, carries_what_is_large_in_both_directions) {
    redis_server server = start(authority);
    test_connection client{options_to(to(server))};
    client.link->start();
    const std::string large(std::size_t{16} * 1024 * 1024, 'x');
    EXPECT_EQ(client.ask({"SET", "k", large}), "+OK") << client.down_message;
    EXPECT_TRUE(client.ask({"GET", "k"}) == large);
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_EQ(client.down_count, 0);
}

TEST_F(tls, carries_many_commands_that_cross_their_replies) {
    redis_server server = start(authority);
    test_connection client{options_to(to(server))};
    client.link->start();
    ASSERT_TRUE(client.run_until_ready()) << client.down_message;
    constexpr std::size_t rounds = 200;
    const std::string some(5000, 'x');
    for (std::uint32_t tag = 0; tag < rounds; ++tag) {
        ASSERT_FALSE(client.send({"ECHO", some}, tag));
        client.io.restart();
        client.io.poll_one();
    }
    ASSERT_TRUE(client.run_until([&] { return client.sink->told.size() == rounds; }));
    for (std::size_t tag = 0; tag < rounds; ++tag) {
        ASSERT_TRUE(client.sink->told[tag] == std::to_string(tag) + ": " + some) << tag;
    }
    EXPECT_EQ(client.down_count, 0);
}

TEST_F(tls, can_listen_give_up_and_go_on_on_the_same_connection) {
    redis_server server = start(authority);
    test_connection client{options_to(to(server))};
    client.link->start();
    ASSERT_TRUE(client.run_until_ready()) << client.down_message;
    const std::string id = client.ask({"CLIENT", "ID"});
    for (int turn = 0; turn < 20; ++turn) {
        client.link->listen(true);
        client.io.restart();
        client.io.poll();
        if (turn % 3 == 0) {
            EXPECT_EQ(client.ask({"CLIENT", "ID"}), id);
        }
        client.link->listen(false);
        if (turn % 2 == 0) {
            client.io.restart();
            client.io.poll();
        }
        EXPECT_EQ(client.ask({"CLIENT", "ID"}), id);
    }
    EXPECT_EQ(client.down_count, 0);
    EXPECT_EQ(client.ready_count, 1);
}

TEST_F(tls, notices_while_idle_that_the_server_is_gone) {
    redis_server server = start(authority);
    test_connection client{options_to(to(server))};
    client.link->start();
    ASSERT_TRUE(client.run_until_ready()) << client.down_message;
    server.restart();
    // The old connection was replaced before anything was sent on it.
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_EQ(client.down_count, 0);
    EXPECT_EQ(client.ready_count, 2);
}

TEST_F(tls, loses_the_connection_when_the_server_dies) {
    redis_server server = start(authority);
    test_connection client{options_to(to(server))};
    client.keep_trying = false;
    client.link->start();
    ASSERT_TRUE(client.run_until_ready()) << client.down_message;
    server.freeze();
    ASSERT_FALSE(client.send({"PING"}, 1));
    client.io.restart();
    client.io.poll();
    server.kill();
    ASSERT_TRUE(client.run_until([&] { return client.down_count > 0; }));
    EXPECT_EQ(client.down_cause, node_errc::connection_lost);
    EXPECT_THAT(client.sink->told, ElementsAre("1: failure sent"));
    server.restart();
    ASSERT_TRUE(client.run_until([&] { return !client.send({"PING"}, 2); }));
    ASSERT_TRUE(client.run_until([&] { return client.sink->told.size() == 2; }));
    EXPECT_EQ(client.sink->told.back(), "2: +PONG");
}

TEST_F(tls, shows_its_certificate_to_a_server_that_demands_one) {
    redis_server server = start(authority, true);
    endpoint where = to(server);
    const certificate_files own = authority.issue({.name = "client", .for_names = {}});
    where.tls->certificate = own.certificate;
    where.tls->key = own.key;
    test_connection client{options_to(where)};
    client.link->start();
    EXPECT_EQ(client.ask({"PING"}), "+PONG") << client.down_message;
}

TEST_F(tls, says_that_the_server_demands_a_certificate) {
    redis_server server = start(authority, true);
    expect_failure(to(server), node_errc::tls_failed,
                   AllOf(HasSubstr("client certificate"), HasSubstr("cert="), HasSubstr("key=")));
}

TEST_F(tls, says_that_the_server_does_not_believe_its_certificate) {
    redis_server server = start(authority, true);
    const support::test_authority stranger{"stranger"};
    const certificate_files own = stranger.issue({.name = "client", .for_names = {}});
    endpoint where = to(server);
    where.tls->certificate = own.certificate;
    where.tls->key = own.key;
    expect_failure(where, node_errc::tls_failed, HasSubstr("does not accept our certificate"));
}

TEST_F(tls, trusts_no_server_of_another_authority) {
    redis_server server = start(authority);
    const support::test_authority other{"some other authority"};
    expect_failure(secure_endpoint(server.tls_port(), other.file()), node_errc::tls_failed,
                   AllOf(HasSubstr("CN = test authority"), HasSubstr("whom nothing here trusts"),
                         HasSubstr("ca=")));
    endpoint by_system = to(server);
    by_system.tls->ca.clear();
    expect_failure(by_system, node_errc::tls_failed, HasSubstr("whom nothing here trusts"));
}

TEST_F(tls, believes_everybody_when_told_so) {
    redis_server server = start(authority);
    endpoint where = to(server);
    where.host = "127.0.0.1";
    where.tls = tls_options{};
    where.tls->verify = false;
    test_connection client{options_to(where)};
    client.link->start();
    EXPECT_EQ(client.ask({"PING"}), "+PONG") << client.down_message;
}

TEST_F(tls, to_a_plain_server_ends_in_time_and_says_what_to_look_at) {
    redis_server server;
    test_connection client{[&] {
        connection_options options = options_to(secure_endpoint(server.port(), authority.file()));
        options.connect_timeout = 200ms;
        return options;
    }()};
    client.link->start();
    ASSERT_TRUE(client.run_until([&] { return client.down_count > 0; }));
    // Redis may wait for the end of what it takes for a command, or answer it.
    EXPECT_THAT(client.down_message, AllOf(HasSubstr("this port speak"), HasSubstr("redis://")));
}

TEST_F(tls, is_what_a_plain_client_is_told_to_try) {
    redis_server server = start(authority);
    endpoint where;
    where.host = "127.0.0.1";
    where.port = server.tls_port();
    test_connection client{options_to(where)};
    client.link->start();
    ASSERT_TRUE(client.run_until([&] { return client.down_count > 0; }));
    EXPECT_THAT(client.down_message, HasSubstr("does this port speak TLS? Then use rediss://"));
}

}  // namespace
}  // namespace redlock::redis::tls_cases
