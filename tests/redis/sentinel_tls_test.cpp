// TLS on both hops of the way to a master that Sentinels name: whom each certificate must be for.
// Fakes in the test's own event loop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "redis/test_connection.hpp"
#include "redis/tls_peer.hpp"
#include "support/test_authority.hpp"

namespace redlock::redis::sentinel_tls_cases {
namespace {

using testing::HasSubstr;
using words = fake_server::words;

struct sentinel_tls : testing::Test {
    sentinel_tls() {
        const std::string port = std::to_string(master.port());
        const std::string address =
            "*2\r\n$9\r\n127.0.0.1\r\n$" + std::to_string(port.size()) + "\r\n" + port + "\r\n";
        for (tls_peer* each : {&stranger, &sentinel}) {
            each->on_command = [address](const words& command) {
                return command[0] == "SENTINEL" ? fake_server::answer{address}
                                                : fake_server::usual(command);
            };
        }
        master.on_command = [](const words& command) {
            return command[0] == "ROLE" ? fake_server::answer{"*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"}
                                        : fake_server::usual(command);
        };
        options.where.tls.emplace().ca = authority.file();
        options.where.sentinel.emplace().master = "mymaster";
        options.where.sentinel->tls = true;
        options.where.sentinel->addresses = {{"127.0.0.1", stranger.port()},
                                             {"127.0.0.1", sentinel.port()}};
    }
    void connect() {
        client.use(options);
        client.link->start();
        ASSERT_TRUE(client.run_until(
            [&] { return client.down_count > 0 || client.link->server() != nullptr; }));
    }

    support::test_authority authority;
    connection_options options = options_for("redis://unused");
    test_connection client{options_for("redis://localhost")};
    tls_peer stranger{client.io, authority.issue({.name = "a", .for_names = "DNS:other"})};
    tls_peer sentinel{client.io, authority.issue({.name = "b", .for_names = "IP:127.0.0.1"})};
    tls_peer master{client.io, authority.issue({.name = "c", .for_names = "DNS:redis.intern"})};
};

TEST_F(sentinel_tls, verifies_sentinels_by_their_hosts_and_the_master_by_the_given_name) {
    options.where.tls->server_name = "redis.intern";
    connect();
    EXPECT_EQ(client.down_count, 0) << client.down_message;
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_EQ(master.secured, 1);
    EXPECT_EQ(master.asked_name, "redis.intern");
    EXPECT_GE(stranger.accepted, 1) << "it was asked first, and was not believed";
}

TEST_F(sentinel_tls, verifies_the_master_by_the_address_that_was_named_if_no_name_is_given) {
    connect();
    EXPECT_EQ(client.down_cause, node_errc::tls_failed);
    EXPECT_THAT(client.down_message, HasSubstr("master 127.0.0.1:"));
}

TEST_F(sentinel_tls, tells_why_no_sentinel_was_believed) {
    options.where.sentinel->addresses.pop_back();
    connect();
    EXPECT_EQ(client.down_cause, node_errc::tls_failed);
    EXPECT_THAT(client.down_message, HasSubstr("no Sentinel says where the master"));
    EXPECT_EQ(master.accepted, 0);
}

TEST_F(sentinel_tls, can_be_had_for_the_servers_alone) {
    options.where.tls->server_name = "redis.intern";
    options.where.sentinel->tls = false;
    fake_server plain{client.io};
    plain.on_command = sentinel.on_command;
    const std::string url = plain.url();
    options.where.sentinel->addresses = {
        {"127.0.0.1", static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)))}};
    connect();
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_EQ(master.secured, 1);
}

}  // namespace
}  // namespace redlock::redis::sentinel_tls_cases
