#include "cli/process/terminal_listener.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <utility>

#include "cli/process/descriptors.hpp"
#include "cli/process/spawn.hpp"

namespace redlock::cli {

namespace {

/// Writes to the channel what the terminal has sent.
void pass_on(int heard) {
    signalfd_siginfo what{};
    while (::read(heard, &what, sizeof what) == sizeof what) {
        if (what.ssi_code == SI_KERNEL) {
            const auto number = static_cast<unsigned char>(what.ssi_signo);
            ::send(STDIN_FILENO, &number, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
    }
}

/// The whole life of the forked process, in which all signals are blocked. Async-signal-safe.
[[noreturn]] void listen(int channel) {
    ::prctl(PR_SET_NAME, "redlock-listens");
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int number : {SIGINT, SIGQUIT, SIGHUP}) {
        struct sigaction now {};
        if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) {
            sigaddset(&wanted, number);  // The others are ignored on purpose, by nohup for example.
        }
    }
    // Nothing stays open whose end others wait for.
    ::dup2(channel, STDIN_FILENO);
    close_descriptors(1, ~0U);
    const int heard = ::signalfd(-1, &wanted, SFD_NONBLOCK);
    pid_t group = 0;
    if (heard < 0 || ::read(STDIN_FILENO, &group, sizeof group) != sizeof group ||
        ::setpgid(0, group) != 0 || ::send(STDIN_FILENO, "", 1, MSG_NOSIGNAL) != 1) {
        ::_exit(1);
    }
    for (;;) {
        std::array<pollfd, 2> news{{{STDIN_FILENO, POLLIN, 0}, {heard, POLLIN, 0}}};
        ::poll(news.data(), news.size(), -1);
        const bool is_over = news[0].revents != 0;
        pass_on(heard);  // Also at the end: what came before it is still pending.
        if (is_over) {
            ::_exit(0);
        }
    }
}

}  // namespace

terminal_listener::terminal_listener() noexcept {
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return;
    }
    try {
        const auto [number, cause] =
            fork_process(false, [channel = ends[1]](int /*report*/) { listen(channel); });
        process_ = look_at_process(number);
        ours_ = std::exchange(ends[0], -1);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): as the header says
    }
    for (const int each : ends) {
        if (each >= 0) {
            ::close(each);
        }
    }
}

terminal_listener::~terminal_listener() {
    if (ours_ >= 0) {
        ::close(ours_);
    }
}

void terminal_listener::join(int channel) noexcept {
    const pid_t group = ::getpgrp();
    char done = 0;
    if (::send(channel, &group, sizeof group, MSG_NOSIGNAL) == sizeof group) {
        [[maybe_unused]] const auto got = ::recv(channel, &done, 1, 0);
    }
}

std::optional<int> terminal_listener::last_signal() {
    constexpr int patience_ms = 1000;  // If somebody stops it at this very moment.
    std::optional<int> last;
    if (ours_ < 0) {
        return last;
    }
    ::shutdown(ours_, SHUT_WR);
    send_signal(process_, SIGCONT);
    for (;;) {
        pollfd news{ours_, POLLIN, 0};
        unsigned char number = 0;
        const int ready = ::poll(&news, 1, patience_ms);
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready <= 0 || ::recv(ours_, &number, 1, MSG_DONTWAIT) <= 0) {
            break;
        }
        last = number;
    }
    ::close(std::exchange(ours_, -1));
    return last;
}

}  // namespace redlock::cli
