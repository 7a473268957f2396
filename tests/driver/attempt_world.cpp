// The helpers of the attempts' tests; see attempt_world.hpp.
#include "driver/attempt_world.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "driver/votes.hpp"
#include "redis/test_connection.hpp"
#include "redlock/endpoint.hpp"

namespace redlock::driver {
namespace {

using namespace std::chrono_literals;

/// The name of the script that a command calls, with "!" when by its body; empty if it calls none.
std::string script_of(const redis::fake_server::words& command) {
    const std::array<const scripts::script*, 10> known{
        &scripts::acquire,       &scripts::acquire_in_line, &scripts::acquire_shared,
        &scripts::batch,         &scripts::batch_shared,    &scripts::extend,
        &scripts::extend_shared, &scripts::release,         &scripts::release_shared,
        &scripts::status};
    if (command[0] == "DELIFEQ" || command[0] == "DELEX" || command[0] == "SET") {
        return command[0];
    }
    if (command.size() > 1) {
        for (const auto* each : known) {
            if (command[0] == "EVALSHA" && command[1] == each->sha1) {
                return std::string{each->name};
            }
            if (command[0] == "EVAL" && command[1] == each->body) {
                return std::string{each->name} + "!";
            }
        }
    }
    return {};
}

}  // namespace

void recorder::on_event(const event& what) noexcept {
    events.push_back({what.kind, what.node, what.error, std::string{what.message}});
}

std::size_t recorder::count(event_kind kind) const {
    return static_cast<std::size_t>(std::count_if(
        events.begin(), events.end(), [kind](const entry& each) { return each.kind == kind; }));
}

manager_options attempt_world::patient() {
    manager_options options;
    options.node_timeout = 20s;
    options.connect_timeout = 20s;
    options.reconnect_min = 1ms;
    options.reconnect_max = 10ms;
    // The servers of these tests are new; what becomes of restarted ones has tests of its own.
    options.guard = restart_guard::off;
    return options;
}

attempt_world::attempt_world(const std::vector<std::string>& urls, manager_options options) {
    connect_to(urls, std::move(options));
}

void attempt_world::connect_to(const std::vector<std::string>& urls, manager_options options) {
    std::vector<endpoint> endpoints;
    for (const auto& url : urls) {
        endpoints.push_back(parse_endpoint(url).value());
    }
    options.events = told;
    pool = std::make_unique<node_pool>(clock, endpoints, options);
}

attempt_world::~attempt_world() {
    pool->stop();
    io.restart();
    io.poll();
}

bool attempt_world::run_until(const std::function<bool()>& done) {
    return redis::run_until(io, done);
}

lock_identity attempt_world::identity(const std::string& resource) {
    const auto block = pool->next_block(resource).value();
    return {resource, {pool->random_bits(), pool->random_bits()}, block};
}

lock_identity attempt_world::labelled(const std::string& resource, const std::string& label) {
    lock_identity who = identity(resource);
    who.extras = only_record(encode_holder(who.block.first, who.token().str(), label));
    return who;
}

std::shared_ptr<acquire_attempt> attempt_world::acquire(lock_identity who) {
    auto attempt = std::make_shared<acquire_attempt>(*pool, std::move(who), lease);
    noting_owner owner;
    attempt->start(owner);
    run_until([&] { return owner.decided > 0; });
    attempt->forget_owner();
    return attempt;
}

core::release_outcome attempt_world::release(const acquire_attempt& held) {
    const auto owner = std::make_shared<noting_release_owner>();
    const auto attempt = std::make_shared<release_attempt>(
        *pool, held.identity(),
        core::release_targets{held.round().granted(), held.round().doubtful(),
                              held.round().pending()},
        lease);
    attempt->start(owner);
    run_until([&] { return owner->outcome.has_value(); });
    return attempt->outcome();
}

scripted_node::scripted_node(boost::asio::io_context& io, std::string run_id) : server(io) {
    server.on_command =
        [this, who = "run_id:" + std::move(run_id) + "\r\n"](
            const redis::fake_server::words& command) -> redis::fake_server::answer {
        if (command[0] == "INFO") {
            const std::string line = who + version;
            return {.bytes = "$" + std::to_string(line.size()) + "\r\n" + line + "\r\n"};
        }
        if (command[0] == "EVAL" && command[1] == scripts::hello.body) {
            // No other client has other settings.
            return {.bytes = "*2\r\n:0\r\n$0\r\n\r\n"};
        }
        const std::string called = script_of(command);
        return called.empty() ? redis::fake_server::usual(command) : on_script(called);
    };
}

std::vector<std::string> scripted_node::calls() const {
    std::vector<std::string> called;
    for (const auto& command : server.received) {
        if (auto script = script_of(command); !script.empty()) {
            called.push_back(std::move(script));
        }
    }
    return called;
}

redis::fake_server::words scripted_node::last(const std::string& script) const {
    const auto& all = server.received;
    const auto found = std::find_if(all.rbegin(), all.rend(), [&](const auto& command) {
        return script_of(command) == script;
    });
    return found == all.rend() ? redis::fake_server::words{} : *found;
}

scripted_node::script_handler always(std::string bytes) {
    return [bytes = std::move(bytes)](const std::string&) {
        return redis::fake_server::answer{.bytes = bytes};
    };
}

}  // namespace redlock::driver
