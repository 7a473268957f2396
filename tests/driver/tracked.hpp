// A command connection with the tracking of its reads, and a record of what the tracking's owner
// was told. The loop runs in the test's own thread, only while something is awaited.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "driver/key_tracking.hpp"
#include "redis/make_link.hpp"
#include "redis/test_connection.hpp"
#include "redis/wire/resp_writer.hpp"

namespace redlock::driver {

inline redis::connection_options tracking_options(const std::string& url) {
    auto options = redis::options_for(url);
    // How long a timer of what was answered long ago keeps an idle loop waiting.
    options.command_timeout = std::chrono::seconds{1};
    return options;
}

/// A command connection, the tracking of its reads, and what its owner was told.
class tracked final : public redis::connection_events, public key_tracking::owner {
  public:
    explicit tracked(const std::string& url) : tracked(tracking_options(url)) {}
    explicit tracked(const redis::connection_options& options)
        : commands_{redis::make_link(clock_, options, *this, 1)},
          tracking{clock_, options, *commands_, *this, 2} {
        commands_->start();
    }
    ~tracked() {
        tracking.stop();
        commands_->stop();
        io_.restart();
        io_.poll();
    }
    tracked(const tracked&) = delete;
    tracked& operator=(const tracked&) = delete;

    void on_ready(const redis::server_identity& /*identity*/) override {
        ++ready;
        tracking.on_commands_ready();
    }
    void on_down(error_code /*cause*/, std::string_view /*message*/,
                 std::chrono::nanoseconds /*retry_in*/) override {
        commands_->keep_trying();
        tracking.on_commands_down();
    }
    void on_tracking(bool on) override { told.emplace_back(on ? "(on)" : "(off)"); }
    void on_key_changed(std::string_view key) override {
        told.emplace_back(key.empty() ? "(any)" : key);
    }
    void on_second_server(const std::string& run_id) override { second_server = run_id; }
    void on_tracking_refused(error_code cause, std::string_view message) override {
        told.emplace_back("(refused)");
        refusal = cause;
        refusal_text = message;
    }

    bool run_until(const std::function<bool()>& done) { return redis::run_until(io_, done); }
    bool run_until_told(const std::string& what, std::ptrdiff_t times = 1) {
        return run_until([&] { return std::count(told.begin(), told.end(), what) >= times; });
    }
    bool run_until_on() {
        return run_until([&] { return tracking.on(); });
    }
    /// Everything that is still under way ends without our doing.
    bool comes_to_rest() {
        io_.restart();
        io_.run_for(std::chrono::seconds{30});
        return io_.stopped();
    }

    std::string ask(std::initializer_list<std::string_view> words) {
        const auto sink = std::make_shared<redis::remembering_sink>();
        std::string bytes;
        redis::append_command(bytes, words);
        EXPECT_FALSE(commands_->send({.encoded = bytes,
                                      .sink = sink,
                                      .deadline = boot_clock::now() + std::chrono::hours{1}}));
        EXPECT_TRUE(run_until([&] { return !sink->told.empty(); }));
        return sink->told.empty() ? "" : sink->told.front().substr(3);
    }
    /// Sends something, whatever becomes of it.
    void poke() {
        std::string bytes;
        redis::append_command(bytes, {"PING"});
        static_cast<void>(commands_->send({.encoded = bytes,
                                           .sink = std::make_shared<redis::remembering_sink>(),
                                           .deadline = boot_clock::now() + std::chrono::hours{1}}));
    }
    std::string read(std::string_view key) { return ask({"GET", key}); }

    std::vector<std::string> told;
    std::string second_server;
    error_code refusal;
    std::string refusal_text;
    int ready = 0;

    [[nodiscard]] boost::asio::io_context& io() { return io_; }

  private:
    boost::asio::io_context io_{1};
    outside::alarm_clock clock_{io_.get_executor()};
    std::unique_ptr<redis::link> commands_;

  public:
    key_tracking tracking;
};

}  // namespace redlock::driver
