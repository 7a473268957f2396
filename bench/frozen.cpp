// Freezes one of three nodes and measures what that costs.
#include "bench/frozen.hpp"

#include <fmt/format.h>
#include <sys/types.h>

#include <charconv>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include "bench/bare_node.hpp"

namespace bench {

namespace {

/// A turn is so small a part of all the cycles.
constexpr int parts = 4;

/// The server's process, by its own word. Throws unless it is surely a server on this machine: a
/// number that came over the network must not stop somebody else's process.
pid_t process_of(const redlock::endpoint& where) {
    bare_node node{where};
    const std::string info = node.ask({"INFO", "server"});
    constexpr std::string_view field = "\nprocess_id:";
    const auto at = info.find(field);
    pid_t process = 0;
    if (at != std::string::npos) {
        const char* digits = info.data() + at + field.size();
        std::from_chars(digits, info.data() + info.size(), process);
    }
    std::string name;
    if (process > 1) {
        std::ifstream{fmt::format("/proc/{}/comm", process)} >> name;
    }
    if (!name.starts_with("redis-server") && !name.starts_with("valkey-server")) {
        throw std::runtime_error(
            fmt::format("{}: its process is not on this machine", where.to_string()));
    }
    return process;
}

/// Stops a process for as long as this object lives. Signals that would end the benchmark wait
/// until it goes on again.
class frozen_process {
  public:
    explicit frozen_process(pid_t process) : process_(process) {
        sigset_t ending;
        ::sigemptyset(&ending);
        for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
            ::sigaddset(&ending, signal);
        }
        ::pthread_sigmask(SIG_BLOCK, &ending, &before_);
        if (::kill(process_, SIGSTOP) != 0) {
            ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
            throw std::runtime_error("a server's process cannot be stopped by this user");
        }
    }
    frozen_process(const frozen_process&) = delete;
    frozen_process& operator=(const frozen_process&) = delete;
    ~frozen_process() {
        ::kill(process_, SIGCONT);
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

  private:
    pid_t process_;
    sigset_t before_{};
};

}  // namespace

frozen_result measure_frozen(const std::vector<redlock::endpoint>& endpoints, style how) {
    if (endpoints.size() < 3) {
        throw std::runtime_error("--frozen wants three nodes in REDLOCK_NODES");
    }
    const std::vector<redlock::endpoint> used{endpoints.begin(), endpoints.begin() + 3};
    std::vector<pid_t> processes;
    processes.reserve(used.size());
    for (const redlock::endpoint& where : used) {
        processes.push_back(process_of(where));
    }

    library_side library{used, how, 1, 1024};
    frozen_result result;
    std::vector<nanoseconds> healthy;
    std::vector<nanoseconds> frozen;
    const auto measured = [&] {
        const slice cycles = library.run_cycles(frozen_result::cycles / parts);
        result.errors += cycles.errors;
        return cycles.elapsed * parts;
    };
    // In short turns, so that noise hits both.
    for (int turn = 0; turn < frozen_result::turns; ++turn) {
        if (!library.settle(std::chrono::seconds{10})) {
            throw std::runtime_error("not every node answers");
        }
        library.run_cycles(20);  // Warm.
        healthy.push_back(measured());
        const frozen_process stopped{processes[static_cast<std::size_t>(turn) % processes.size()]};
        frozen.push_back(measured());
    }
    result.healthy = median(healthy);
    result.frozen = median(frozen);
    result.ratio = std::chrono::duration<double>(result.frozen) / result.healthy;
    result.error = library.last_error();
    return result;
}

}  // namespace bench
