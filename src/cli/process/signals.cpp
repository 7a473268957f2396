// Asio keeps one count a signal, so that two of the same in quick succession arrive as two.
#include "cli/process/signals.hpp"

#include <csignal>
#include <utility>

namespace redlock::cli {

namespace {

bool was_ignored(int number) {
    struct sigaction now {};
    return ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

signals::signals(boost::asio::io_context& loop, std::function<void(int)> handler, job_control stops)
    : set_(loop), handler_(std::move(handler)) {
    std::signal(SIGPIPE, SIG_IGN);
    for (const int number : {SIGINT, SIGHUP, SIGQUIT}) {
        if (!was_ignored(number)) {
            set_.add(number);
        }
    }
    for (const int number : {SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD}) {
        set_.add(number);
    }
    if (stops == job_control::ours) {
        set_.add(SIGTSTP);
        set_.add(SIGCONT);
    }
    wait();
}

void signals::wait() {
    set_.async_wait([this](const boost::system::error_code& error, int number) {
        if (error || stopped_) {
            return;
        }
        wait();
        handler_(number);
    });
}

void signals::stop() {
    stopped_ = true;
    set_.cancel();
}

bool is_ending_signal(int number) noexcept {
    return number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT ||
           number == SIGUSR1 || number == SIGUSR2;
}

}  // namespace redlock::cli
