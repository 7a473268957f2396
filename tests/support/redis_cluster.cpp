// See redis_cluster.hpp. Nothing of redis-cli's: the commands that it would send.
#include "support/redis_cluster.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "redis/cluster/cluster_slots.hpp"
#include "support/redis_peer.hpp"
#include "support/redis_server.hpp"

namespace redlock::support {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view host = "127.0.0.1";

/// Until `done`, far beyond what it takes on a loaded machine.
template <class Condition>
void wait_until(const std::string& what, Condition done) {
    const auto give_up = std::chrono::steady_clock::now() + 30s;
    while (!done()) {
        if (std::chrono::steady_clock::now() > give_up) {
            throw std::runtime_error("the cluster: " + what);
        }
        std::this_thread::sleep_for(5ms);
    }
}

}  // namespace

redis_cluster::redis_cluster(redis_cluster_options options)
    : options_(std::move(options)),
      folder_(make_temporary_folder("redlock-cluster")),
      owners_(redis::slot_count) {
    try {
        for (std::size_t server = 0; server < options_.masters + options_.spare; ++server) {
            start(server);
        }
        introduce();
        wait_until("not every server serves", [this] {
            bool all = true;
            for (std::size_t server = 0; server < size(); ++server) {
                all = all && serves(server);
            }
            return all;
        });
    } catch (...) {
        servers_.clear();
        std::filesystem::remove_all(folder_);
        throw;
    }
}

redis_cluster::~redis_cluster() {
    servers_.clear();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void redis_cluster::start(std::size_t server) {
    const std::string folder = folder_ + '/' + std::to_string(server);
    std::filesystem::create_directory(folder);
    // The other ports may be taken just now: then with others.
    for (int tries = 0;; ++tries) {
        const std::uint16_t bus_port = free_port();
        cli::redis_process_options options;
        options.arguments = {"--cluster-enabled",
                             "yes",
                             "--dir",
                             folder,
                             "--cluster-port",
                             std::to_string(bus_port),
                             "--cluster-node-timeout",
                             "1000",
                             "--cluster-require-full-coverage",
                             "no"};
        const std::uint16_t tls_port = free_port();
        if (!options_.ca.empty()) {
            options.arguments.insert(
                options.arguments.end(),
                {"--tls-port", std::to_string(tls_port), "--tls-ca-cert-file", options_.ca,
                 "--tls-cert-file", options_.certificate, "--tls-key-file", options_.key,
                 "--tls-auth-clients", "no", "--tls-cluster", "yes"});
        }
        auto process = std::make_unique<cli::redis_process>(std::move(options));
        try {
            process->start();
            process->wait_until_ready();
            servers_.push_back(std::move(process));
            bus_ports_.push_back(bus_port);
            tls_ports_.push_back(tls_port);
            return;
        } catch (const cli::redis_error&) {
            if (tries == 3) {
                throw;
            }
        }
    }
}

void redis_cluster::introduce() {
    const std::size_t share = redis::slot_count / options_.masters;
    for (std::size_t server = 0; server < size(); ++server) {
        ids_.push_back(command(server, {"CLUSTER", "MYID"}));
        command(server, {"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(server + 1)});
        if (server < options_.masters) {
            const std::size_t first = server * share;
            const std::size_t end =
                server + 1 == options_.masters ? redis::slot_count : first + share;
            command(server,
                    {"CLUSTER", "ADDSLOTSRANGE", std::to_string(first), std::to_string(end - 1)});
            std::fill(owners_.begin() + static_cast<std::ptrdiff_t>(first),
                      owners_.begin() + static_cast<std::ptrdiff_t>(end), server);
        }
    }
    // Each to each, which is quicker than leaving it to gossip.
    for (std::size_t one = 0; one < size(); ++one) {
        for (std::size_t other = 0; other < size(); ++other) {
            if (one != other) {
                command(one,
                        {"CLUSTER", "MEET", std::string{host},
                         std::to_string(port_for_peers(other)), std::to_string(bus_ports_[other])});
            }
        }
    }
}

bool redis_cluster::serves(std::size_t server) const {
    const std::string info = command(server, {"CLUSTER", "INFO"});
    return info.find("cluster_state:ok") != std::string::npos &&
           info.find("cluster_known_nodes:" + std::to_string(size()) + "\r") != std::string::npos &&
           info.find("cluster_slots_assigned:16384\r") != std::string::npos;
}

// With tls-cluster the servers speak TLS among themselves.
std::uint16_t redis_cluster::port_for_peers(std::size_t server) const {
    return options_.ca.empty() ? servers_[server]->port() : tls_ports_[server];
}

endpoint redis_cluster::where() const {
    endpoint all;
    for (const auto& each : servers_) {
        all.cluster.push_back({std::string{host}, each->port()});
    }
    return all;
}

endpoint redis_cluster::where_by_tls() const {
    endpoint all;
    for (const std::uint16_t port : tls_ports_) {
        all.cluster.push_back({std::string{host}, port});
    }
    return all;
}

std::string redis_cluster::command(std::size_t server,
                                   const std::vector<std::string>& arguments) const {
    return redis_peer{servers_[server]->port()}.ask(arguments);
}

std::size_t redis_cluster::owner_of(const std::string& key) const {
    return owners_[redis::slot_of(key)];
}

std::string redis_cluster::name_at(std::size_t server, const std::string& prefix) const {
    for (int number = 0;; ++number) {
        std::string name = prefix + ':' + std::to_string(number);
        if (owner_of(name) == server) {
            return name;
        }
    }
}

bool redis_cluster::has(std::size_t server, const std::string& key) const {
    const auto slot = std::to_string(redis::slot_of(key));
    const std::string keys =
        '\n' + command(server, {"CLUSTER", "GETKEYSINSLOT", slot, "1000"}) + '\n';
    return keys.find('\n' + key + '\n') != std::string::npos;
}

void redis_cluster::begin_move(std::uint16_t slot, std::size_t to) {
    const std::size_t from = owners_[slot];
    const auto text = std::to_string(slot);
    command(to, {"CLUSTER", "SETSLOT", text, "IMPORTING", ids_[from]});
    command(from, {"CLUSTER", "SETSLOT", text, "MIGRATING", ids_[to]});
}

void redis_cluster::move_keys(std::uint16_t slot, std::size_t to,
                              const std::vector<std::string>& keys) const {
    std::vector<std::string> words{
        "MIGRATE", std::string{host}, std::to_string(port_for_peers(to)), "", "0", "5000", "KEYS"};
    words.insert(words.end(), keys.begin(), keys.end());
    if (const auto said = command(owners_[slot], words); said != "OK") {
        throw std::runtime_error("MIGRATE: " + said);
    }
}

void redis_cluster::end_move(std::uint16_t slot, std::size_t to) {
    const auto tell = [&](std::size_t server) {
        command(server, {"CLUSTER", "SETSLOT", std::to_string(slot), "NODE", ids_[to]});
    };
    tell(to);
    tell(owners_[slot]);
    for (std::size_t server = 0; server < size(); ++server) {
        if (server != to && server != owners_[slot] && servers_[server]->running()) {
            tell(server);
        }
    }
    owners_[slot] = to;
}

void redis_cluster::move_slot(std::uint16_t slot, std::size_t to) {
    begin_move(slot, to);
    for (;;) {
        std::istringstream lines{
            command(owners_[slot], {"CLUSTER", "GETKEYSINSLOT", std::to_string(slot), "100"})};
        std::vector<std::string> keys;
        for (std::string line; std::getline(lines, line);) {
            keys.push_back(line);
        }
        if (keys.empty()) {
            break;
        }
        move_keys(slot, to, keys);
    }
    end_move(slot, to);
}

}  // namespace redlock::support
