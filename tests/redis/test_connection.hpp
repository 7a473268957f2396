// A connection with everything that a test needs around it: its event loop, a record of its events,
// and sinks that remember what they were told. The loop runs in the test's own thread, only inside
// `run_until`.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "redis/connect/connection.hpp"

namespace redlock::redis {

/// Remembers in readable form what became of its commands, e.g. "1: +OK", "2: timeout sent".
struct remembering_sink : reply_sink {
    void on_reply(std::uint32_t tag, const reply_view& reply) override;
    void on_timeout(std::uint32_t tag, bool maybe_sent) override;
    void on_failure(std::uint32_t tag, error_code cause, bool maybe_sent) override;

    void note(std::uint32_t tag, const std::string& what);

    std::vector<std::string> told;
    error_code last_cause;
    std::function<void()> then;  ///< Called after each note.
};

/// Runs `io` until `done`; false when that takes far too long.
bool run_until(boost::asio::io_context& io, const std::function<bool()>& done);

class test_connection final : public connection_events {
  public:
    explicit test_connection(connection_options options);
    ~test_connection();
    test_connection(const test_connection&) = delete;
    test_connection& operator=(const test_connection&) = delete;

    std::string greeting(const server_identity& identity) override;
    void on_greeted(const reply_view& reply) override;
    void on_ready(const server_identity& identity) override;
    void on_down(error_code cause, std::string_view message,
                 std::chrono::nanoseconds retry_in) override;

    /// Connects with these from now on.
    void use(connection_options options);

    bool run_until(const std::function<bool()>& done) { return redis::run_until(io, done); }
    bool run_until_ready();
    /// Sends a command whose deadline is far away, or after `patience`.
    error_code send(std::initializer_list<std::string_view> words, std::uint32_t tag = 0,
                    std::chrono::nanoseconds patience = std::chrono::hours{1},
                    delivery how = delivery::usual);
    /// Sends it and waits; the shown reply without its tag.
    std::string ask(std::initializer_list<std::string_view> words);

    boost::asio::io_context io{1};
    outside::alarm_clock clock{io.get_executor()};
    std::shared_ptr<remembering_sink> sink = std::make_shared<remembering_sink>();
    std::vector<std::string> says;     ///< The greeting, if `connection_options::greets`.
    std::vector<std::string> greeted;  ///< Its answers.
    int ready_count = 0;
    int down_count = 0;
    error_code down_cause;
    std::string down_message;
    std::chrono::nanoseconds retry_in{};
    bool keep_trying = true;  ///< To connect again after each failure, without being asked.
    std::function<void()> when_ready;
    std::function<void()> when_down;
    std::unique_ptr<redis::link> whole;
    connection* link = nullptr;  ///< The single one of `whole`.
};

/// Short waits, so that no test is slow, and one endpoint by URL.
connection_options options_for(std::string_view url);

}  // namespace redlock::redis
