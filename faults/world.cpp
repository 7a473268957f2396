#include "faults/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <redlock/lock_manager.hpp>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace redlock::faults {
namespace {

using namespace std::chrono_literals;

std::string file_content(const std::string& path) {
    std::ifstream in{path};
    return {std::istreambuf_iterator<char>{in}, {}};
}

std::string own_program() {
    return std::filesystem::read_symlink("/proc/self/exe").string();
}

std::string find_faketime() {
    for (const auto& entry : std::filesystem::directory_iterator{"/usr/lib"}) {
        auto library = entry.path() / "faketime" / "libfaketime.so.1";
        if (std::error_code ignored; std::filesystem::exists(library, ignored)) {
            return library.string();
        }
    }
    throw not_possible_here("there is no libfaketime");
}

}  // namespace

world::world(const setting& with, std::string folder, std::string broken)
    : with_(with), folder_(std::move(folder)), broken_(std::move(broken)) {
    if (with_.network) {
        network_ = std::make_unique<lan>(with_.nodes + with_.clients, folder_);
    }
    for (std::size_t i = 0; i < with_.nodes; ++i) {
        start_node(i);
    }
    vouch_for_all();
    start_store();
    fake_time(fmt::format("+0 x{}", with_.clock_rate));
    for (std::size_t i = 0; i < with_.clients; ++i) {
        start_client(i);
    }
}

// The clients first, so that none of them complains of a store that is gone.
world::~world() {
    clients_.clear();
    store_.clear();
}

std::optional<lan::visit> world::visit(std::size_t host) const {
    return network_ == nullptr ? std::nullopt
                               : std::optional<lan::visit>{std::in_place, *network_, host};
}

std::string world::node_folder(std::size_t index) const {
    return fmt::format("{}/node-{}", folder_, index);
}

void world::start_node(std::size_t index) {
    support::redis_server_options options;
    if (with_.kept != persistence::none) {
        std::filesystem::create_directories(node_folder(index));
        options.arguments = {
            "--dir", node_folder(index), "--appendonly",
            "yes",   "--appendfsync",    with_.kept == persistence::always ? "always" : "everysec"};
    }
    if (with_.network) {
        const auto more = {std::string{"--bind"}, std::string{"127.0.0.1"}, lan::address(index),
                           std::string{"--protected-mode"}, std::string{"no"}};
        options.arguments.insert(options.arguments.end(), more.begin(), more.end());
    }
    const auto inside = visit(index);
    seat made;
    std::optional<support::settable_clock::rule> by_its_clock;
    if (with_.node_clocks) {
        made.clock = std::make_unique<support::settable_clock>();
        by_its_clock.emplace(*made.clock);
    }
    made.server = std::make_unique<support::redis_server>(options);
    if (with_.proxies) {
        made.proxy = std::make_unique<cutter>(made.server->port());
    }
    nodes_.push_back(std::move(made));
}

std::string world::node_url(std::size_t index) const {
    const seat& one = nodes_[index];
    if (one.proxy != nullptr) {
        return one.proxy->url();
    }
    const std::string url =
        with_.network ? fmt::format("redis://{}:{}", lan::address(index), one.server->port())
                      : one.server->url();
    return with_.durable ? url + "/?durable=yes" : url;
}

client_request world::told_to_all() const {
    client_request told;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        told.nodes.push_back(node_url(i));
    }
    told.store = folder_ + "/store";
    told.workers = with_.workers;
    told.resources = with_.resources;
    told.lease_time = with_.lease_time;
    told.clock_window = with_.clock_window;
    // At least the longest lease, and longer than the nodes' window and a step of their clocks.
    told.fence_lifetime = std::max(told.fence_lifetime, with_.lease_time + 1s);
    told.hold = with_.hold;
    told.readers = with_.readers;
    told.long_every = with_.long_every;
    told.guard = with_.guard;
    return told;
}

// The servers were started just now, so that nothing can have been forgotten.
void world::vouch_for_all() {
    const client_request told = told_to_all();
    const auto inside = visit(host_of_client(0));
    boost::asio::io_context io{1};
    lock_manager locks{io.get_executor(), node_list{told.nodes}, options_of(told)};
    diagnostics details;
    error_code failure;
    locks.async_vouch({.details = &details}, [&](const error_code& told_us) {
        failure = told_us;
        locks.async_close([](const error_code&) {});
    });
    io.run();
    if (failure) {
        throw std::runtime_error("nobody vouches: " + details.to_string());
    }
}

void world::start_store() {
    const std::string socket = folder_ + "/store";
    std::vector<std::string> arguments{own_program(), "store", "--socket",
                                       socket,        "--log", folder_ + "/store.log"};
    if (broken_ == "blind-store") {
        arguments.emplace_back("--blind");
    }
    store_.emplace_back(support::child_options{arguments, {}, folder_ + "/store.out"});
    const auto give_up = std::chrono::steady_clock::now() + 10s;
    while (!std::filesystem::exists(socket)) {
        if (std::chrono::steady_clock::now() > give_up) {
            throw std::runtime_error("the store does not start: " +
                                     file_content(folder_ + "/store.out"));
        }
        pause(2ms);
    }
}

void world::start_client(std::size_t index) {
    const std::string name = fmt::format("c{}", index);
    support::child_options options;
    options.output = fmt::format("{}/{}.out", folder_, name);
    const client_request told = told_to_all();
    const auto count = [](auto span) { return std::to_string(span.count()); };
    options.arguments = {own_program(),
                         "client",
                         "--name",
                         name,
                         "--store",
                         told.store,
                         "--log",
                         fmt::format("{}/{}.log", folder_, name),
                         "--workers",
                         std::to_string(told.workers),
                         "--resources",
                         std::to_string(told.resources),
                         "--lease-time",
                         count(told.lease_time),
                         "--clock-window",
                         count(told.clock_window),
                         "--fence-lifetime",
                         count(told.fence_lifetime),
                         "--hold",
                         count(told.hold),
                         "--readers",
                         std::to_string(told.readers),
                         "--long-every",
                         std::to_string(told.long_every)};
    for (const std::string& url : told.nodes) {
        options.arguments.insert(options.arguments.end(), {"--node", url});
    }
    if (!told.guard) {
        options.arguments.emplace_back("--unguarded");
    }
    // One is made to misbehave, and one is told a wrong time; the others are well.
    if (index == 0 && !broken_.empty()) {
        options.arguments.insert(options.arguments.end(), {"--broken", broken_});
    }
    if (index == 0 && with_.clocks != faked::nothing) {
        options.environment = {"LD_PRELOAD=" + find_faketime(),
                               "FAKETIME_TIMESTAMP_FILE=" + folder_ + "/time",
                               "FAKETIME_NO_CACHE=1"};
        if (with_.clocks == faked::wall_clock) {
            options.environment.emplace_back("FAKETIME_DONT_FAKE_MONOTONIC=1");
        } else {
            const std::string rate = fmt::format("{}", with_.clock_rate);
            options.arguments.insert(options.arguments.end(), {"--clock-rate", rate});
            options.environment.push_back("REDLOCK_FAULTS_CLOCK_RATE=" + rate);
        }
    }
    const auto inside = visit(host_of_client(index));
    clients_.emplace_back(options);
}

std::string world::ask(std::size_t node, const std::vector<std::string>& command) {
    const auto inside = visit(node);
    return server(node).command(command);
}

void world::restart(std::size_t node) {
    const auto inside = visit(node);
    server(node).restart();
}

void world::lose_power(std::size_t node, std::chrono::milliseconds span) {
    const std::string file = node_folder(node) + "/appendonlydir/appendonly.aof.1.incr.aof";
    const auto safe = std::filesystem::file_size(file);
    pause(span);
    kill(node);
    std::filesystem::resize_file(file, safe);
}

void world::fake_time(const std::string& words) {
    // Renamed into place: read half-written it would be no time at all.
    const std::string fresh = folder_ + "/time.new";
    std::ofstream{fresh} << words << '\n';
    std::filesystem::rename(fresh, folder_ + "/time");
}

void world::pause(std::chrono::milliseconds span) {
    std::this_thread::sleep_for(span);
}

std::chrono::milliseconds world::random(std::chrono::milliseconds least,
                                        std::chrono::milliseconds most) {
    return std::chrono::milliseconds{
        std::uniform_int_distribution{least.count(), most.count()}(random_)};
}

std::size_t world::random_node() {
    return std::uniform_int_distribution<std::size_t>{0, with_.nodes - 1}(random_);
}

std::chrono::milliseconds world::quarantine() const {
    const auto leases = with_.lease_time + with_.lease_time / 100 + 2ms;
    const auto stays_out = std::max(leases, 2 * with_.clock_window) + client_request{}.clock_step;
    // As the client measures it by its own clock.
    return stays_out + stays_out / 100 + 2ms;
}

void world::put_right() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (network_ != nullptr) {
            network_->heal(i);
        }
        if (server(i).running()) {
            server(i).thaw();
        } else {
            restart(i);
        }
    }
    for (const support::child& each : clients_) {
        each.thaw();
    }
}

verdict world::finish() {
    put_right();
    evidence seen;
    seen.calm_begin = kernel_now();
    pause(quarantine() + with_.calm);
    seen.calm_end = kernel_now();
    stop_clients();
    if (broken_ == "leave-key") {
        ask(0, {"SET", "faults:forgotten", "by nobody"});
    }
    pause(with_.lease_time + with_.lease_time / 100 + 2ms);
    find_leftovers(seen);
    for (std::size_t i = 0; i < with_.clients; ++i) {
        auto records = from_text(file_content(fmt::format("{}/c{}.log", folder_, i)));
        std::ranges::move(records, std::back_inserter(seen.clients));
    }
    seen.store = from_text(file_content(folder_ + "/store.log"));
    return judge(seen);
}

void world::stop_clients() {
    for (const support::child& each : clients_) {
        each.signal(SIGTERM);
    }
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        const int status = clients_[i].wait(with_.lease_time + 5s);
        if (status != 0) {
            troubles_.push_back(fmt::format("client {} ended with {}: {}", i, status,
                                            file_content(fmt::format("{}/c{}.out", folder_, i))));
        }
    }
}

void world::find_leftovers(evidence& seen) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        std::istringstream keys{ask(i, {"KEYS", "*"})};
        for (std::string key; std::getline(keys, key);) {
            // A fence and the number of permits may stay as long as they have an end; the node's
            // own identity for ever.
            const bool stays =
                key.starts_with("redlock:fence:") || key.starts_with("redlock:permits:");
            if (key == "redlock:epoch" || (stays && ask(i, {"PTTL", key}) != "-1")) {
                continue;
            }
            // Whose it is, and since when, is all that can be known of it later.
            std::string content =
                ask(i, {ask(i, {"TYPE", key}) == "hash" ? "HGETALL" : "GET", key});
            std::ranges::replace(content, '\n', ' ');
            seen.leftovers.push_back(fmt::format("node {}: {}, which says {} and ends in {} ms", i,
                                                 key, content, ask(i, {"PTTL", key})));
        }
    }
}

}  // namespace redlock::faults
