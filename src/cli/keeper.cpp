// The keeper is forked, not executed, and runs only `watch`: read, poll, kill and write. It sits in
// a session of its own so that no terminal signal reaches it, and holds no descriptor but its two
// and standard error, which it lets go of at the latest when redlock is dead.
#include "cli/keeper.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>

#include "cli/boot_timer.hpp"
#include "cli/child.hpp"
#include "cli/report.hpp"
#include "cli/spawn.hpp"

namespace redlock::cli {

namespace {

void close_all_but(std::array<int, 3> kept) {
    std::sort(kept.begin(), kept.end());
    unsigned next = 0;
    for (const int each : kept) {
        const auto fd = static_cast<unsigned>(each);
        if (fd > next) {
            ::close_range(next, fd - 1, 0);
        }
        next = fd + 1;
    }
    ::close_range(next, ~0U, 0);
}

/// `refusal`: the line to write when killing is not allowed; made before the fork.
[[noreturn]] void watch(int pipe, int timer, const std::string& refusal) {
    ::setsid();
    ::prctl(PR_SET_NAME, "redlock-keeper");
    close_all_but({STDERR_FILENO, pipe, timer});
    pid_t group = 0;
    for (;;) {
        std::array<pollfd, 2> wanted{{{pipe, POLLIN, 0}, {timer, POLLIN, 0}}};
        if (::poll(wanted.data(), wanted.size(), -1) < 0) {
            continue;
        }
        bool orphaned = false;
        if (wanted[0].revents != 0) {
            pid_t told = 0;
            const ssize_t got = ::read(pipe, &told, sizeof told);
            if (got == sizeof told) {
                group = told;
            }
            orphaned = got == 0;
        }
        std::uint64_t expirations = 0;
        // Nothing to read means that the deadline was moved since poll saw it.
        const bool overdue =
            wanted[1].revents != 0 && ::read(timer, &expirations, sizeof expirations) > 0;
        if ((orphaned || overdue) && group > 1) {
            if (::kill(-group, SIGKILL) != 0 && errno == EPERM) {
                [[maybe_unused]] const auto told =
                    ::write(STDERR_FILENO, refusal.data(), refusal.size());
            }
            ::_exit(0);
        }
        if (orphaned) {
            ::_exit(0);
        }
    }
}

}  // namespace

keeper::keeper() : timer_(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)) {
    std::array<int, 2> ends{};
    if (timer_ < 0 || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
        const int cause = errno;
        ::close(timer_);
        throw spawn_error(cause, false,
                          fmt::format("cannot watch a process: {}", std::strerror(cause)));
    }
    const std::string refusal = line_of(refusal_of(SIGKILL));
    // The keeper must not run our handlers, and nothing but SIGKILL should end it.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    process_ = ::fork();
    if (process_ == 0) {
        watch(ends[0], timer_, refusal);
    }
    const int cause = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::close(ends[0]);
    pipe_ = ends[1];
    if (process_ < 0) {
        ::close(pipe_);
        ::close(timer_);
        throw spawn_error(cause, false,
                          fmt::format("cannot start a process: {}", std::strerror(cause)));
    }
}

keeper::~keeper() {
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    ::close(pipe_);
    ::close(timer_);
}

void keeper::set_deadline(boot_clock::time_point when) {
    arm_boot_timer(timer_, when);
}

}  // namespace redlock::cli
