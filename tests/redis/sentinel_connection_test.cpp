// The connection to a master that Sentinels name, against Sentinels and servers that misbehave, and
// the watch that notices another master while the old one still answers. All of them are fakes in
// the test's own event loop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>

#include "redis/connect/connection.hpp"
#include "redis/fake_server.hpp"
#include "redis/test_connection.hpp"

namespace redlock::redis::sentinel_connection_cases {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using words = fake_server::words;

std::string port_of(const fake_server& server) {
    return server.url().substr(server.url().rfind(':') + 1);
}

std::string address_reply(const fake_server& server) {
    const std::string port = port_of(server);
    return "*2\r\n$9\r\n127.0.0.1\r\n$" + std::to_string(port.size()) + "\r\n" + port + "\r\n";
}

fake_server::answer as_master(const words& command) {
    return command[0] == "ROLE" ? fake_server::answer{"*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"}
                                : fake_server::usual(command);
}

fake_server::answer as_replica(const words& command) {
    return command[0] == "ROLE"
               ? fake_server::answer{"*5\r\n$5\r\nslave\r\n$1\r\nh\r\n:1\r\n$4\r\nsync\r\n:0\r\n"}
               : fake_server::usual(command);
}

struct sentinel_connection : testing::Test {
    sentinel_connection() {
        for (auto& each : servers) {
            each.on_command = as_master;
        }
        options.command_timeout = 500ms;  // which is what a silent Sentinel costs
        options.where.sentinel.emplace().master = "mymaster";
        for (auto& each : sentinels) {
            names(each, servers[0]);
            options.where.sentinel->addresses.push_back(
                {"127.0.0.1", static_cast<std::uint16_t>(std::stoi(port_of(each)))});
        }
    }
    static void names(fake_server& sentinel, const fake_server& master) {
        sentinel.on_command = [reply = address_reply(master)](const words& command) {
            return command[0] == "SENTINEL" ? fake_server::answer{reply}
                                            : fake_server::usual(command);
        };
    }
    static void say_nothing(fake_server& sentinel) {
        sentinel.on_command = [](const words& /*command*/) { return fake_server::answer{}; };
    }
    void connect() {
        client.use(options);
        client.whole->start();
        ASSERT_TRUE(client.run_until_ready()) << client.down_message;
    }
    bool is_at(const fake_server& server) {
        return client.link->server() != nullptr &&
               std::to_string(client.link->server()->port) == port_of(server);
    }
    bool run_until_at(const fake_server& server) {
        return client.run_until([&] { return is_at(server); });
    }

    connection_options options = options_for("redis://unused");
    test_connection client{options_for("redis://localhost")};
    std::array<fake_server, 3> sentinels{fake_server{client.io}, fake_server{client.io},
                                         fake_server{client.io}};
    std::array<fake_server, 2> servers{fake_server{client.io}, fake_server{client.io}};
};

TEST_F(sentinel_connection, goes_where_the_first_sentinel_says) {
    connect();
    EXPECT_TRUE(is_at(servers[0]));
    EXPECT_EQ(sentinels[0].accepted, 1);
    EXPECT_EQ(sentinels[1].accepted, 0);
    EXPECT_THAT(sentinels[0].received,
                ElementsAre(ElementsAre("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")));
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_EQ(client.down_count, 0);
}

TEST_F(sentinel_connection, asks_the_next_sentinel_within_one_attempt) {
    say_nothing(sentinels[0]);
    sentinels[1].stop_listening();
    connect();
    EXPECT_TRUE(is_at(servers[0]));
    EXPECT_EQ(client.down_count, 0) << client.down_message;
}

TEST_F(sentinel_connection, goes_on_after_garbage_and_after_a_hang_up) {
    sentinels[0].greeting = "SSH-2.0-OpenSSH_9.2\r\n";
    sentinels[1].hang_up_at_once = true;
    connect();
    EXPECT_TRUE(is_at(servers[0]));
    EXPECT_EQ(client.down_count, 0) << client.down_message;
}

TEST_F(sentinel_connection, tells_why_when_no_sentinel_helps) {
    say_nothing(sentinels[0]);
    sentinels[1].stop_listening();
    sentinels[2].on_command = [](const words& /*command*/) {
        return fake_server::answer{"*-1\r\n"};
    };
    client.keep_trying = false;
    client.use(options);
    client.whole->start();
    ASSERT_TRUE(client.run_until([&] { return client.down_count == 1; }));
    EXPECT_EQ(client.down_cause, node_errc::error_reply);
    EXPECT_THAT(client.down_message, HasSubstr("no answer within"));
    EXPECT_THAT(client.down_message, HasSubstr("while asking a Sentinel"));
    EXPECT_THAT(client.down_message, HasSubstr("Connection refused"));
    EXPECT_THAT(client.down_message, HasSubstr("it knows no master called \"mymaster\""));
}

TEST_F(sentinel_connection, waits_for_a_server_that_says_it_is_the_master) {
    servers[0].on_command = as_replica;
    client.when_down = [&] { servers[0].on_command = as_master; };
    connect();
    EXPECT_EQ(client.down_count, 1);
    EXPECT_EQ(client.down_cause, node_errc::read_only);
    EXPECT_THAT(client.down_message, HasSubstr("which is a replica"));
}

TEST_F(sentinel_connection, follows_the_name_to_another_server_when_the_connection_breaks) {
    connect();
    for (auto& each : sentinels) {
        names(each, servers[1]);
    }
    servers[0].hang_up();
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_TRUE(is_at(servers[1]));
}

TEST_F(sentinel_connection, leaves_a_master_that_was_demoted) {
    connect();
    for (const std::string refusal : {"-READONLY You can't write\r\n", "-MASTERDOWN Link\r\n"}) {
        const int downs = client.down_count;
        auto& old = is_at(servers[0]) ? servers[0] : servers[1];
        auto& next = is_at(servers[0]) ? servers[1] : servers[0];
        old.on_command = [=](const words& command) {
            return command[0] == "SET" ? fake_server::answer{refusal} : as_replica(command);
        };
        next.on_command = as_master;
        for (auto& each : sentinels) {
            names(each, next);
        }
        client.sink->told.clear();
        ASSERT_FALSE(client.send({"SET"}, 1));
        ASSERT_FALSE(client.send({"PING"}, 2));
        ASSERT_TRUE(client.run_until([&] { return client.down_count == downs + 1; }));
        EXPECT_THAT(client.sink->told, ElementsAre("1: failure sent", "2: failure sent"));
        EXPECT_EQ(client.sink->last_cause, node_errc::read_only);
        EXPECT_THAT(client.down_message, HasSubstr("it is a replica now"));
        EXPECT_TRUE(run_until_at(next));
    }
}

TEST(plain_connection, stays_with_a_replica) {
    test_connection client{options_for("redis://localhost")};
    fake_server server{client.io};
    server.on_command = [](const words& command) {
        return command[0] == "SET" ? fake_server::answer{"-READONLY no\r\n"}
                                   : fake_server::usual(command);
    };
    client.use(options_for(server.url()));
    client.whole->start();
    EXPECT_EQ(client.ask({"SET"}), "-READONLY no");
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_EQ(client.down_count, 0);
}

struct sentinel_watching : sentinel_connection {
    static std::size_t asked(const fake_server& sentinel) {
        return static_cast<std::size_t>(
            std::count_if(sentinel.received.begin(), sentinel.received.end(),
                          [](const words& command) { return command[0] == "SENTINEL"; }));
    }
    [[nodiscard]] std::size_t asked() const {
        return asked(sentinels[0]) + asked(sentinels[1]) + asked(sentinels[2]);
    }
    // Two polls are needed, which go along with commands.
    bool run_until_left() {
        return client.run_until([&] {
            if (client.down_count == 0) {
                static_cast<void>(client.send({"PING"}));
            }
            return client.down_count == 1;
        });
    }
    // What was answered has been heard.
    bool run_until_asked(std::size_t times) {
        const bool done = client.run_until([&] { return asked() >= times; });
        return done && client.ask({"PING"}) == "+PONG" && client.ask({"PING"}) == "+PONG";
    }
};

TEST_F(sentinel_watching, stays_when_one_sentinel_alone_names_another_master) {
    connect();
    names(sentinels[2], servers[1]);
    ASSERT_FALSE(client.send({"PING"}));
    ASSERT_TRUE(run_until_asked(4));
    EXPECT_EQ(client.down_count, 0);
    EXPECT_TRUE(is_at(servers[0]));
}

TEST_F(sentinel_watching, leaves_a_master_when_most_sentinels_name_another) {
    connect();
    names(sentinels[1], servers[1]);
    names(sentinels[2], servers[1]);
    ASSERT_FALSE(client.send({"PING"}));
    ASSERT_TRUE(run_until_asked(4));
    EXPECT_EQ(client.down_count, 0) << "they may just be hearing of it";
    ASSERT_TRUE(run_until_left());
    EXPECT_EQ(client.down_cause, node_errc::connection_lost);
    EXPECT_THAT(client.down_message, HasSubstr("the Sentinels name another master, 127.0.0.1:"));
    EXPECT_TRUE(run_until_at(servers[1])) << "and asks one of them first";
}

TEST_F(sentinel_watching, leaves_a_master_that_hangs) {
    options.command_timeout = 1h;  // so that only the Sentinels tell
    connect();
    servers[0].on_command = [](const words& /*command*/) { return fake_server::answer{}; };
    names(sentinels[1], servers[1]);
    names(sentinels[2], servers[1]);
    ASSERT_TRUE(run_until_left());
    EXPECT_TRUE(run_until_at(servers[1]));
}

TEST_F(sentinel_watching, stays_while_all_agree_and_asks_once_in_a_while) {
    connect();
    for (std::uint32_t tag = 0; tag < 100; ++tag) {
        ASSERT_FALSE(client.send({"PING"}, tag));
    }
    ASSERT_TRUE(run_until_asked(4));
    EXPECT_EQ(asked(), 4U) << "one to find the master, and one each";
    EXPECT_EQ(client.down_count, 0);
    EXPECT_TRUE(is_at(servers[0]));
}

TEST_F(sentinel_watching, gives_a_silent_sentinel_up_before_it_asks_again) {
    // Longer than half the time between two questions: what is kept for a stalled server to come
    // back would reach beyond the next one, and keep the event loop of an idle client going.
    options.command_timeout = 1500ms;
    connect();
    say_nothing(sentinels[2]);
    ASSERT_TRUE(client.run_until([&] {
        static_cast<void>(client.send({"PING"}));
        return sentinels[2].accepted == 2;
    }));
    EXPECT_EQ(asked(sentinels[1]), 2U) << "each was asked twice, on a new connection there";
}

TEST_F(sentinel_watching, is_not_misled_by_sentinels_that_know_nothing) {
    connect();
    sentinels[0].stop_listening();
    sentinels[0].hang_up();
    sentinels[1].on_command = [](const words& command) {
        return command[0] == "SENTINEL" ? fake_server::answer{"-IDONTKNOW\r\n"}
                                        : fake_server::usual(command);
    };
    ASSERT_FALSE(client.send({"PING"}));
    ASSERT_TRUE(run_until_asked(3));
    EXPECT_EQ(client.down_count, 0);
}

}  // namespace
}  // namespace redlock::redis::sentinel_connection_cases
