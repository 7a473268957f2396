// Between fork and exec only async-signal-safe calls are allowed, because a name that is looked up
// has a thread: all strings and tables are therefore built before the fork.
#include "cli/process/spawn.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>

#include "cli/base/escape.hpp"
#include "cli/process/descriptors.hpp"
#include "cli/process/terminal_listener.hpp"

extern "C" char** environ;  // NOLINT(*-redundant-declaration): POSIX has no header for it.

namespace redlock::cli {

namespace {

std::vector<int>& inherited_descriptors() {
    static std::vector<int> descriptors;
    return descriptors;
}

std::string_view name_of(std::string_view assignment) {
    return assignment.substr(0, assignment.find('='));
}

/// Ours, with what is added and left out.
std::vector<std::string> environment_of(const spawn_options& options) {
    std::vector<std::string> all;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const auto ours = std::ranges::find(options.environment, name_of(*entry), name_of);
        if (ours == options.environment.end()) {
            all.emplace_back(*entry);
        }
    }
    std::ranges::copy_if(options.environment, std::back_inserter(all),
                         [](const std::string& entry) { return entry.find('=') != entry.npos; });
    return all;
}

// ---- In the child, between fork and exec -------------------------------------------------------

/// Default for all signals, nothing blocked. What nohup(1) and shells had us ignore stays ignored:
/// a command in the background of a script is not to die of the terminal's Ctrl-C.
void reset_signals() {
    for (int number = 1; number < NSIG; ++number) {
        struct sigaction now {};
        if (::sigaction(number, nullptr, &now) != 0) {
            continue;
        }
        const bool keeps = now.sa_handler == SIG_IGN &&
                           (number == SIGHUP || number == SIGINT || number == SIGQUIT);
        if (!keeps) {
            struct sigaction plain {};
            plain.sa_handler = SIG_DFL;
            ::sigaction(number, &plain, nullptr);
        }
    }
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void redirect(int from, int to) {
    if (from >= 0) {
        ::dup2(from, to);
    }
}

}  // namespace

prepared_program::prepared_program(const spawn_options& options)
    : options_(options),
      environment_text_(environment_of(options)),
      kept_(inherited_descriptors()) {
    for (const std::string& argument : options.arguments) {
        arguments_.push_back(const_cast<char*>(argument.c_str()));  // NOLINT(*-const-cast)
    }
    arguments_.push_back(nullptr);
    for (std::string& entry : environment_text_) {
        environment_.push_back(entry.data());
    }
    environment_.push_back(nullptr);
    kept_.insert(kept_.end(), options.pass_on.begin(), options.pass_on.end());
    std::sort(kept_.begin(), kept_.end());
}

void prepared_program::hide_our_descriptors() const {
    unsigned next = 3;
    for (const int fd : kept_) {
        if (fd >= 3) {
            close_descriptors_on_exec(next, static_cast<unsigned>(fd) - 1);
            next = static_cast<unsigned>(fd) + 1;
        }
    }
    close_descriptors_on_exec(next, ~0U);
    for (const int fd : options_.pass_on) {
        ::fcntl(fd, F_SETFD, 0);
    }
}

void prepared_program::become(pid_t parent, int report) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(1);  // It died before the line above could take effect.
    }
    if (options_.own_group) {
        ::setpgid(0, 0);
    }
    if (options_.listener >= 0) {
        terminal_listener::join(options_.listener);
    }
    if (options_.terminal >= 0) {
        // We are in the background at this moment: without this, SIGTTOU would stop us.
        struct sigaction ignore {};
        ignore.sa_handler = SIG_IGN;
        ::sigaction(SIGTTOU, &ignore, nullptr);
        ::tcsetpgrp(options_.terminal, ::getpgrp());
    }
    redirect(options_.standard_input, STDIN_FILENO);
    redirect(options_.standard_output, STDOUT_FILENO);
    redirect(options_.standard_error, STDERR_FILENO);
    const int cause = replace_us();
    [[maybe_unused]] const auto told = ::write(report, &cause, sizeof cause);
    ::_exit(127);
}

int prepared_program::replace_us() const {
    hide_our_descriptors();
    reset_signals();
    // By the new PATH, not ours: `redlock local` sets one in which the command finds redlock.
    char** const before = environ;
    environ = const_cast<char**>(environment_.data());  // NOLINT(*-const-cast)
    ::execvp(arguments_.front(), arguments_.data());
    const int cause = errno;
    environ = before;  // We live on, and longer than the program's environment does.
    return cause;
}

spawn_error::spawn_error(int number, std::string_view what, exit_status status)
    : runtime_error(fmt::format("cannot {}: {}", what, std::strerror(number))), status_(status) {}

spawn_error spawn_error::cannot_execute(int number, std::string_view program) {
    return {number, fmt::format("execute {}", printable(program)),
            number == ENOENT ? exit_not_found : exit_cannot_execute};
}

void fill_standard_descriptors() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            // The lowest free number is this one, since those below it are open by now. For the
            // wrong direction: a token that nobody could read must not count as written.
            ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);  // NOLINT(*-vararg)
        }
    }
}

void remember_inherited_descriptors() {
    std::vector<int>& descriptors = inherited_descriptors();
    descriptors.clear();
    DIR* folder = ::opendir("/proc/self/fd");
    if (folder == nullptr) {
        return;
    }
    while (const dirent* entry = ::readdir(folder)) {  // NOLINT(concurrency-mt-unsafe)
        const int fd = std::atoi(entry->d_name);       // NOLINT(cert-err34-c): only digits and dots
        if (fd > 2 && fd != ::dirfd(folder)) {
            descriptors.push_back(fd);
        }
    }
    ::closedir(folder);
}

forked_process fork_process(bool own_group, const std::function<void(int)>& inside) {
    std::array<int, 2> report{};
    if (::pipe2(report.data(), O_CLOEXEC) != 0) {
        throw spawn_error(errno, "create a pipe");
    }
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t child = ::fork();
    if (child == 0) {
        inside(report[1]);
    }
    const int fork_error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::close(report[1]);
    if (child < 0) {
        ::close(report[0]);
        throw spawn_error(fork_error, "start a process");
    }
    if (own_group) {
        ::setpgid(child, child);  // Also here: whoever comes first, the group exists from now on.
    }
    int cause = 0;
    ssize_t got = 0;
    do {
        got = ::read(report[0], &cause, sizeof cause);
    } while (got < 0 && errno == EINTR);
    ::close(report[0]);
    return {child, got == sizeof cause ? cause : 0};
}

pid_t spawn(const spawn_options& options) {
    const prepared_program program{options};
    const auto [child, cause] =
        fork_process(options.own_group,
                     [&program, self = ::getpid()](int report) { program.become(self, report); });
    if (cause == 0) {
        return child;
    }
    wait_for_child(child);
    throw spawn_error::cannot_execute(cause, options.arguments.front());
}

std::optional<excess> excess_of(const spawn_options& options) {
    // As Linux counts: a string with its end, and for all together also the pointers to them.
    const auto most_each = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) * 32;
    constexpr std::size_t spare = 4096;  // For the program's own path, and what the kernel adds.
    const auto most = static_cast<std::size_t>(::sysconf(_SC_ARG_MAX)) - spare;
    const std::vector<std::string> environment = environment_of(options);
    std::size_t all = 0;
    for (const std::string& each : environment) {
        if (each.size() + 1 > most_each) {
            return excess{std::string{name_of(each)}, each.size() + 1, most_each};
        }
        all += each.size() + 1 + sizeof(char*);
    }
    for (const std::string& each : options.arguments) {
        all += each.size() + 1 + sizeof(char*);
    }
    return all > most ? std::optional{excess{{}, all, most}} : std::nullopt;
}

int wait_for_child(pid_t child) noexcept {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

std::string own_path() {
    std::error_code unknown;
    return std::filesystem::read_symlink("/proc/self/exe", unknown).string();
}

std::string own_folder() {
    const std::string path = own_path();
    return path.substr(0, path.rfind('/'));
}

}  // namespace redlock::cli
