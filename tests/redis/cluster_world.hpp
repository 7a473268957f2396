// Two fake servers of a Redis Cluster and a cluster link to them, with a record of its events. What
// the servers say is the test's; all of it runs in the test's own event loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "redis/cluster/cluster_link.hpp"
#include "redis/cluster/cluster_slots.hpp"
#include "redis/fake_server.hpp"
#include "redis/test_connection.hpp"
#include "redis/wire/resp_writer.hpp"

namespace redlock::redis {

inline std::string bulk(std::string_view text) {
    return "$" + std::to_string(text.size()) + "\r\n" + std::string{text} + "\r\n";
}

/// A fake server of a cluster: what it answers to keys is the test's.
struct fake_master {
    explicit fake_master(boost::asio::io_context& io) : server(io) {
        server.on_command = [this](const fake_server::words& command) -> fake_server::answer {
            if (command[0] == "CLUSTER") {
                return {.bytes = slots()};
            }
            if (command[0] == "INFO") {
                return {.bytes = bulk("run_id:" + run_id + "\r\nmaster_replid:r\r\n")};
            }
            if (command[0] == "ASKING") {
                return {.bytes = "+OK\r\n"};
            }
            return {.bytes = on_key(command)};
        };
    }

    [[nodiscard]] std::uint16_t port() const { return parse_endpoint(server.url()).value().port; }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port()); }
    /// What it was sent, but for surveys and the connection's own.
    [[nodiscard]] std::vector<std::string> heard() const {
        std::vector<std::string> all;
        for (const auto& command : server.received) {
            if (command[0] != "INFO" && command[0] != "CLUSTER") {
                all.push_back(command[0]);
            }
        }
        return all;
    }

    fake_server server;
    std::string run_id = "one";
    std::function<std::string()> slots;
    std::function<std::string(const fake_server::words&)> on_key = [](const fake_server::words&) {
        return "+done\r\n";
    };
};

/// Two masters of which the first has all slots, and a link to them.
struct cluster_world final : connection_events {
    explicit cluster_world(bool greets = false,
                           std::chrono::nanoseconds timeout = std::chrono::seconds{20})
        : options_{options_of(greets, timeout)} {
        for (fake_master* each : {&one, &two}) {
            each->slots = [this] { return map; };
        }
        map = "*1\r\n" + range(0, 16383, one);
        options_.where.cluster = {{"127.0.0.1", one.port()}};
    }
    ~cluster_world() {
        if (link) {
            link->stop();
        }
        io.restart();
        io.poll();
    }
    cluster_world(const cluster_world&) = delete;
    cluster_world& operator=(const cluster_world&) = delete;

    static connection_options options_of(bool greets, std::chrono::nanoseconds timeout) {
        connection_options options;
        options.connect_timeout = std::chrono::seconds{20};
        options.command_timeout = timeout;
        options.backoff_min = std::chrono::milliseconds{2};
        options.backoff_max = std::chrono::milliseconds{20};
        options.greets = greets;
        return options;
    }
    static std::string range(int first, int last, const fake_master& owner) {
        return "*3\r\n:" + std::to_string(first) + "\r\n:" + std::to_string(last) + "\r\n*3\r\n" +
               bulk("127.0.0.1") + ":" + std::to_string(owner.port()) + "\r\n" +
               bulk("id" + owner.address());
    }

    void start() {
        link = std::make_unique<cluster_link>(clock, options_, *this, 1);
        link->start();
    }
    bool run_until(const std::function<bool()>& done) { return redis::run_until(io, done); }
    bool start_and_wait() {
        start();
        return run_until([&] { return link->state() == connection_state::ready; });
    }
    error_code send(std::initializer_list<std::string_view> command, std::uint32_t tag = 0,
                    std::chrono::nanoseconds patience = std::chrono::hours{1},
                    delivery how = delivery::usual) {
        std::string bytes;
        append_command(bytes, command);
        return link->send({.encoded = bytes,
                           .key = command.size() > 1 ? command.begin()[1] : std::string_view{},
                           .sink = sink,
                           .tag = tag,
                           .deadline = boot_clock::now() + patience,
                           .how = how});
    }
    /// Sends, and waits for so many notes in all.
    std::string ask(std::initializer_list<std::string_view> command) {
        const std::size_t before = sink->told.size();
        if (const error_code refused = send(command)) {
            return "refused: " + refused.message();
        }
        return run_until([&] { return sink->told.size() > before; }) ? sink->told.back() : "";
    }

    std::string greeting(const server_identity& identity) override {
        identities.push_back(identity);
        std::string hello;
        append_command(hello, {"HELLO", "redlock:epoch"});
        return hello;
    }
    std::string_view greeting_key() const override { return "redlock:epoch"; }
    void on_greeted(const reply_view&) override { log.emplace_back("greeted"); }
    void on_ready(const server_identity&) override { log.emplace_back("ready"); }
    void on_down(error_code, std::string_view message, std::chrono::nanoseconds) override {
        log.emplace_back("down");
        down_message = message;
        if (keep_trying) {
            link->keep_trying();
        }
    }

    boost::asio::io_context io{1};
    outside::alarm_clock clock{io.get_executor()};
    fake_master one{io};
    fake_master two{io};
    std::string map;
    connection_options options_;
    std::shared_ptr<remembering_sink> sink = std::make_shared<remembering_sink>();
    std::vector<server_identity> identities;
    std::vector<std::string> log;
    std::string down_message;
    bool keep_trying = false;
    std::unique_ptr<cluster_link> link;
};

inline std::string moved_to(const fake_master& there) {
    return "-MOVED " + std::to_string(slot_of("key")) + " " + there.address() + "\r\n";
}
inline std::string ask_at(const fake_master& there) {
    return "-ASK " + std::to_string(slot_of("key")) + " " + there.address() + "\r\n";
}

}  // namespace redlock::redis
