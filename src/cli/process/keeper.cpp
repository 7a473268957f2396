// The keeper is forked, not executed. The command is forked by the keeper and tells through a pipe
// that it could not be executed; a successful exec closes the pipe.
#include "cli/process/keeper.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <utility>

#include "cli/base/escape.hpp"
#include "cli/process/boot_timer.hpp"
#include "cli/process/process_tree.hpp"

namespace redlock::cli {

namespace {

[[noreturn]] void fail(int cause, const char* what) {
    throw spawn_error(cause, false, fmt::format("cannot {}: {}", what, std::strerror(cause)));
}

int new_timer() {
    return ::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
}

/// What the command wrote before it gave up: an errno; 0 once it runs.
int read_report(int pipe) {
    int cause = 0;
    ssize_t got = 0;
    do {
        got = ::read(pipe, &cause, sizeof cause);
    } while (got < 0 && errno == EINTR);
    return got == sizeof cause ? cause : 0;
}

}  // namespace

keeper::keeper(keeper_lines lines)
    : lines_(std::move(lines)), loss_timer_(new_timer()), hold_timer_(new_timer()) {
    void* page = ::mmap(nullptr, sizeof(keeper_board), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int cause = errno;
    std::array<int, 2> ends{-1, -1};
    if (page != MAP_FAILED) {
        board_ = new (page) keeper_board;
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            cause = errno;
        }
        ours_ = ends[0];
        theirs_ = ends[1];
    }
    if (ours_ < 0 || loss_timer_ < 0 || hold_timer_ < 0) {
        close_all();
        fail(cause, "watch a process");
    }
}

keeper::~keeper() {
    if (process_ > 0) {
        ::kill(process_, SIGKILL);
        while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    close_all();
}

void keeper::close_all() noexcept {
    for (const int fd : {loss_timer_, hold_timer_, ours_, theirs_}) {
        if (fd >= 0) {
            ::close(fd);
        }
    }
    if (board_ != nullptr) {
        ::munmap(board_, sizeof(keeper_board));
    }
}

void keeper::set_deadline(boot_clock::time_point when) noexcept {
    arm_boot_timer(loss_timer_, when);
}

void keeper::set_hold_deadline(std::optional<boot_clock::time_point> when) noexcept {
    if (when) {
        arm_boot_timer(hold_timer_, *when);
    } else {
        const itimerspec never{};
        ::timerfd_settime(hold_timer_, 0, &never, nullptr);
    }
}

pid_t keeper::start(const spawn_options& command) {
    std::array<int, 2> report{};
    if (::pipe2(report.data(), O_CLOEXEC) != 0) {
        fail(errno, "create a pipe");
    }
    const prepared_program program{command};
    const keeper_task task{&program, board_, &lines_, theirs_, loss_timer_, hold_timer_, report[1]};
    // The keeper must not run our handlers, and nothing but SIGKILL should end it.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    process_ = ::fork();
    if (process_ == 0) {
        keep(task);
    }
    const int fork_error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::close(report[1]);
    ::close(std::exchange(theirs_, -1));
    if (process_ < 0) {
        ::close(report[0]);
        fail(fork_error, "start a process");
    }
    ::setpgid(process_, process_);  // Also here: a signal to our group must not reach the keeper.
    started_ = look_at_process(process_).started;
    const int cause = read_report(report[0]);
    ::close(report[0]);
    // First, since a command that gave up at once may be quicker than the keeper's note of it.
    if (cause != 0) {
        throw spawn_error(cause, true,
                          fmt::format("cannot execute {}: {}", printable(command.arguments.front()),
                                      std::strerror(cause)));
    }
    if (board_->command == 0) {
        fail(board_->fork_error, "start a process");
    }
    return board_->command;
}

bool keeper::is_alive() const noexcept {
    std::array<char, 256> bytes{};
    for (;;) {
        const ssize_t got = ::recv(ours_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (got <= 0) {
            return got < 0 && (errno == EAGAIN || errno == EINTR);
        }
    }
}

void keeper::allow_reaping() noexcept {
    board_->may_reap = true;
    ::send(ours_, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace redlock::cli
