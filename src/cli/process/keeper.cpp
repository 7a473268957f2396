// The keeper is forked, not executed. The command is forked by the keeper and tells through a pipe
// that it could not be executed; a successful exec closes the pipe.
#include "cli/process/keeper.hpp"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <new>
#include <utility>

#include "base/boot_timerfd.hpp"
#include "cli/process/process_tree.hpp"

namespace redlock::cli {

keeper::keeper(keeper_lines lines)
    : lines_(std::move(lines)),
      loss_timer_(base::new_boot_timer()),
      hold_timer_(base::new_boot_timer()) {
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
        throw spawn_error(cause, "watch a process");
    }
}

keeper::~keeper() {
    if (process_ > 0) {
        ::kill(process_, SIGKILL);
        wait_for_child(process_);
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
    base::set_boot_timer(loss_timer_, when);
}

void keeper::set_hold_deadline(std::optional<boot_clock::time_point> when) noexcept {
    base::set_boot_timer(hold_timer_, when.value_or(boot_clock::time_point::max()));
}

// The keeper must not run our handlers, and nothing but SIGKILL should end it: it keeps the mask
// that it was forked with. Its group is its own, since a signal to ours must not reach it.
pid_t keeper::start(const spawn_options& command) {
    const prepared_program program{command};
    keeper_task task{&program, board_, &lines_, theirs_, loss_timer_, hold_timer_, -1};
    const forked_process started = fork_process(true, [&task](int report) {
        task.report = report;
        keep(task);
    });
    process_ = started.number;
    started_ = look_at_process(process_).started;
    ::close(std::exchange(theirs_, -1));
    // First, since a command that gave up at once may be quicker than the keeper's note of it.
    if (started.cause != 0) {
        throw spawn_error::cannot_execute(started.cause, command.arguments.front());
    }
    if (board_->command == 0) {
        throw spawn_error(board_->fork_error, "start a process");
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
