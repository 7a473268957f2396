// Between the command's end and `reap` it stays a zombie on purpose: its number, which is the
// group's too, cannot be given to a stranger while signals may still be sent there.
#include "cli/process/child.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "cli/base/console.hpp"
#include "cli/base/events.hpp"
#include "cli/base/exit_status.hpp"

namespace redlock::cli {

namespace {

/// Whether the group has members, and none of them is ours to signal.
bool is_refused(pid_t group, int number) {
    return ::kill(-group, number) != 0 && errno == EPERM;
}

}  // namespace

terminal::terminal() {
    for (const int fd : {STDIN_FILENO, STDERR_FILENO, STDOUT_FILENO}) {
        if (::isatty(fd) == 1) {
            tty_ = fd;
            return;
        }
    }
}

int terminal::lendable() const {
    return tty_ >= 0 && ::tcgetpgrp(tty_) == ::getpgrp() ? tty_ : -1;
}

void terminal::lend(pid_t group) {
    lent_ = ::tcsetpgrp(tty_, group) == 0;
}

void terminal::take_back() {
    if (lent_) {
        ::tcsetpgrp(tty_, ::getpgrp());
        lent_ = false;
    }
}

job::job() {
    // While the terminal is lent we are in the background, where taking it back, and with TOSTOP
    // even a message of ours, would stop us.
    std::signal(SIGTTOU, SIG_IGN);
}

pid_t job::start(const std::vector<std::string>& command, std::vector<std::string> environment,
                 const std::function<pid_t(const spawn_options&)>& spawn) {
    spawn_options options;
    options.arguments = command;
    options.environment = std::move(environment);
    options.own_group = true;
    options.terminal = terminal_.lendable();
    if (listens_ && options.terminal >= 0) {
        options.listener = listener_.emplace().channel();
    }
    try {
        group_ = spawn(options);
    } catch (const spawn_error&) {
        if (options.terminal >= 0) {
            ::tcsetpgrp(options.terminal, ::getpgrp());  // It may have been lent by then.
        }
        throw;
    }
    if (options.terminal >= 0) {
        terminal_.lend(group_);
    }
    return group_;
}

void job::signal(int number) {
    // Of SIGCONT there is nothing to say: it only goes with another signal, or undoes one.
    if (group_ > 1 && is_refused(group_, number) && number != SIGCONT) {
        say_signal_refused(number, "the command");
    }
}

/// The shell has to see its job stop, so we stop with the whole of our own group: other members of
/// the same pipeline did not get the terminal's signal, which went to the command's group.
void job::stop_with_group(int number) {
    const bool whole_job = terminal_.is_lent();
    terminal_.take_back();
    if (::getsid(0) == ::getpid()) {
        resume();  // We lead the session: there is no shell that could ever continue us.
        return;
    }
    struct sigaction plain {};
    plain.sa_handler = SIG_DFL;
    struct sigaction before {};
    ::sigaction(number, &plain, &before);
    ::kill(whole_job ? 0 : ::getpid(), number);
    // We are stopped in the line above and go on here after SIGCONT, which `resume` answers.
    ::sigaction(number, &before, nullptr);
}

void job::resume() {
    if (group_ > 1 && terminal_.lendable() >= 0) {
        terminal_.lend(group_);
    }
    signal(SIGCONT);
}

void job::end() {
    // First, since from then on the keys reach us. Before, they reach the listener, which hears all
    // that came until it is asked. The other way round there would be a time when nobody hears.
    terminal_.take_back();
    if (listener_) {
        heard_ = listener_->last_signal();
        listener_.reset();
    }
    group_ = -1;
}

child::child(const std::vector<std::string>& command, std::vector<std::string> environment) {
    pid_ = job_.start(command, std::move(environment), spawn);
}

child::~child() {
    if (pid_ > 0) {
        if (is_refused(pid_, SIGKILL)) {
            say_signal_refused(SIGKILL, "the command");
        }
        wait_for_child(pid_);
    }
}

std::optional<int> child::check() {
    if (pid_ <= 0) {
        return std::nullopt;
    }
    siginfo_t info{};
    // Two looks: WNOWAIT keeps an ended command as it is, but a stop has to be taken off the list.
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WNOHANG) == 0 &&
        info.si_pid == pid_ && is_terminal_stop(info.si_status)) {
        stop_with_group(info.si_status);
    }
    info = {};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid != pid_) {
        return std::nullopt;
    }
    ended_ = true;
    return info.si_code == CLD_EXITED ? info.si_status : exit_signal_base + info.si_status;
}

void child::reap() {
    if (pid_ > 0 && ended_) {
        wait_for_child(pid_);
        pid_ = -1;
    }
    job_.end();
}

void child::stop() {
    signal(SIGTSTP);
    stop_with_group(SIGTSTP);
}

void child::stop_with_group(int number) {
    job_.stop_with_group(number);
    // If the child's stop is reported only now, it is the one that we have just answered.
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WNOHANG);
}

bool is_terminal_stop(int number) noexcept {
    return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

void say_signal_refused(int number, std::string_view whom) {
    say({.event = events::signal_refused, .text = signal_refusal(number, whom)});
}

std::string signal_refusal(int number, std::string_view whom) {
    return fmt::format("cannot send signal {} ({}) to {}: {}; it may work on, even without a lock",
                       number, ::strsignal(number), whom, std::strerror(EPERM));
}

}  // namespace redlock::cli
