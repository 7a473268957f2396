// The connection over TLS against peers of whom nothing good comes: frozen ones, plain ones, those
// with the wrong certificate or the wrong version, and those that speak at the wrong time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "redis/test_connection.hpp"
#include "redis/tls_peer.hpp"
#include "support/test_authority.hpp"

namespace redlock::redis::tls_faults_cases {
namespace {

using namespace std::chrono_literals;
using support::certificate_wish;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A client and a TLS peer that share an event loop.
struct tls_faults : testing::Test {
    void use(const endpoint& where, std::chrono::nanoseconds timeout = 5s) {
        connection_options options = options_for("redis://localhost");
        options.where = where;
        options.connect_timeout = timeout;
        client.use(options);
    }
    tls_peer& serve(const certificate_wish& wish = {}) {
        peer = std::make_unique<tls_peer>(client.io, authority.issue(wish));
        use(to_peer());
        return *peer;
    }
    [[nodiscard]] endpoint to_peer() const {
        return secure_endpoint(peer->port(), authority.file());
    }
    void start_and_wait() {
        client.link->start();
        ASSERT_TRUE(client.run_until_ready()) << client.down_message;
    }
    void expect_refusal(node_errc cause, const testing::Matcher<std::string>& message) {
        client.link->start();
        ASSERT_FALSE(client.send({"PING"}, 1));
        ASSERT_TRUE(client.run_until([&] { return client.down_count > 0; }));
        EXPECT_EQ(client.down_cause, cause) << client.down_cause.message();
        EXPECT_THAT(client.down_message, message);
        EXPECT_THAT(client.sink->told, ElementsAre("1: failure"));
        EXPECT_EQ(client.ready_count, 0);
    }

    support::test_authority authority;
    test_connection client{options_for("redis://localhost")};
    std::unique_ptr<tls_peer> peer;
};

// --- who answers ---

TEST_F(tls_faults, accepts_a_good_peer) {
    serve();
    start_and_wait();
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_EQ(peer->asked_name, "") << "an address is no name to ask for";
}

TEST_F(tls_faults, refuses_a_certificate_for_another_name) {
    serve({.for_names = "DNS:a.example,DNS:b.example,IP:192.0.2.1"});
    expect_refusal(node_errc::tls_failed,
                   AllOf(HasSubstr("is for a.example, b.example, 192.0.2.1 and not for 127.0.0.1"),
                         HasSubstr("server_name=")));
}

TEST_F(tls_faults, refuses_a_certificate_for_another_address) {
    serve({.for_names = "DNS:127.0.0.1,IP:127.0.0.2"});
    expect_refusal(node_errc::tls_failed, HasSubstr("127.0.0.2 and not for 127.0.0.1"));
}

TEST_F(tls_faults, counts_names_beyond_a_few) {
    serve({.for_names = "DNS:a,DNS:b,DNS:c,DNS:d,DNS:e,DNS:f"});
    expect_refusal(node_errc::tls_failed, HasSubstr("a, b, c, d and 2 more and not for"));
}

TEST_F(tls_faults, shows_the_own_name_of_a_certificate_without_others) {
    serve({.name = "redis of old", .for_names = {}});
    expect_refusal(node_errc::tls_failed, HasSubstr("is for CN = redis of old and not for"));
}

TEST_F(tls_faults, verifies_the_name_that_was_set_apart) {
    serve({.for_names = "DNS:redis.example"});
    endpoint where = to_peer();
    where.tls->server_name = "redis.example";
    use(where);
    start_and_wait();
    EXPECT_EQ(peer->asked_name, "redis.example");
}

TEST_F(tls_faults, verifies_the_name_that_was_set_apart_and_not_the_host) {
    serve();
    endpoint where = to_peer();
    where.host = "localhost";
    where.tls->server_name = "redis.example";
    use(where);
    expect_refusal(node_errc::tls_failed, HasSubstr("localhost, 127.0.0.1 and not for redis.ex"));
}

TEST_F(tls_faults, asks_for_the_host_by_name) {
    serve();
    endpoint where = to_peer();
    where.host = "localhost";
    use(where);
    start_and_wait();
    EXPECT_EQ(peer->asked_name, "localhost");
}

TEST_F(tls_faults, refuses_an_expired_certificate) {
    serve({.from_days = -9, .until_days = -2});
    expect_refusal(node_errc::tls_failed, AllOf(HasSubstr("its certificate expired on"),
                                                HasSubstr("GMT"), HasSubstr("needs a new one")));
}

TEST_F(tls_faults, refuses_a_certificate_of_the_future) {
    serve({.from_days = 3, .until_days = 9});
    expect_refusal(node_errc::tls_failed,
                   AllOf(HasSubstr("is not valid before"), HasSubstr("clock")));
}

TEST_F(tls_faults, refuses_a_self_signed_certificate) {
    serve({.self_signed = true});
    expect_refusal(node_errc::tls_failed, AllOf(HasSubstr("is self-signed"), HasSubstr("ca=")));
}

TEST_F(tls_faults, shows_nothing_unprintable_of_a_certificate) {
    serve({.name = "evil \x1b[2J", .for_names = {}});
    expect_refusal(node_errc::tls_failed, AllOf(HasSubstr("evil"), Not(HasSubstr("\x1b"))));
}

TEST_F(tls_faults, cuts_what_is_long_in_a_certificate) {
    serve({.for_names = "DNS:" + std::string(1000, 'x')});
    expect_refusal(node_errc::tls_failed,
                   AllOf(HasSubstr("xxx..."), Not(HasSubstr(std::string(250, 'x')))));
}

TEST_F(tls_faults, refuses_a_server_name_that_is_none) {
    serve();
    endpoint where = to_peer();
    where.tls->server_name = std::string(300, 'x');
    use(where);
    expect_refusal(node_errc::tls_failed, HasSubstr("server_name="));
}

// --- versions ---

TEST_F(tls_faults, accepts_version_1_2) {
    serve();
    peer->speak_at_most(TLS1_2_VERSION);
    start_and_wait();
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
}

TEST_F(tls_faults, refuses_what_is_older_than_version_1_2) {
    for (const int version : {TLS1_1_VERSION, TLS1_VERSION}) {
        serve();
        client.down_count = 0;
        client.sink->told.clear();
        peer->speak_at_most(version);
        expect_refusal(node_errc::tls_failed, HasSubstr("no TLS 1.2 or newer"));
        EXPECT_EQ(peer->secured, 0);
    }
}

// --- certificates of the client ---

TEST_F(tls_faults, says_in_version_1_2_too_that_a_certificate_is_demanded) {
    serve();
    peer->speak_at_most(TLS1_2_VERSION);
    peer->demand_certificate_of(authority.file());
    expect_refusal(node_errc::tls_failed, HasSubstr("demands a client certificate"));
}

TEST_F(tls_faults, says_which_of_its_files_is_wrong) {
    serve();
    endpoint where = to_peer();
    where.tls->ca = authority.folder() + "/nothing.pem";
    use(where);
    expect_refusal(node_errc::tls_failed,
                   AllOf(HasSubstr("ca=" + where.tls->ca), HasSubstr("No such file or directory")));
    EXPECT_EQ(peer->secured, 0);
}

TEST_F(tls_faults, reads_its_files_anew_for_the_next_attempt) {
    serve();
    endpoint where = to_peer();
    where.tls->ca = authority.folder() + "/late.pem";
    use(where);
    client.link->start();
    ASSERT_TRUE(client.run_until([&] { return client.down_count > 0; }));
    std::filesystem::copy_file(authority.file(), where.tls->ca);
    ASSERT_TRUE(client.run_until_ready()) << client.down_message;
}

// --- peers that do not answer as they should ---

TEST_F(tls_faults, is_not_hung_by_a_frozen_peer) {
    fake_server silent{client.io};
    silent.on_command = [](const fake_server::words&) { return fake_server::answer{}; };
    use(secure_endpoint(parse_endpoint(silent.url()).value().port, authority.file()), 100ms);
    expect_refusal(node_errc::tls_failed,
                   HasSubstr("no answer within 100 ms while securing the connection; does this "
                             "port speak TLS? If not, use redis://"));
}

TEST_F(tls_faults, knows_plain_text_when_it_sees_it) {
    for (const char* const greeting : {"-ERR unknown command\r\n", "HTTP/1.1 400 Bad Request\r\n",
                                       "SSH-2.0-OpenSSH_9.2\r\n", "+OK\r\n"}) {
        fake_server plain{client.io};
        plain.greeting = greeting;
        use(secure_endpoint(parse_endpoint(plain.url()).value().port, authority.file()));
        client.down_count = 0;
        client.sink->told.clear();
        expect_refusal(node_errc::tls_failed, AllOf(HasSubstr("not TLS"), HasSubstr("redis://")));
    }
}

TEST_F(tls_faults, says_that_the_peer_hung_up_in_the_handshake) {
    serve();
    peer->closes_in_handshake = true;
    expect_refusal(node_errc::not_connected,
                   AllOf(HasSubstr("while securing the connection"), HasSubstr("redis://")));
}

TEST_F(tls_faults, tries_again_after_a_handshake_that_failed) {
    serve();
    peer->closes_in_handshake = true;
    client.link->start();
    ASSERT_TRUE(client.run_until([&] { return client.down_count > 1; }));
    peer->closes_in_handshake = false;
    ASSERT_TRUE(client.run_until_ready()) << client.down_message;
}

TEST_F(tls_faults, can_be_stopped_in_the_handshake) {
    fake_server silent{client.io};
    silent.on_command = [](const fake_server::words&) { return fake_server::answer{}; };
    use(secure_endpoint(parse_endpoint(silent.url()).value().port, authority.file()));
    client.link->start();
    ASSERT_FALSE(client.send({"PING"}, 1));
    ASSERT_TRUE(client.run_until([&] { return silent.reads > 0; }));
    client.link->stop();
    EXPECT_THAT(client.sink->told, ElementsAre("1: failure"));
    EXPECT_EQ(client.sink->last_cause, errc::closed);
}

TEST_F(tls_faults, tries_again_until_the_data_is_loaded) {
    serve();
    int asked = 0;
    peer->on_command = [&](const fake_server::words& command) {
        return command[0] == "INFO" && ++asked < 3
                   ? fake_server::answer{.bytes = "-LOADING Redis is loading the dataset\r\n"}
                   : fake_server::usual(command);
    };
    client.when_down = [&] { EXPECT_EQ(client.down_cause, node_errc::loading); };
    start_and_wait();
    EXPECT_EQ(client.down_count, 2);
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
}

// --- words at the wrong time ---

TEST_F(tls_faults, does_not_take_a_new_ticket_for_an_answer_or_an_end) {
    serve();
    start_and_wait();
    peer->say_new_ticket();
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_EQ(peer->accepted, 1);
    client.link->listen(true);
    peer->say_new_ticket();
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_EQ(client.down_count, 0);
}

TEST_F(tls_faults, replaces_a_connection_on_which_the_peer_said_goodbye) {
    serve();
    start_and_wait();
    peer->say_goodbye();
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_EQ(peer->accepted, 2);
    EXPECT_EQ(client.down_count, 0);
}

TEST_F(tls_faults, replaces_a_connection_on_which_the_peer_spoke_unasked) {
    serve();
    start_and_wait();
    peer->say("+HELLO\r\n");
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_EQ(peer->accepted, 2);
    EXPECT_EQ(client.down_count, 0);
}

TEST_F(tls_faults, notices_while_listening_that_the_peer_said_goodbye) {
    serve();
    start_and_wait();
    client.link->listen(true);
    peer->say_goodbye();
    ASSERT_TRUE(client.run_until([&] { return client.down_count > 0; }));
    EXPECT_EQ(client.down_cause, node_errc::connection_lost);
    ASSERT_TRUE(client.run_until_ready());
}

}  // namespace
}  // namespace redlock::redis::tls_faults_cases
