// Freezes one of three nodes and measures what that costs.
#include "bench/frozen.hpp"

#include <fmt/format.h>
#include <sys/types.h>

#include <charconv>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include "bench/awake_processors.hpp"
#include "bench/bare_node.hpp"
#include "bench/vouch.hpp"

namespace bench {

namespace {

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

/// Runs the cycles, and counts what went wrong.
nanoseconds timed(library_side& library, frozen_result& result) {
    const slice cycles = library.run_cycles(frozen_result::cycles);
    result.errors += cycles.errors;
    if (cycles.errors > 0) {
        result.error = library.last_error();
    }
    return cycles.elapsed;
}

frozen_line measure_line(const std::vector<redlock::endpoint>& three, pid_t third, style how,
                         std::size_t at_once, frozen_result& result) {
    library_side library{three, how, at_once, 1024};
    library_side two{{three[0], three[1]}, how, at_once, 1024};
    std::vector<nanoseconds> healthy;
    std::vector<nanoseconds> frozen;
    std::vector<nanoseconds> alone;
    // In turns, so that noise hits all three.
    for (int turn = 0; turn < frozen_result::turns; ++turn) {
        for (library_side* const each : {&library, &two}) {
            if (!each->settle(std::chrono::seconds{10})) {
                throw std::runtime_error("not every node answers");
            }
            each->run_cycles(50);  // Warm.
        }
        alone.push_back(timed(two, result));
        healthy.push_back(timed(library, result));
        const frozen_process stopped{third};
        frozen.push_back(timed(library, result));
    }
    return {.at_once = at_once,
            .healthy = median(healthy),
            .frozen = median(frozen),
            .alone = median(alone)};
}

}  // namespace

frozen_result measure_frozen(const std::vector<redlock::endpoint>& endpoints, style how) {
    if (endpoints.size() < 3) {
        throw std::runtime_error("--frozen wants three nodes in REDLOCK_NODES");
    }
    const std::vector<redlock::endpoint> three{endpoints.begin(), endpoints.begin() + 3};
    vouch_for(three);
    const pid_t third = process_of(three[2]);
    const awake_processors awake;
    frozen_result result;
    result.awake = awake.granted();
    for (const std::size_t at_once : std::initializer_list<std::size_t>{1, 64}) {
        result.lines.push_back(measure_line(three, third, how, at_once, result));
    }
    return result;
}

}  // namespace bench
