// The keeper is the parent of the command and a child subreaper: whatever the command started is
// below it, however it left its group, its session or its parent. So "all has ended" is the word of
// the kernel (ECHILD), and /proc is only needed to find who has to be killed. A killed parent hands
// its children up to the keeper, and a new look finds whoever was forked meanwhile.
#include "cli/process/keeper_process.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <string_view>

#include "cli/base/exit_status.hpp"
#include "cli/base/message.hpp"
#include "cli/process/descriptors.hpp"
#include "cli/process/process_tree.hpp"

namespace redlock::cli {

namespace {

void close_all_but(std::array<int, 4> kept) {
    std::sort(kept.begin(), kept.end());
    unsigned next = 0;
    for (const int each : kept) {
        const auto fd = static_cast<unsigned>(each);
        if (fd > next) {
            close_descriptors(next, fd - 1);
        }
        next = fd + 1;
    }
    close_descriptors(next, ~0U);
}

/// A line that was made before we were forked. It gets the present time, if it has one.
void tell(std::string_view line) {
    const std::size_t at = std::min(place_of_time(line), line.size());
    utc_text now = utc_time(std::chrono::system_clock::now());
    const std::string_view rest = line.substr(std::min(at + now.size(), line.size()));
    const auto part = [](std::string_view text) {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): writev reads only.
        return iovec{const_cast<char*>(text.data()), text.size()};
    };
    const bool has_time = at < line.size();
    const std::array<iovec, 3> parts{part(line.substr(0, at)),
                                     iovec{now.data(), has_time ? now.size() : 0}, part(rest)};
    [[maybe_unused]] const auto told =
        ::writev(STDERR_FILENO, parts.data(), static_cast<int>(parts.size()));
}

/// A line that is put together without memory of its own.
class short_line {
  public:
    void add(std::string_view text) {
        const auto room = std::min(text.size(), buffer_.size() - used_);
        std::copy_n(text.begin(), room, buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
        used_ += room;
    }
    void add(pid_t number) {
        std::array<char, 12> digits{};
        const char* const end = std::to_chars(digits.begin(), digits.end(), number).ptr;
        add(std::string_view{digits.data(), static_cast<std::size_t>(end - digits.data())});
    }
    [[nodiscard]] std::string_view text() const { return {buffer_.data(), used_}; }

  private:
    std::array<char, 512> buffer_{};
    std::size_t used_ = 0;
};

class keeper_process {
  public:
    explicit keeper_process(const keeper_task& task) : task_(task), board_(*task.board) {}
    [[noreturn]] void run();

  private:
    void start_command();
    void look_at_channel();
    void look_at_children();
    void on_command_ended(const siginfo_t& info);
    void end_for(stop_cause cause, const std::string& line);
    void begin_killing();
    void kill_pass();
    void tell_refused(const seen_process& process);
    void nudge() const { ::send(task_.channel, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL); }

    /// How many looks in vain, a few milliseconds apart, until children that /proc does not show
    /// are given up.
    static constexpr int most_empty_looks = 200;

    const keeper_task& task_;
    keeper_board& board_;
    pid_t command_ = 0;  ///< 0 when it was reaped: the number may be a stranger's by then.
    bool orphaned_ = false;
    bool killing_ = false;
    bool only_refused_left_ = false;
    int empty_looks_ = 0;
    std::array<pid_t, 64> refused_{};
    std::size_t refused_count_ = 0;
};

bool expired(int timer) {
    std::uint64_t expirations = 0;
    // Nothing to read means that the deadline was moved since poll saw it.
    return ::read(timer, &expirations, sizeof expirations) > 0;
}

/// Not on the stack, which may be small.
process_tree& tree() {
    static process_tree the_tree;
    return the_tree;
}

void keeper_process::start_command() {
    const pid_t self = ::getpid();
    command_ = ::fork();
    if (command_ == 0) {
        task_.program->become(self, task_.report);
    }
    if (command_ < 0) {
        board_.fork_error = errno;
        ::_exit(1);
    }
    ::setpgid(command_, command_);  // Also here: the group exists from now on.
    board_.command = command_;
}

void keeper_process::run() {
    // A group of our own, so that no signal of the terminal or of a shell reaches us; but not a
    // session of our own: the command's group would be an orphan and Ctrl-Z would not stop it.
    ::setpgid(0, 0);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ::prctl(PR_SET_NAME, "redlock-keeper");
    start_command();
    close_all_but({STDERR_FILENO, task_.channel, task_.loss_timer, task_.hold_timer});
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    const int ended = ::signalfd(-1, &children, SFD_NONBLOCK);
    for (;;) {
        std::array<pollfd, 4> wanted{{{task_.channel, POLLIN, 0},
                                      {task_.loss_timer, POLLIN, 0},
                                      {task_.hold_timer, POLLIN, 0},
                                      {ended, POLLIN, 0}}};
        ::poll(wanted.data(), orphaned_ ? 0 : wanted.size(),
               !killing_            ? -1
               : only_refused_left_ ? 1000
                                    : 5);
        if (wanted[0].revents != 0) {
            look_at_channel();
        }
        if (wanted[1].revents != 0 && expired(task_.loss_timer)) {
            end_for(stop_cause::loss, task_.lines->lost);
        }
        if (wanted[2].revents != 0 && expired(task_.hold_timer)) {
            end_for(stop_cause::overrun, task_.lines->overrun);
        }
        signalfd_siginfo which{};
        while (::read(ended, &which, sizeof which) > 0) {
        }
        look_at_children();
        if (killing_) {
            kill_pass();
        }
    }
}

void keeper_process::look_at_channel() {
    std::array<char, 64> bytes{};
    const ssize_t got = ::recv(task_.channel, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got > 0 || (got < 0 && errno == EAGAIN)) {
        return;
    }
    orphaned_ = true;
    if (!board_.alone) {
        tell(task_.lines->orphaned);
        begin_killing();
    }
}

void keeper_process::look_at_children() {
    siginfo_t info{};
    if (command_ > 0 && board_.status == keeper_board::running &&
        ::waitid(P_PID, static_cast<id_t>(command_), &info, WSTOPPED | WNOHANG) == 0 &&
        info.si_pid == command_) {
        board_.stopped_by = info.si_status;
        nudge();
    }
    for (;;) {
        info = {};
        if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
            if (orphaned_) {
                ::_exit(0);
            }
            killing_ = false;
            if (!board_.alone.exchange(true)) {
                nudge();
            }
            return;
        }
        if (info.si_pid == 0) {
            return;
        }
        if (info.si_pid == command_) {
            on_command_ended(info);
            if (!orphaned_ && !board_.may_reap) {
                return;  // Its number is the group's, and redlock may still send signals there.
            }
            command_ = 0;
        }
        ::waitpid(info.si_pid, nullptr, 0);
    }
}

void keeper_process::on_command_ended(const siginfo_t& info) {
    if (board_.status == keeper_board::running) {
        board_.status =
            info.si_code == CLD_EXITED ? info.si_status : exit_signal_base + info.si_status;
        nudge();
    }
}

void keeper_process::end_for(stop_cause cause, const std::string& line) {
    if (board_.alone) {
        return;
    }
    if (board_.claims.first(cause)) {
        tell(line);
    }
    begin_killing();
}

void keeper_process::begin_killing() {
    killing_ = true;
    only_refused_left_ = false;
    if (command_ > 0) {
        ::kill(-command_, SIGKILL);  // The whole group at one instant; the rest one by one.
    }
}

void keeper_process::kill_pass() {
    tree().look(::getpid());
    bool any = false;
    bool living = false;
    bool refused = false;
    for (const seen_process& each : tree().below()) {
        const delivery result = send_signal(each, SIGKILL);
        if (each.state == 'Z') {
            continue;
        }
        any = true;
        if (result == delivery::refused) {
            refused = true;
            tell_refused(each);
        } else {
            living = true;
        }
    }
    only_refused_left_ = refused && !living;
    empty_looks_ = any ? 0 : empty_looks_ + 1;
    if (orphaned_ && (only_refused_left_ || empty_looks_ > most_empty_looks)) {
        ::_exit(0);
    }
}

void keeper_process::tell_refused(const seen_process& process) {
    const auto end = refused_.begin() + static_cast<std::ptrdiff_t>(refused_count_);
    if (task_.lines->refused_before.empty() || refused_count_ == refused_.size() ||
        std::find(refused_.begin(), end, process.number) != end) {
        return;
    }
    refused_[refused_count_++] = process.number;
    std::array<char, 16> name = process.name;
    std::replace_if(
        name.begin(), name.end(),
        // The quote and the backslash, too: the line may be JSON.
        [](char each) {
            return each != 0 && (each < 32 || each > 126 || each == '"' || each == '\\');
        },
        '?');
    short_line line;
    line.add(task_.lines->refused_before);
    line.add(process.number);
    line.add(" (");
    line.add(std::string_view{name.data()});
    line.add(")");
    line.add(task_.lines->refused_behind);
    tell(line.text());
}

}  // namespace

void keep(const keeper_task& task) {
    keeper_process{task}.run();
}

}  // namespace redlock::cli
