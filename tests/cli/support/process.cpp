// Output is read while waiting, so that a program that writes much is never stuck on a full pipe.
#include "cli/support/process.hpp"
#include "cli/support/forbidden_calls.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

namespace redlock::cli_test {

namespace {

using namespace std::chrono_literals;
constexpr auto patience = 60s;

[[noreturn]] void become(const process_options& options) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::unsetenv("REDLOCK_NODES");
    for (const auto& [name, value] : options.environment) {
        ::setenv(name.c_str(), value.c_str(), 1);
    }
    std::vector<char*> arguments;
    for (const std::string& argument : options.arguments) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    if ((options.may_not_signal_groups && !forbid_group_signals()) ||
        (options.may_not_close_ranges && !forbid_close_range())) {
        ::_exit(125);
    }
    ::execvp(arguments.front(), arguments.data());
    ::_exit(125);
}

/// Where there is no terminal to be had, forkpty() answers -1: killing that "process" would kill
/// every process of this user.
pid_t started(pid_t process) {
    if (process < 0) {
        throw std::runtime_error(std::string{"cannot start a process: "} + std::strerror(errno));
    }
    return process;
}

std::array<int, 2> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error("no pipe");
    }
    return ends;
}

void close_end(int& end) {
    if (end >= 0) {
        ::close(std::exchange(end, -1));
    }
}

/// False at the end of the file.
bool append(int from, std::string& to) {
    std::array<char, 4096> part{};
    const ssize_t got = ::read(from, part.data(), part.size());
    if (got > 0) {
        to.append(part.data(), static_cast<std::size_t>(got));
    }
    return got > 0 || (got < 0 && errno == EINTR);
}

}  // namespace

process::process(process_options options) {
    if (options.on_terminal) {
        start_on_terminal(options);
    } else {
        start_with_pipes(options);
    }
}

void process::start_with_pipes(const process_options& options) {
    auto in = make_pipe();
    auto out = make_pipe();
    auto err = make_pipe();
    pid_ = started(::fork());
    if (pid_ == 0) {
        // A group of its own under a parent in the same session: where the tests themselves have no
        // shell above them, their own group is an orphan, and nothing in it can be stopped.
        ::setpgid(0, 0);
        ::dup2(in[0], STDIN_FILENO);
        ::dup2(out[1], STDOUT_FILENO);
        ::dup2(err[1], STDERR_FILENO);
        become(options);
    }
    close_end(in[0]);
    close_end(out[1]);
    close_end(err[1]);
    if (::write(in[1], options.input.data(), options.input.size()) < 0) {
        throw std::runtime_error("cannot write the input");
    }
    close_end(in[1]);
    out_ = out[0];
    err_ = err[0];
}

void process::start_on_terminal(const process_options& options) {
    pid_ = started(::forkpty(&out_, nullptr, nullptr, nullptr));
    if (pid_ == 0) {
        become(options);
    }
}

process::~process() {
    if (!ended_ && pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    close_end(out_);
    close_end(err_);
}

void process::signal(int number) const {
    if (pid_ > 0) {
        ::kill(pid_, number);
    }
}

void process::type(std::string_view keys) const {
    if (::write(out_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
        throw std::runtime_error("cannot type");
    }
}

void process::close_output() {
    close_end(out_);
}

void process::wait_for_out(std::string_view text) {
    pump([&] { return result_.out.find(text) != std::string::npos; }, text.data());
}

void process::wait_for_err(std::string_view text) {
    pump([&] { return result_.err.find(text) != std::string::npos; }, text.data());
}

finished process::wait() {
    // Both: what it wrote last may still be in the pipes, and a child of its may hold them open.
    pump([] { return false; }, nullptr);
    return result_;
}

finished process::wait_for_the_last_word() {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (!reaped() || out_ >= 0 || err_ >= 0) {
        if (!read_some()) {
            ::poll(nullptr, 0, 2);
        }
        if (std::chrono::steady_clock::now() > give_up) {
            throw std::runtime_error("its output stays open; err: " + result_.err);
        }
    }
    return result_;
}

void process::pump(const std::function<bool()>& done, const char* what) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (!done()) {
        const bool over = reaped();
        const bool got = read_some();
        if (over && !got) {
            if (what == nullptr) {
                return;
            }
            throw std::runtime_error(std::string{"ended without \""} + what +
                                     "\"; out: " + result_.out + "; err: " + result_.err);
        }
        if (std::chrono::steady_clock::now() > give_up) {
            throw std::runtime_error(std::string{"no \""} + (what == nullptr ? "end" : what) +
                                     "\"; out: " + result_.out + "; err: " + result_.err);
        }
    }
}

bool process::read_some() {
    std::array<pollfd, 2> wanted{{{out_, POLLIN, 0}, {err_, POLLIN, 0}}};
    if (::poll(wanted.data(), wanted.size(), ended_ ? 0 : 5) <= 0) {
        return false;
    }
    bool got = false;
    if (wanted[0].revents != 0) {
        got = append(out_, result_.out) || got;
        if (!got) {
            close_end(out_);
        }
    }
    if (wanted[1].revents != 0) {
        const bool more = append(err_, result_.err);
        got = more || got;
        if (!more) {
            close_end(err_);
        }
    }
    return got;
}

bool process::reaped() {
    int status = 0;
    if (!ended_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
        ended_ = true;
        result_.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    return ended_;
}

std::vector<std::string> redlock_line(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), REDLOCK_BINARY);
    return arguments;
}

finished redlock(std::vector<std::string> arguments,
                 std::map<std::string, std::string> environment) {
    return process{
        {.arguments = redlock_line(std::move(arguments)), .environment = std::move(environment)}}
        .wait();
}

void eventually(const std::function<bool()>& condition, std::string_view what) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > give_up) {
            throw std::runtime_error("never: " + std::string{what});
        }
        std::this_thread::sleep_for(2ms);
    }
}

bool alive(pid_t process) {
    const char state = state_of(process);
    return state != '?' && state != 'Z';
}

std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> children;
    const std::string path =
        "/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children";
    FILE* file = ::fopen(path.c_str(), "r");
    if (file != nullptr) {
        for (pid_t child = 0; std::fscanf(file, "%d", &child) == 1;) {
            children.push_back(child);
        }
        std::fclose(file);
    }
    return children;
}

std::string name_of(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/comm");
    std::string name;
    std::getline(file, name);
    return name;
}

char state_of(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    const auto name_end = text.rfind(')');
    return name_end != std::string::npos && name_end + 2 < text.size() ? text[name_end + 2] : '?';
}

}  // namespace redlock::cli_test
