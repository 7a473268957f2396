// When a connection is given up, when it is made again at once and when after a pause: against
// servers that let everybody in and are of no use then.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "redis/fake_server.hpp"
#include "redis/test_connection.hpp"
#include "support/redis_server.hpp"

namespace redlock::redis::connection_backoff_cases {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using words = fake_server::words;

const std::string loading = "-LOADING Redis is loading the dataset in memory\r\n";

struct connection_backoff : testing::Test {
    connection_backoff() : client(options_for("redis://localhost")), server(client.io) {
        use(options_for(server.url()));
    }
    void use(connection_options options) {
        options.where = parse_endpoint(server.url()).value();
        client.use(options);
    }
    // Answers this command so, and the rest as usual.
    void answer(const std::string& name, std::function<fake_server::answer()> how) {
        server.on_command = [name, how = std::move(how)](const words& command) {
            return command[0] == name ? how() : fake_server::usual(command);
        };
    }
    std::ptrdiff_t heard(const std::string& name) const {
        return std::count_if(server.received.begin(), server.received.end(),
                             [&](const words& each) { return each[0] == name; });
    }
    bool wait_for_down(int times) {
        return client.run_until([&] { return client.down_count >= times; });
    }
    // So that each connection is used as soon as it is there, and its end is seen.
    void ping_when_ready() {
        client.when_ready = [this] {
            static_cast<void>(client.send({"PING"}, 8));
            static_cast<void>(client.send({"PING"}, 9));
        };
    }

    test_connection client;
    fake_server server;
};

TEST_F(connection_backoff, leaves_a_server_that_loads_once_all_was_answered) {
    answer("PING", [] { return fake_server::answer{.bytes = loading}; });
    client.link->start();
    ASSERT_TRUE(client.run_until_ready());
    for (const std::uint32_t tag : {1U, 2U}) {
        ASSERT_FALSE(client.send({"PING"}, tag));
    }
    ASSERT_FALSE(client.send({"ECHO"}, 3));
    ASSERT_TRUE(wait_for_down(1));
    EXPECT_THAT(client.sink->told,
                ElementsAre(HasSubstr("1: -LOADING"), HasSubstr("2: -LOADING"), "3: +PONG"));
    EXPECT_EQ(client.down_cause, node_errc::loading);
    EXPECT_THAT(client.down_message, HasSubstr("LOADING"));
    answer("PING", [] { return fake_server::answer{.bytes = "+PONG\r\n"}; });
    ASSERT_TRUE(client.run_until_ready());
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
}

TEST_F(connection_backoff, sends_a_server_that_loads_nothing_more) {
    answer("PING", [] { return fake_server::answer{.bytes = loading}; });
    server.on_command = [usual = server.on_command](const words& command) {
        return command[0] == "ECHO" ? fake_server::answer{} : usual(command);
    };
    client.keep_trying = false;
    client.link->start();
    ASSERT_TRUE(client.run_until_ready());
    ASSERT_FALSE(client.send({"PING"}, 1));
    ASSERT_FALSE(client.send({"ECHO"}, 2));
    client.sink->then = [&] {
        client.sink->then = nullptr;
        EXPECT_FALSE(client.send({"PING"}, 3));
    };
    ASSERT_TRUE(client.run_until([&] { return !client.sink->told.empty(); }));
    client.io.poll();
    EXPECT_EQ(heard("PING"), 1);
    server.say("+late\r\n");
    ASSERT_TRUE(wait_for_down(1));
    EXPECT_THAT(client.sink->told, ElementsAre(HasSubstr("1: -LOADING"), "2: +late", "3: failure"));
    EXPECT_EQ(client.sink->last_cause, node_errc::loading);
    EXPECT_EQ(heard("PING"), 1);
}

// The tests' pauses grow from 2 to 20 ms, less a random part of at most half.
TEST_F(connection_backoff, waits_longer_and_longer_for_a_server_that_loads) {
    answer("PING", [] { return fake_server::answer{.bytes = loading}; });
    // What is answered all the same does not mean that it is ready to serve.
    client.when_ready = [this] {
        static_cast<void>(client.send({"ECHO"}, 8));
        static_cast<void>(client.send({"PING"}, 9));
    };
    client.link->start();
    ASSERT_TRUE(wait_for_down(6));
    EXPECT_GE(client.retry_in, 10ms);
    EXPECT_EQ(client.ready_count, 6);
}

TEST_F(connection_backoff, waits_longer_and_longer_for_a_server_that_lets_everybody_in_and_leaves) {
    answer("PING", [] { return fake_server::answer{.bytes = {}, .close = true}; });
    ping_when_ready();
    client.link->start();
    ASSERT_TRUE(wait_for_down(6));
    EXPECT_GE(client.retry_in, 10ms);
    answer("PING", [] { return fake_server::answer{.bytes = "-ERR no\r\n", .close = true}; });
    client.sink->told.clear();
    client.down_count = 0;
    ASSERT_TRUE(wait_for_down(1));
    EXPECT_LE(client.retry_in, 2ms) << "it answered: a new start";
}

TEST_F(connection_backoff, takes_another_connection_when_the_first_is_gone_at_once) {
    int left = 1;
    answer("INFO", [&] {
        return fake_server::answer{fake_server::usual({"INFO"}).bytes, left-- > 0};
    });
    client.link->start();
    ASSERT_FALSE(client.send({"PING"}, 1));
    ASSERT_TRUE(client.run_until([&] { return !client.sink->told.empty(); }));
    EXPECT_THAT(client.sink->told, ElementsAre("1: +PONG"));
    EXPECT_EQ(client.down_count, 0) << client.down_message;
    EXPECT_EQ(server.accepted, 2);
}

TEST_F(connection_backoff, does_not_take_one_connection_after_the_other_without_a_pause) {
    answer("INFO", [] { return fake_server::answer{fake_server::usual({"INFO"}).bytes, true}; });
    ping_when_ready();
    client.link->start();
    ASSERT_TRUE(wait_for_down(1));
    EXPECT_EQ(server.accepted, 2);
    EXPECT_EQ(client.down_cause, node_errc::connection_lost);
    EXPECT_EQ(client.sink->last_cause, node_errc::not_connected);
    ASSERT_TRUE(wait_for_down(6));
    EXPECT_EQ(server.accepted, 7);
    EXPECT_GE(client.retry_in, 10ms);
}

TEST_F(connection_backoff, gives_up_a_server_that_only_drips) {
    connection_options options = options_for("redis://h");
    options.command_timeout = 5ms;
    use(options);
    client.keep_trying = false;
    answer("PING", [] { return fake_server::answer{.bytes = "$67108864\r\n"}; });
    client.link->start();
    ASSERT_TRUE(client.run_until_ready());
    ASSERT_FALSE(client.send({"PING"}, 1));
    boost::asio::steady_timer timer{client.io};
    int drops = 0;
    const std::function<void()> drip = [&] {
        timer.expires_after(1ms);
        timer.async_wait([&](error_code cancelled) {
            if (!cancelled && client.down_count == 0) {
                server.say("x");
                ++drops;
                drip();
            }
        });
    };
    drip();
    bool stalled = false;
    ASSERT_TRUE(client.run_until([&] {
        stalled = stalled || client.link->stalled();
        return client.down_count > 0;
    }));
    EXPECT_TRUE(stalled);
    EXPECT_GT(drops, 1);
    EXPECT_THAT(client.down_message, HasSubstr("no answer for"));
    EXPECT_THAT(client.sink->told, ElementsAre("1: failure sent"));
}

TEST(connection_backoff_idle, keeps_no_event_loop_for_an_attempt_that_is_over) {
    connection_options options =
        options_for("redis://127.0.0.1:" + std::to_string(support::free_port()));
    options.backoff_min = 1h;
    options.backoff_max = 1h;
    options.connect_timeout = 1h;
    test_connection client{options};
    client.keep_trying = false;
    client.link->start();
    ASSERT_TRUE(client.run_until([&] { return client.down_count > 0; }));
    client.io.restart();
    client.io.poll();
    EXPECT_TRUE(client.io.stopped()) << "something is left in it";
}

}  // namespace
}  // namespace redlock::redis::connection_backoff_cases
