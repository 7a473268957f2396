// See harness.hpp; the client lies in harness_client.cpp.
#include "integration/harness.hpp"
#include "core/quorum.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <sstream>
#include <string_view>
#include <thread>

namespace redlock::integration {

cluster::cluster(std::size_t size, const redis_server_options& options) {
    for (std::size_t node = 0; node < size; ++node) {
        servers_.push_back(std::make_unique<redis_server>(options));
        servers_.back()->vouch();
    }
}

std::vector<std::string> cluster::urls() const {
    std::vector<std::string> all;
    for (const auto& server : servers_) {
        all.push_back(server->url());
    }
    return all;
}

std::size_t cluster::having(const std::string& key) const {
    return static_cast<std::size_t>(
        std::count_if(servers_.begin(), servers_.end(), [&](const auto& server) {
            return server->command({"EXISTS", key}) == "1";
        }));
}

std::size_t cluster::having(const std::string& key, const std::string& value) const {
    return static_cast<std::size_t>(
        std::count_if(servers_.begin(), servers_.end(),
                      [&](const auto& server) { return server->get(key) == value; }));
}

std::size_t cluster::count(const std::function<bool(redis_server&)>& what) {
    return static_cast<std::size_t>(std::count_if(
        servers_.begin(), servers_.end(), [&](const auto& server) { return what(*server); }));
}

void cluster::each(const std::function<void(redis_server&)>& what) {
    for (const auto& server : servers_) {
        what(*server);
    }
}

std::size_t cluster::commands(std::string_view name) const {
    const std::string wanted = "cmdstat_" + std::string{name} + (name.empty() ? "" : ":");
    std::size_t calls = 0;
    for (const auto& server : servers_) {
        std::istringstream statistics{server->command({"INFO", "commandstats"})};
        for (std::string line; std::getline(statistics, line);) {
            constexpr std::string_view before = ":calls=";
            const auto at = line.find(before);
            if (at != std::string::npos && line.starts_with(wanted) &&
                !line.starts_with("cmdstat_info:")) {
                calls += std::stoull(line.substr(at + before.size()));
            }
        }
    }
    return calls;
}

bool cluster::in_line(const std::string& resource, std::size_t places) const {
    const std::string line = "redlock:line:{" + resource + "}";
    const auto with_so_many =
        std::count_if(servers_.begin(), servers_.end(), [&](const auto& server) {
            std::istringstream fields{server->command({"HKEYS", line})};
            std::size_t standing = 0;
            for (std::string field; std::getline(fields, field);) {
                standing += field.empty() || field.starts_with("called ") ? 0U : 1U;
            }
            return standing == places;
        });
    // The holder may have won without the slowest node, where a waiter is granted and gives back.
    const auto least = places == 0 ? servers_.size() : core::quorum_of(servers_.size());
    return static_cast<std::size_t>(with_so_many) >= least;
}

void cluster::freeze(std::size_t first, std::size_t end) {
    for (std::size_t node = first; node < end; ++node) {
        servers_[node]->freeze();
    }
}

void cluster::thaw() {
    each([](redis_server& server) { server.thaw(); });
}

std::string fence_of(const std::string& resource) {
    // Redis' rule for hash tags: what stands between the first '{' and the '}' after it.
    const std::size_t open = resource.find('{');
    const std::size_t close = open == std::string::npos ? open : resource.find('}', open);
    const bool tagged = close != std::string::npos && close > open + 1;
    return tagged ? "redlock:fence::" + resource : "redlock:fence:{" + resource + "}";
}
std::string holder_of(const std::string& resource) {
    return "redlock:holder:{" + resource + "}";
}

bool cleaned(redis_server& node, const std::string& resource) {
    return node.command({"EXISTS", fence_of(resource)}) == "1" &&
           node.command({"EXISTS", resource}) == "0";
}

void pass_until(boot_clock::time_point instant) {
    for (auto now = boot_clock::now(); now < instant; now = boot_clock::now()) {
        std::this_thread::sleep_for(instant - now);
    }
}

bool loop::until(const std::function<bool()>& done, std::chrono::nanoseconds longest) {
    const auto give_up = std::chrono::steady_clock::now() + longest;
    while (!done()) {
        if (std::chrono::steady_clock::now() > give_up) {
            return false;
        }
        step();
    }
    return true;
}

void loop::step() {
    io.restart();
    if (io.run_one_for(2ms) == 0 && io.stopped()) {
        // Nothing is under way here: what is awaited happens in a server.
        std::this_thread::sleep_for(1ms);
    }
}

void loop::run(const std::function<asio::awaitable<void>()>& body) {
    std::exception_ptr failure;
    bool ended = false;
    asio::co_spawn(io, body(), [&](std::exception_ptr thrown) {
        failure = thrown;
        ended = true;
    });
    if (!until([&] { return ended; }, 2 * hang)) {
        ADD_FAILURE() << "the coroutine hangs";
        std::terminate();  // its frame refers to this one
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

bool silent_for(std::chrono::nanoseconds span, loop& turned, const cluster& nodes) {
    auto commands = nodes.commands();
    auto since = std::chrono::steady_clock::now();
    return turned.until([&] {
        const auto now = std::chrono::steady_clock::now();
        if (const auto seen = nodes.commands(); seen != commands) {
            commands = seen;
            since = now;
        }
        return now - since >= span;
    });
}

void event_log::on_event(const event& what) noexcept {
    {
        const std::lock_guard guard{guard_};
        entries_.push_back({what.kind, std::string{what.resource}, what.node, what.error,
                            std::string{what.message},
                            what.details != nullptr ? what.details->to_string() : std::string{}});
    }
    if (also) {
        also(what);
    }
}

std::vector<event_log::entry> event_log::all(event_kind kind) const {
    const std::lock_guard guard{guard_};
    std::vector<entry> found;
    std::copy_if(entries_.begin(), entries_.end(), std::back_inserter(found),
                 [=](const entry& each) { return each.kind == kind; });
    return found;
}

std::size_t event_log::count(event_kind kind) const {
    const std::lock_guard guard{guard_};
    return static_cast<std::size_t>(std::count_if(
        entries_.begin(), entries_.end(), [=](const entry& each) { return each.kind == kind; }));
}

manager_options usual_options() {
    manager_options options;
    // A busy machine must not make a healthy server look silent.
    options.node_timeout = 2s;
    options.connect_timeout = 2s;
    options.reconnect_min = 2ms;
    options.reconnect_max = 20ms;
    options.close_timeout = 2s;
    return options;
}

manager_options impatient_options() {
    manager_options options = usual_options();
    options.node_timeout = 150ms;
    options.connect_timeout = 300ms;
    options.quorum_timeout = 500ms;
    options.close_timeout = 300ms;
    return options;
}

}  // namespace redlock::integration
