// The connection against a server that misbehaves in every way we could think of, and against its
// own user, who stops and sends at awkward moments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "redis/fake_server.hpp"
#include "redis/test_connection.hpp"
#include "redis/wire/resp_writer.hpp"

namespace redlock::redis::connection_faults_cases {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using words = fake_server::words;

struct connection_faults : testing::Test {
    explicit connection_faults() : client(options_for("redis://localhost")), server(client.io) {
        use(options_for(server.url()));
    }
    void use(connection_options options) {
        options.where = parse_endpoint(server.url()).value();
        client.use(options);
    }
    void start_and_wait() {
        client.link->start();
        ASSERT_TRUE(client.run_until_ready()) << client.down_message;
    }
    bool wait_for_down(int times = 1) {
        return client.run_until([&] { return client.down_count >= times; });
    }
    // Answers PING with `bytes`, and the rest as usual.
    void answer_ping(std::string bytes, bool close = false) {
        server.on_command = [=](const words& command) {
            return command[0] == "PING" ? fake_server::answer{bytes, close}
                                        : fake_server::usual(command);
        };
    }

    test_connection client;
    fake_server server;
};

TEST_F(connection_faults, asks_in_one_write_what_was_asked_in_one_turn) {
    start_and_wait();
    const std::size_t before = server.reads;
    for (std::uint32_t tag = 0; tag < 100; ++tag) {
        ASSERT_FALSE(client.send({"PING"}, tag));
    }
    ASSERT_TRUE(client.run_until([&] { return client.sink->told.size() == 100; }));
    EXPECT_EQ(server.reads, before + 1);
}

TEST_F(connection_faults, drops_a_server_that_answers_garbage) {
    answer_ping("HTTP/1.1 400 Bad Request\r\n\r\n");
    start_and_wait();
    ASSERT_FALSE(client.send({"PING"}, 1));
    ASSERT_TRUE(wait_for_down());
    EXPECT_EQ(client.down_cause, node_errc::bad_reply);
    EXPECT_THAT(client.sink->told, ElementsAre("1: failure sent"));
    EXPECT_EQ(client.sink->last_cause, node_errc::bad_reply);
    ASSERT_TRUE(client.run_until_ready());
    EXPECT_EQ(server.accepted, 2);
}

TEST_F(connection_faults, drops_a_server_that_greets_with_garbage) {
    server.greeting = "SSH-2.0-OpenSSH_9.2\r\n";
    client.link->start();
    ASSERT_FALSE(client.send({"PING"}, 1));
    ASSERT_TRUE(wait_for_down());
    EXPECT_EQ(client.down_cause, node_errc::bad_reply);
    EXPECT_THAT(client.sink->told, ElementsAre("1: failure"));
    EXPECT_EQ(client.ready_count, 0);
}

TEST_F(connection_faults, fails_what_was_asked_when_the_server_closes_in_mid_reply) {
    answer_ping("$100\r\nhalf", true);
    start_and_wait();
    ASSERT_FALSE(client.send({"PING"}, 1));
    ASSERT_FALSE(client.send({"PING"}, 2));
    ASSERT_TRUE(wait_for_down());
    EXPECT_EQ(client.down_cause, node_errc::connection_lost);
    EXPECT_THAT(client.sink->told, ElementsAre("1: failure sent", "2: failure sent"));
}

TEST_F(connection_faults, does_not_mix_half_a_reply_into_the_next_connection) {
    answer_ping("*2\r\n:1\r\n", true);
    start_and_wait();
    ASSERT_FALSE(client.send({"PING"}, 1));
    ASSERT_TRUE(wait_for_down());
    answer_ping("+PONG\r\n");
    ASSERT_TRUE(client.run_until_ready());
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
}

TEST_F(connection_faults, keeps_the_replies_that_came_before_the_end) {
    answer_ping("+PONG\r\n", true);
    start_and_wait();
    ASSERT_FALSE(client.send({"PING"}, 1));
    ASSERT_FALSE(client.send({"PING"}, 2));
    ASSERT_TRUE(wait_for_down());
    EXPECT_THAT(client.sink->told, ElementsAre("1: +PONG", "2: failure sent"));
}

TEST_F(connection_faults, leaves_a_connection_on_which_the_server_spoke_unasked) {
    start_and_wait();
    server.say("+HELLO\r\n");
    EXPECT_EQ(client.ask({"PING"}), "+PONG") << "and not HELLO";
    EXPECT_EQ(server.accepted, 2);
    EXPECT_EQ(client.down_count, 0);
}

TEST_F(connection_faults, leaves_a_connection_that_was_closed_while_it_was_idle) {
    start_and_wait();
    const std::uint64_t generation = client.link->generation();
    server.hang_up();
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_EQ(server.accepted, 2);
    EXPECT_EQ(client.down_count, 0) << "nothing was lost";
    EXPECT_GT(client.link->generation(), generation);
}

// Behind a command that travelled alone the next one is written at once.
TEST_F(connection_faults, looks_whether_the_server_left_before_a_lone_command_too) {
    start_and_wait();
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    server.hang_up();
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
    EXPECT_EQ(server.accepted, 2);
    EXPECT_EQ(client.down_count, 0) << "nothing was lost";
}

TEST_F(connection_faults, says_so_when_a_server_that_left_while_idle_does_not_come_back) {
    start_and_wait();
    server.hang_up();
    server.stop_listening();
    ASSERT_FALSE(client.send({"PING"}, 1));
    ASSERT_TRUE(wait_for_down());
    EXPECT_THAT(client.sink->told, ElementsAre("1: failure"));
    EXPECT_EQ(client.sink->last_cause, node_errc::not_connected);
}

TEST_F(connection_faults, connects_again_only_when_something_is_sent_after_the_backoff) {
    client.keep_trying = false;
    connection_options options = options_for("redis://h");
    options.backoff_min = 1ms;
    options.backoff_max = 1ms;
    use(options);
    server.hang_up_at_once = true;
    client.link->start();
    ASSERT_TRUE(wait_for_down());
    server.hang_up_at_once = false;
    ASSERT_TRUE(client.run_until([&] { return !client.send({"PING"}, 1); }));
    ASSERT_TRUE(client.run_until([&] { return !client.sink->told.empty(); }));
    EXPECT_THAT(client.sink->told, ElementsAre("1: +PONG"));
    EXPECT_EQ(client.down_count, 1);
}

TEST_F(connection_faults, drops_a_server_that_answers_twice) {
    answer_ping("+PONG\r\n+PONG\r\n");
    start_and_wait();
    ASSERT_FALSE(client.send({"PING"}, 1));
    ASSERT_TRUE(wait_for_down());
    EXPECT_EQ(client.down_cause, node_errc::bad_reply);
    EXPECT_THAT(client.sink->told, ElementsAre("1: +PONG"));
}

TEST_F(connection_faults, drops_a_server_whose_reply_is_too_large) {
    answer_ping("*1048577\r\n");
    start_and_wait();
    ASSERT_FALSE(client.send({"PING"}, 1));
    ASSERT_TRUE(wait_for_down());
    EXPECT_EQ(client.down_cause, node_errc::bad_reply);
}

TEST_F(connection_faults, takes_replies_byte_by_byte) {
    answer_ping("");
    start_and_wait();
    ASSERT_FALSE(client.send({"PING"}, 1));
    ASSERT_TRUE(client.run_until([&] { return server.received.back()[0] == "PING"; }));
    for (const char each : std::string_view{"*2\r\n$2\r\nab\r\n:7\r\n"}) {
        server.say({&each, 1});
        client.io.poll();
    }
    ASSERT_TRUE(client.run_until([&] { return !client.sink->told.empty(); }));
    EXPECT_THAT(client.sink->told, ElementsAre("1: [ab 7]"));
}

TEST_F(connection_faults, waits_no_longer_than_the_connect_timeout_at_any_step) {
    for (const std::string silent_at : {"AUTH", "SELECT", "INFO"}) {
        server.on_command = [=](const words& command) {
            return command[0] == silent_at ? fake_server::answer{} : fake_server::usual(command);
        };
        connection_options options = options_for("redis://h");
        options.connect_timeout = 10ms;
        options.where = parse_endpoint("redis://u:pw@" + server.url().substr(8) + "/1").value();
        client.use(options);
        client.down_count = 0;
        client.sink->told.clear();
        client.link->start();
        ASSERT_FALSE(client.send({"PING"}, 1));
        ASSERT_TRUE(wait_for_down(2)) << silent_at;
        EXPECT_EQ(client.down_cause, node_errc::not_connected);
        EXPECT_THAT(client.down_message, HasSubstr("no answer within 10 ms"));
        EXPECT_THAT(client.sink->told, ElementsAre("1: failure"));
        EXPECT_EQ(client.sink->last_cause, node_errc::not_connected);
    }
}

TEST_F(connection_faults, expires_what_waits_for_the_connection_unsent) {
    server.on_command = [](const words&) { return fake_server::answer{}; };
    client.link->start();
    ASSERT_FALSE(client.send({"PING"}, 1, 5ms));
    ASSERT_TRUE(client.run_until([&] { return !client.sink->told.empty(); }));
    EXPECT_THAT(client.sink->told, ElementsAre("1: timeout"));
    EXPECT_EQ(client.link->state(), connection_state::connecting);
}

TEST_F(connection_faults, goes_on_after_a_hang_up_at_each_step) {
    for (const std::string fatal : {"AUTH", "SELECT", "INFO"}) {
        int left = 3;
        server.on_command = [=](const words& command) mutable {
            return command[0] == fatal && left-- > 0
                       ? fake_server::answer{.bytes = {}, .close = true}
                       : fake_server::usual(command);
        };
        connection_options options = options_for("redis://h");
        options.where = parse_endpoint("redis://u:pw@" + server.url().substr(8) + "/1").value();
        client.use(options);
        client.down_count = 0;
        client.link->start();
        ASSERT_TRUE(client.run_until_ready());
        // Upon INFO the first connection is followed by another in the same attempt.
        EXPECT_EQ(client.down_count, fatal == "INFO" ? 2 : 3) << fatal;
        EXPECT_EQ(client.ask({"PING"}), "+PONG");
    }
}

TEST_F(connection_faults, survives_a_server_that_hangs_up_at_once) {
    server.hang_up_at_once = true;
    client.link->start();
    ASSERT_TRUE(wait_for_down(3));
    server.hang_up_at_once = false;
    ASSERT_TRUE(client.run_until_ready());
}

TEST_F(connection_faults, refuses_while_it_waits_to_retry) {
    connection_options options = options_for("redis://h");
    options.backoff_min = 1h;
    options.backoff_max = 1h;
    use(options);
    server.hang_up_at_once = true;
    client.link->start();
    ASSERT_TRUE(wait_for_down());
    EXPECT_EQ(client.link->state(), connection_state::waiting_to_retry);
    EXPECT_EQ(client.send({"PING"}), node_errc::not_connected);
    EXPECT_GE(client.retry_in, 30min);
    EXPECT_LE(client.retry_in, 1h);
}

TEST_F(connection_faults, refuses_before_the_start) {
    EXPECT_EQ(client.send({"PING"}), errc::closed);
}

TEST_F(connection_faults, refuses_more_than_its_limits) {
    connection_options options = options_for("redis://h");
    options.max_pending_commands = 3;
    use(options);
    answer_ping("");
    start_and_wait();
    for (std::uint32_t tag = 0; tag < 3; ++tag) {
        EXPECT_FALSE(client.send({"PING"}, tag));
    }
    EXPECT_EQ(client.send({"PING"}), node_errc::unresponsive);
}

TEST_F(connection_faults, refuses_what_does_not_fit_into_its_buffer) {
    connection_options options = options_for("redis://h");
    options.max_pending_bytes = 100;
    use(options);
    start_and_wait();
    EXPECT_EQ(client.send({"PING", std::string(100, 'x')}), node_errc::unresponsive);
    EXPECT_EQ(client.ask({"PING"}), "+PONG");
}

TEST_F(connection_faults, writes_more_than_the_socket_takes_at_once) {
    // The server's loop is ours, so that it reads nothing while we write.
    start_and_wait();
    const std::string large(3 * 1024 * 1024, 'x');
    for (std::uint32_t tag = 0; tag < 5; ++tag) {
        ASSERT_FALSE(client.send({"PING", large}, tag));
    }
    ASSERT_TRUE(client.run_until([&] { return client.sink->told.size() == 5; }));
    EXPECT_EQ(client.sink->told.back(), "4: +PONG");
    EXPECT_EQ(server.received.back()[1], large);
}

TEST_F(connection_faults, lets_a_sink_send_from_every_call) {
    int left = 50;
    client.sink->then = [&] {
        if (left-- > 0) {
            static_cast<void>(client.send({"PING"}, 7));
        }
    };
    start_and_wait();
    ASSERT_FALSE(client.send({"PING"}, 1));
    ASSERT_TRUE(client.run_until([&] { return left <= 0; }));
    left = 5;
    answer_ping("", true);
    ASSERT_FALSE(client.send({"PING"}, 2));
    ASSERT_TRUE(wait_for_down());
    EXPECT_EQ(client.send({"PING"}), node_errc::not_connected);
}

TEST_F(connection_faults, lets_a_sink_stop_it_from_a_reply) {
    start_and_wait();
    client.sink->then = [&] {
        client.sink->then = nullptr;
        client.link->stop();
    };
    for (std::uint32_t tag = 1; tag <= 3; ++tag) {
        ASSERT_FALSE(client.send({"PING"}, tag));
    }
    ASSERT_TRUE(client.run_until([&] { return client.sink->told.size() == 3; }));
    EXPECT_THAT(client.sink->told, ElementsAre("1: +PONG", "2: failure sent", "3: failure sent"));
    EXPECT_EQ(client.down_count, 0);
}

TEST_F(connection_faults, lets_a_sink_stop_it_from_a_failure_and_a_timeout) {
    for (const bool by_timeout : {false, true}) {
        answer_ping("", !by_timeout);
        use(options_for("redis://h"));
        client.sink = std::make_shared<remembering_sink>();
        client.sink->then = [&] { client.link->stop(); };
        start_and_wait();
        ASSERT_FALSE(client.send({"PING"}, 1, by_timeout ? std::chrono::nanoseconds{2ms} : 1h));
        ASSERT_TRUE(client.run_until([&] { return !client.sink->told.empty(); }));
        EXPECT_EQ(client.link->state(), connection_state::stopped);
        EXPECT_EQ(client.down_count, 0);
    }
}

TEST_F(connection_faults, may_be_stopped_and_destroyed_in_its_events) {
    client.when_ready = [&] { client.link->stop(); };
    client.link->start();
    ASSERT_TRUE(
        client.run_until([&] { return client.link->state() == connection_state::stopped; }));
    client.when_ready = nullptr;
    server.hang_up_at_once = true;
    use(options_for("redis://h"));
    client.when_down = [&] { use(options_for("redis://h")); };
    client.keep_trying = false;
    client.link->start();
    ASSERT_TRUE(wait_for_down());
    EXPECT_EQ(client.link->state(), connection_state::idle);
}

TEST_F(connection_faults, may_be_stopped_at_every_turn_of_the_loop) {
    server.on_command = [](const words& command) { return fake_server::usual(command); };
    for (int turns = 0; turns < 20; ++turns) {
        use(options_for("redis://h"));
        client.sink = std::make_shared<remembering_sink>();
        client.link->start();
        ASSERT_FALSE(client.send({"PING"}, 1));
        client.io.restart();
        for (int i = 0; i < turns; ++i) {
            client.io.poll_one();
        }
        client.link->stop();
        EXPECT_EQ(client.sink->told.size(), 1U) << "told exactly once, whatever it was";
    }
}

TEST_F(connection_faults, may_be_destroyed_with_its_loop_never_run_again) {
    client.link->start();
    ASSERT_FALSE(client.send({"PING"}, 1));
    client.whole.reset();
    EXPECT_THAT(client.sink->told, ElementsAre("1: failure"));
    use(options_for("redis://h"));
}

TEST(connection_threads, work_on_a_strand_of_a_thread_pool) {
    boost::asio::io_context server_loop;
    fake_server server{server_loop};
    std::thread server_thread{[&] { server_loop.run(); }};

    struct quiet final : connection_events {
        void on_ready(const server_identity&) override {}
        void on_down(error_code, std::string_view, std::chrono::nanoseconds) override {}
    } events;
    struct counting : reply_sink {
        void on_reply(std::uint32_t, const reply_view&) override { count(); }
        void on_timeout(std::uint32_t, bool) override {}
        void on_failure(std::uint32_t, error_code, bool) override { count(); }
        void count() {
            if (--left == 0) {
                done.set_value();
            }
        }
        int left = 4000;
        std::promise<void> done;
    };
    const auto sink = std::make_shared<counting>();
    auto finished = sink->done.get_future();
    {
        boost::asio::thread_pool pool{3};
        const auto strand = boost::asio::make_strand(pool.get_executor());
        outside::alarm_clock clock{strand};
        connection link{clock, options_for(server.url()), events, 1};
        boost::asio::post(strand, [&] { link.start(); });
        std::string ping;
        append_command(ping, {"PING"});
        for (int i = 0; i < 4000; ++i) {
            boost::asio::post(strand, [&link, &ping, sink] {
                EXPECT_FALSE(
                    link.send({.encoded = ping, .sink = sink, .deadline = boot_clock::now() + 1h}));
            });
        }
        EXPECT_EQ(finished.wait_for(30s), std::future_status::ready);
        boost::asio::post(strand, [&] { link.stop(); });
        pool.join();
    }
    server_loop.stop();
    server_thread.join();
}

}  // namespace
}  // namespace redlock::redis::connection_faults_cases
