// See harness.hpp. Asio's templates are instantiated here once, so that the tests compile quickly.
#include "integration/harness.hpp"
#include "core/quorum.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
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

namespace {

template <class Result>
auto told(loop& turned, const operation_ptr<Result>& started) {
    return asio::bind_executor(
        turned.io, asio::bind_cancellation_slot(started->stop.slot(),
                                                [started](error_code error, Result value) {
                                                    started->error = error;
                                                    started->value = std::move(value);
                                                    started->done = true;
                                                }));
}

// In the test's loop even when the lock's manager, and with it the executor, is gone.
auto told_error(loop& turned, const operation_ptr<>& started) {
    return asio::bind_executor(
        turned.io, asio::bind_cancellation_slot(started->stop.slot(), [started](error_code error) {
            started->error = error;
            started->done = true;
        }));
}

}  // namespace

client::client(loop& turned_by, const node_list& nodes, manager_options options)
    : loop_(turned_by), events_(std::make_shared<event_log>()) {
    if (!options.events) {
        options.events = events_;
    }
    manager.emplace(loop_.io.get_executor(), nodes, options);
}

operation_ptr<lock> client::begin_acquire(const resource_name& name, acquire_options options) {
    auto started = std::make_shared<operation<lock>>();
    options.details = &started->why;
    manager->async_acquire(name, options, told(loop_, started));
    return started;
}

operation_ptr<lock> client::begin_acquire_all(resource_names names, acquire_options options) {
    auto started = std::make_shared<operation<lock>>();
    options.details = &started->why;
    manager->async_acquire_all(std::move(names), options, told(loop_, started));
    return started;
}

lock client::take_all(resource_names names, acquire_options options) {
    const auto got = finished(begin_acquire_all(std::move(names), options));
    EXPECT_FALSE(got->error) << got->error.message() << ": " << got->why.to_string();
    return std::move(got->value);
}

operation_ptr<lock> client::try_acquire_all(resource_names names, acquire_options options) {
    options.wait = wait_policy::none();
    return finished(begin_acquire_all(std::move(names), options));
}

operation_ptr<lock> client::begin_acquire_shared(const resource_name& name,
                                                 acquire_options options) {
    auto started = std::make_shared<operation<lock>>();
    options.details = &started->why;
    manager->async_acquire_shared(name, options, told(loop_, started));
    return started;
}

operation_ptr<lock> client::begin_acquire_any(const semaphore& from, acquire_options options) {
    auto started = std::make_shared<operation<lock>>();
    options.details = &started->why;
    manager->async_acquire_any(from, options, told(loop_, started));
    return started;
}

operation_ptr<lock> client::begin_attach(const resource_name& name, const lock_token& token,
                                         acquire_options options) {
    auto started = std::make_shared<operation<lock>>();
    options.details = &started->why;
    manager->async_attach(name, token, options, told(loop_, started));
    return started;
}

operation_ptr<resource_status> client::begin_status(const resource_name& name) {
    auto started = std::make_shared<operation<resource_status>>();
    manager->async_status(name, told(loop_, started));
    return started;
}

operation_ptr<> client::begin_extend(lock& held, std::optional<milliseconds> lease_time) {
    auto started = std::make_shared<operation<nothing>>();
    held.async_extend(lease_time, told_error(loop_, started));
    return started;
}

operation_ptr<> client::begin_downgrade(lock& held) {
    auto started = std::make_shared<operation<nothing>>();
    held.async_downgrade(told_error(loop_, started));
    return started;
}

operation_ptr<> client::begin_release(lock& held) {
    auto started = std::make_shared<operation<nothing>>();
    held.async_release(told_error(loop_, started));
    return started;
}

operation_ptr<> client::begin_wait_lost(lock& held) {
    auto started = std::make_shared<operation<nothing>>();
    held.async_wait_lost(told_error(loop_, started));
    return started;
}

operation_ptr<> client::begin_vouch(vouch_options options) {
    const auto started = std::make_shared<operation<nothing>>();
    options.details = &started->why;
    manager->async_vouch(options, told_error(loop_, started));
    return started;
}

operation_ptr<> client::begin_close() {
    auto started = std::make_shared<operation<nothing>>();
    manager->async_close(told_error(loop_, started));
    return started;
}

template <class Result>
operation_ptr<Result> client::finished(operation_ptr<Result> started) {
    EXPECT_TRUE(loop_.until([&] { return started->done; })) << "the operation hangs";
    return started;
}

operation_ptr<lock> client::acquire(const resource_name& name, acquire_options options) {
    return finished(begin_acquire(name, options));
}

operation_ptr<lock> client::try_acquire(const resource_name& name, acquire_options options) {
    options.wait = wait_policy::none();
    return acquire(name, options);
}

operation_ptr<lock> client::attach(const resource_name& name, const lock_token& token,
                                   acquire_options options) {
    return finished(begin_attach(name, token, options));
}

lock client::take(const resource_name& name, acquire_options options) {
    const auto got = acquire(name, options);
    EXPECT_FALSE(got->error) << got->error.message() << ": " << got->why.to_string();
    return std::move(got->value);
}

operation_ptr<lock> client::acquire_any(const semaphore& from, acquire_options options) {
    return finished(begin_acquire_any(from, options));
}

lock client::take_any(const semaphore& from, acquire_options options) {
    const auto got = finished(begin_acquire_any(from, options));
    EXPECT_FALSE(got->error) << got->error.message() << ": " << got->why.to_string();
    return std::move(got->value);
}

operation_ptr<lock> client::try_acquire_any(const semaphore& from, acquire_options options) {
    options.wait = wait_policy::none();
    return finished(begin_acquire_any(from, options));
}

lock client::take_shared(const resource_name& name, acquire_options options) {
    const auto got = finished(begin_acquire_shared(name, options));
    EXPECT_FALSE(got->error) << got->error.message() << ": " << got->why.to_string();
    return std::move(got->value);
}

operation_ptr<lock> client::try_acquire_shared(const resource_name& name, acquire_options options) {
    options.wait = wait_policy::none();
    return finished(begin_acquire_shared(name, options));
}

operation_ptr<> client::vouch(vouch_options options) {
    return finished(begin_vouch(options));
}

resource_status client::status(const resource_name& name) {
    const auto got = finished(begin_status(name));
    EXPECT_FALSE(got->error) << got->error.message();
    return std::move(got->value);
}

std::pair<error_code, bool> client::is_locked(const resource_name& name) {
    const auto started = std::make_shared<operation<bool>>();
    manager->async_is_locked(name, told(loop_, started));
    finished(started);
    return {started->error, started->value};
}

std::pair<error_code, std::vector<resource_name>> client::list(list_options options) {
    const auto started = std::make_shared<operation<std::vector<resource_name>>>();
    manager->async_list(options, told(loop_, started));
    finished(started);
    return {started->error, started->value};
}

error_code client::extend(lock& held, std::optional<milliseconds> lease_time) {
    return finished(begin_extend(held, lease_time))->error;
}

error_code client::downgrade(lock& held) {
    return finished(begin_downgrade(held))->error;
}

error_code client::release(lock& held) {
    return finished(begin_release(held))->error;
}

error_code client::close() {
    return finished(begin_close())->error;
}

void client::warm_up() {
    static_cast<void>(status("warm-up"));
}

void client::rehearse() {
    const auto all_say = [this](const lock_token& holder) {
        return loop_.until([&] {
            const auto views = status("warm-up").nodes;
            return std::all_of(views.begin(), views.end(),
                               [&](const node_status& view) { return view.holder == holder; });
        });
    };
    lock held = take("warm-up");
    EXPECT_TRUE(all_say(held.token()));
    EXPECT_FALSE(extend(held));
    EXPECT_FALSE(release(held));
    EXPECT_TRUE(all_say({}));
}

}  // namespace redlock::integration
