// The failover fixture; see watched_servers.hpp. The Sentinels are told of each other and of the
// replica in their files, since finding out by themselves takes them seconds.
#include "support/watched_servers.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "cli/process/server_program.hpp"
#include "support/redis_peer.hpp"

namespace redlock::support {
namespace {

using namespace std::chrono_literals;

constexpr auto far_too_long = 30s;

// Without a file anywhere: neither side of the replication writes one.
redis_server_options without_files(std::vector<std::string> more = {}) {
    redis_server_options options;
    options.arguments = {"--repl-diskless-sync", "yes",    "--repl-diskless-sync-delay", "0",
                         "--repl-diskless-load", "swapdb", "--repl-ping-replica-period", "1"};
    options.arguments.insert(options.arguments.end(), more.begin(), more.end());
    return options;
}

std::string id_of(std::size_t sentinel) {
    std::string id(40, static_cast<char>('a' + sentinel));
    return id;
}

bool wait_for(const std::function<bool()>& done, std::chrono::nanoseconds longest) {
    const auto end = std::chrono::steady_clock::now() + longest;
    while (!done()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

// The value after a name, in a reply of alternating lines.
std::string value_of(const std::string& reply, const std::string& name) {
    const auto at = ("\n" + reply).find("\n" + name + "\n");
    if (at == std::string::npos) {
        return {};
    }
    const auto begin = at + name.size() + 1;
    return reply.substr(begin, reply.find('\n', begin) - begin);
}

}  // namespace

watched_servers::watched_servers(std::string password)
    : password_(std::move(password)), folder_(make_temporary_folder("redlock-sentinel")) {
    start_servers();
    constexpr int tries = 5;  // Somebody may have been faster at one of the ports.
    for (int tried = 1; !start_sentinels(); ++tried) {
        if (tried == tries) {
            throw std::runtime_error("the Sentinels do not start");
        }
    }
    if (!wait_for([this] { return settled(); }, far_too_long)) {
        throw std::runtime_error("the Sentinels do not settle: " +
                                 ask(0, {"SENTINEL", "MASTER", std::string{master_name}}));
    }
}

watched_servers::~watched_servers() {
    for (auto& each : sentinels_) {
        each.reset();
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void watched_servers::start_servers() {
    servers_[0] = std::make_unique<redis_server>(without_files());
    servers_[1] = std::make_unique<redis_server>(
        without_files({"--replicaof", "127.0.0.1", std::to_string(servers_[0]->port())}));
    // A Sentinel that first sees the replica before looks again only after ten seconds.
    const auto follows = [this] {
        return servers_[1]->command({"ROLE"}).find("\nconnected\n") != std::string::npos;
    };
    if (!wait_for(follows, far_too_long)) {
        throw std::runtime_error("the replica does not follow its master");
    }
}

bool watched_servers::start_sentinels() {
    for (auto& each : sentinels_) {
        each.reset();
    }
    for (auto& each : ports_) {
        each = free_port();
    }
    for (std::size_t each = 0; each < sentinels; ++each) {
        const std::string file = folder_ + "/" + std::to_string(each) + ".conf";
        std::ofstream{file} << configuration(each);
        child_options with;
        with.arguments = {cli::server_program({}), file, "--sentinel"};
        with.output = file + ".log";
        sentinels_[each] = std::make_unique<child>(with);
    }
    return wait_for(
        [this] {
            for (std::size_t each = 0; each < sentinels; ++each) {
                if (!answers(each)) {
                    return false;
                }
            }
            return true;
        },
        far_too_long / 3);
}

std::string watched_servers::configuration(std::size_t index) const {
    const std::string name{master_name};
    const auto at = [](std::uint16_t port) { return " 127.0.0.1 " + std::to_string(port); };
    std::string text = "port " + std::to_string(ports_[index]) +
                       "\nbind 127.0.0.1\nprotected-mode no\ndir " + folder_ + "\nsentinel myid " +
                       id_of(index) + "\nsentinel monitor " + name + at(servers_[0]->port()) +
                       " 2\nsentinel down-after-milliseconds " + name +
                       " 500\nsentinel failover-timeout " + name + " 3000\n";
    if (!password_.empty()) {
        text += "requirepass " + password_ + "\nsentinel sentinel-pass " + password_ + '\n';
    }
    text += "sentinel known-replica " + name + at(servers_[1]->port()) + '\n';
    for (std::size_t other = 0; other < sentinels; ++other) {
        if (other != index) {
            text +=
                "sentinel known-sentinel " + name + at(ports_[other]) + ' ' + id_of(other) + '\n';
        }
    }
    return text;
}

bool watched_servers::answers(std::size_t index) const {
    try {
        return ask(index, {"SENTINEL", "MYID"}) == id_of(index);
    } catch (const std::runtime_error&) {
        return false;
    }
}

bool watched_servers::settled() const {
    for (std::size_t each = 0; each < sentinels; ++each) {
        const std::string master = ask(each, {"SENTINEL", "MASTER", std::string{master_name}});
        if (value_of(master, "flags") != "master" || value_of(master, "num-slaves") != "1" ||
            value_of(master, "num-other-sentinels") != "2" ||
            ask(each, {"SENTINEL", "CKQUORUM", std::string{master_name}}).find("OK 3") != 0) {
            return false;
        }
    }
    return has_good_replica();
}

bool watched_servers::has_good_replica() const {
    for (std::size_t each = 0; each < sentinels; ++each) {
        const std::string replica = ask(each, {"SENTINEL", "REPLICAS", std::string{master_name}});
        if (value_of(replica, "flags") != "slave" ||
            value_of(replica, "master-link-status") != "ok") {
            return false;
        }
    }
    return true;
}

std::string watched_servers::url() const {
    std::string hosts;
    for (std::size_t each = 0; each < sentinels; ++each) {
        hosts += (hosts.empty() ? "" : ",") + sentinel_address(each);
    }
    return "redis+sentinel://" + hosts + '/' + std::string{master_name};
}

std::string watched_servers::sentinel_address(std::size_t index) const {
    return "127.0.0.1:" + std::to_string(ports_[index]);
}

std::string watched_servers::ask(std::size_t index, const std::vector<std::string>& words) const {
    redis_peer peer{ports_[index]};
    if (!password_.empty()) {
        static_cast<void>(peer.ask({"AUTH", password_}));
    }
    return peer.ask(words);
}

bool watched_servers::names(std::size_t index, const redis_server& server) const {
    return ask(index, {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", std::string{master_name}}) ==
           "127.0.0.1\n" + std::to_string(server.port());
}

bool watched_servers::is_master(const redis_server& server) const {
    for (std::size_t each = 0; each < sentinels; ++each) {
        if (!names(each, server)) {
            return false;
        }
    }
    return server.command({"ROLE"}).starts_with("master");
}

}  // namespace redlock::support
