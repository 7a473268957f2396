#include "support/child.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

#include "cli/process/spawn.hpp"

namespace redlock::support {

child::child(const child_options& options) {
    cli::spawn_options with;
    with.arguments = options.arguments;
    with.environment = options.environment;
    with.own_group = true;
    if (!options.output.empty()) {
        with.standard_output =
            ::open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (with.standard_output < 0) {
            throw std::system_error(errno, std::generic_category(), options.output);
        }
        with.standard_error = with.standard_output;
    }
    try {
        pid_ = cli::spawn(with);
    } catch (...) {
        if (with.standard_output >= 0) {
            ::close(with.standard_output);
        }
        throw;
    }
    if (with.standard_output >= 0) {
        ::close(with.standard_output);
    }
}

child::~child() {
    kill();
}

child::child(child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

void child::signal(int number) const {
    if (pid_ > 0) {
        ::kill(pid_, number);
    }
}

void child::freeze() const {
    if (pid_ > 0 && ::kill(pid_, SIGSTOP) == 0) {
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT);
        // Taken off the list, so that the next freeze waits for its own stop.
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WNOHANG);
    }
}

void child::thaw() const {
    signal(SIGCONT);
}

int child::wait(std::chrono::milliseconds longest) {
    const auto end = std::chrono::steady_clock::now() + longest;
    int status = 0;
    while (pid_ > 0) {
        const pid_t gone = ::waitpid(pid_, &status, WNOHANG);
        if (gone != 0) {
            pid_ = -1;
        } else if (std::chrono::steady_clock::now() > end) {
            kill();
            return 128 + SIGKILL;
        } else {
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void child::kill() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
    }
}

int run_to_end(const child_options& options) {
    return child{options}.wait(std::chrono::minutes{10});
}

}  // namespace redlock::support
