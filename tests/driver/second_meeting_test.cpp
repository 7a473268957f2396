// The one more connection that only looks who is there: what it asks, what it tells, that it ends.
#include "driver/second_meeting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "redis/fake_server.hpp"
#include "redis/test_connection.hpp"

namespace redlock::driver {
namespace {

using redis::fake_server;
using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;

struct second_meeting_test : testing::Test {
    void meet() { meet(redis::options_for(server.url())); }
    void meet(const redis::connection_options& options) {
        meeting = std::make_unique<second_meeting>(
            clock, options,
            [this](const std::string& run_id) {
                ++told;
                met = run_id;
                if (ends_when_told) {
                    meeting.reset();
                }
            },
            1);
        meeting->start();
    }
    /// Also whatever comes afterwards.
    void run_until_told() {
        ASSERT_TRUE(redis::run_until(io, [this] { return told > 0; }));
        io.restart();
        io.run_for(std::chrono::milliseconds{50});
    }
    ~second_meeting_test() override {
        meeting.reset();
        io.restart();
        io.poll();
    }

    boost::asio::io_context io{1};
    outside::alarm_clock clock{io.get_executor()};
    fake_server server{io};
    std::unique_ptr<second_meeting> meeting;
    bool ends_when_told = false;
    int told = 0;
    std::string met = "nobody";
};

TEST_F(second_meeting_test, tells_the_run_id_once_and_asks_for_nothing_else) {
    server.on_command = [](const fake_server::words& command) -> fake_server::answer {
        if (command[0] == "INFO") {
            return {"$14\r\nrun_id:other\r\n\r\n"};
        }
        return fake_server::usual(command);
    };
    meet();
    run_until_told();
    EXPECT_EQ(told, 1);
    EXPECT_EQ(met, "other");
    EXPECT_EQ(server.accepted, 1);
    for (const auto& command : server.received) {
        EXPECT_THAT(command.front(), AnyOf("INFO", "HELLO", "CLIENT", "AUTH", "SELECT"));
    }
}

TEST_F(second_meeting_test, of_a_server_that_takes_no_more_connections_tells_nobody) {
    server.hang_up_at_once = true;
    meet();
    run_until_told();
    EXPECT_EQ(told, 1) << "it does not try again";
    EXPECT_EQ(met, "");
    EXPECT_EQ(server.accepted, 2) << "which belong to one attempt: INFO, then PING first";
}

TEST_F(second_meeting_test, where_nobody_listens_tells_nobody) {
    const auto options = redis::options_for(server.url());
    server.stop_listening();
    meet(options);
    run_until_told();
    EXPECT_EQ(told, 1);
    EXPECT_EQ(met, "");
}

TEST_F(second_meeting_test, of_a_silent_server_waits_half_as_long_as_a_connection_may_take) {
    server.on_command = [](const fake_server::words&) { return fake_server::answer{}; };
    auto options = redis::options_for(server.url());
    options.connect_timeout = std::chrono::milliseconds{400};
    const auto began = std::chrono::steady_clock::now();
    meet(options);
    ASSERT_TRUE(redis::run_until(io, [this] { return told > 0; }));
    EXPECT_EQ(met, "");
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds{390});
}

TEST_F(second_meeting_test, may_be_ended_when_it_tells) {
    ends_when_told = true;
    meet();
    run_until_told();
    EXPECT_EQ(told, 1);
}

TEST_F(second_meeting_test, that_is_ended_before_tells_nothing) {
    meet();
    ASSERT_TRUE(redis::run_until(io, [this] { return server.accepted > 0; }));
    meeting.reset();
    io.restart();
    io.run_for(std::chrono::milliseconds{50});
    EXPECT_EQ(told, 0);
}

}  // namespace
}  // namespace redlock::driver
