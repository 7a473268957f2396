// The keeper is forked, not executed, and runs only `watch`: read, poll and kill. It sits in a
// session of its own so that no terminal signal reaches it, and holds no descriptor but its two.
#include "cli/keeper.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "cli/boot_timer.hpp"
#include "cli/spawn.hpp"

namespace redlock::cli {

namespace {

void close_all_but(int first, int second) {
    const auto low = static_cast<unsigned>(first < second ? first : second);
    const auto high = static_cast<unsigned>(first < second ? second : first);
    if (low > 0) {
        ::close_range(0, low - 1, 0);
    }
    if (high > low + 1) {
        ::close_range(low + 1, high - 1, 0);
    }
    ::close_range(high + 1, ~0U, 0);
}

[[noreturn]] void watch(int pipe, int timer) {
    ::setsid();
    ::prctl(PR_SET_NAME, "redlock-keeper");
    close_all_but(pipe, timer);
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
            ::kill(-group, SIGKILL);
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
    // The keeper must not run our handlers, and nothing but SIGKILL should end it.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    process_ = ::fork();
    if (process_ == 0) {
        watch(ends[0], timer_);
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
