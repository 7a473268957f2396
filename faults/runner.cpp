#include "faults/runner.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "faults/outcome.hpp"
#include "faults/scenario.hpp"
#include "support/redis_server.hpp"

namespace redlock::faults {
namespace {

volatile std::sig_atomic_t interrupted_by = 0;

extern "C" void remember_signal(int number) {
    interrupted_by = number;
}

// Without SA_RESTART, so that whatever waits is woken.
void handle_signals(void (*handler)(int)) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction action {};
        action.sa_handler = handler;
        ::sigaction(number, &action, nullptr);
    }
}

class folder_for_a_run {
  public:
    explicit folder_for_a_run(bool keep)
        : path_(support::make_temporary_folder("redlock-faults")), keep_(keep) {
        // What the servers make for themselves belongs in there as well.
        ::setenv("TMPDIR", path_.c_str(), 1);
    }
    folder_for_a_run(const folder_for_a_run&) = delete;
    folder_for_a_run& operator=(const folder_for_a_run&) = delete;
    ~folder_for_a_run() {
        if (keep_) {
            fmt::print(stderr, "logs: {}\n", path_);
        } else {
            std::error_code ignored;
            std::filesystem::remove_all(path_, ignored);
        }
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

  private:
    std::string path_;
    bool keep_;
};

outcome ended_without_verdict(const scenario& played, ending end, std::string why) {
    std::ranges::replace(why, '\n', ' ');
    outcome one;
    one.name = played.name;
    one.end = end;
    one.remarks = {std::move(why)};
    return one;
}

// In the scenario's own process.
outcome play(const scenario& played, const std::string& folder, const std::string& broken) {
    try {
        std::filesystem::create_directories(folder);
        world all{played.with, folder, broken};
        played.disturb(all);
        const verdict judged = all.finish();
        outcome one = outcome_of(played.name, played.within, judged, all.faults());
        for (std::string trouble : all.troubles()) {
            std::ranges::replace(trouble, '\n', ' ');
            one.end = ending::failed;
            one.remarks.push_back(std::move(trouble));
        }
        return one;
    } catch (const not_possible_here& error) {
        return ended_without_verdict(played, ending::not_run, error.what());
    } catch (const std::exception& error) {
        return ended_without_verdict(played, ending::failed, error.what());
    }
}

// The scenario's process reports through the pipe and ends without our own destructors.
[[noreturn]] void play_and_report(const scenario& played, const std::string& folder,
                                  const std::string& broken, int report, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(1);
    }
    ::setpgid(0, 0);
    handle_signals(SIG_DFL);
    const std::string text = to_text(play(played, folder, broken));
    const bool told =
        ::write(report, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::_exit(told ? 0 : 1);
}

std::string read_to_end(int report) {
    std::string text;
    std::array<char, 4096> part{};
    while (interrupted_by == 0) {
        const ssize_t got = ::read(report, part.data(), part.size());
        if (got > 0) {
            text.append(part.data(), static_cast<std::size_t>(got));
        } else if (got == 0 || errno != EINTR) {
            break;
        }
    }
    return text;
}

outcome run_one(const scenario& played, const std::string& folder, const std::string& broken) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe");
    }
    const pid_t parent = ::getpid();
    const pid_t player = ::fork();
    if (player == 0) {
        ::close(pipe[0]);
        play_and_report(played, folder, broken, pipe[1], parent);
    }
    ::close(pipe[1]);
    const std::string text = player > 0 ? read_to_end(pipe[0]) : std::string{};
    ::close(pipe[0]);
    if (interrupted_by != 0 && player > 0) {
        ::kill(player, SIGKILL);
    }
    while (player > 0 && ::waitpid(player, nullptr, 0) < 0 && errno == EINTR) {
    }
    try {
        return outcome_from_text(text);
    } catch (const std::runtime_error& error) {
        return ended_without_verdict(played, ending::failed, error.what());
    }
}

std::vector<const scenario*> chosen(const run_request& request) {
    std::vector<const scenario*> picked;
    for (const scenario& each : scenarios()) {
        const bool named = std::ranges::find(request.names, each.name) != request.names.end();
        if (named || (request.names.empty() && (!request.only_short || each.in_short))) {
            picked.push_back(&each);
        }
    }
    for (const std::string& name : request.names) {
        if (std::ranges::none_of(scenarios(), [&](const scenario& s) { return s.name == name; })) {
            throw std::invalid_argument("no such scenario: " + name);
        }
    }
    return picked;
}

int summed_up(const std::vector<outcome>& all) {
    const auto count = [&](ending end) { return std::ranges::count(all, end, &outcome::end); };
    fmt::print("{}{} passed, {} failed, {} not run here\n", table_of(all), count(ending::passed),
               count(ending::failed), count(ending::not_run));
    return count(ending::failed) > 0 || count(ending::passed) == 0 ? 1 : 0;
}

}  // namespace

int run_scenarios(const run_request& request) {
    std::vector<const scenario*> picked;
    try {
        picked = chosen(request);
    } catch (const std::invalid_argument& error) {
        fmt::print(stderr, "redlock_faults: {}\n", error.what());
        return 64;
    }
    handle_signals(remember_signal);
    const folder_for_a_run folder{request.keep};
    std::vector<outcome> all;
    for (const scenario* each : picked) {
        const auto begin = std::chrono::steady_clock::now();
        for (std::size_t run = 0; run < request.runs && interrupted_by == 0; ++run) {
            const outcome one = run_one(
                *each, fmt::format("{}/{}-{}", folder.path(), each->name, run), request.broken);
            run == 0 ? all.push_back(one) : add_up(all.back(), one);
        }
        if (interrupted_by != 0) {
            return 128 + interrupted_by;
        }
        fmt::print(
            stderr, "{}: {} faults, {} acquisitions, {} s\n", each->name, all.back().faults,
            all.back().acquisitions,
            std::chrono::round<std::chrono::seconds>(std::chrono::steady_clock::now() - begin)
                .count());
    }
    return summed_up(all);
}

void list_scenarios() {
    for (const scenario& each : scenarios()) {
        fmt::print("{:<22} {}{}{}\n", each.name, each.about, each.in_short ? " (short)" : "",
                   each.within ? "" : " (outside the assumptions)");
    }
}

}  // namespace redlock::faults
