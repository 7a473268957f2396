// The keeper knows better than we do what is left, and reaps it. Killing we do ourselves all the
// same, so that a keeper that is stopped does not keep a command alive.
#include "cli/process/kept_command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string_view>
#include <utility>

#include "cli/base/console.hpp"
#include "cli/base/escape.hpp"

namespace redlock::cli {

namespace {

/// A process that has just lost its parent may be missed by one look.
constexpr int a_few_looks = 3;
/// While the keeper knows of processes that /proc does not show.
constexpr int many_looks = 200;

}  // namespace

kept_command::kept_command(boost::asio::io_context& loop, keeper_lines lines,
                           std::function<void()> on_change)
    : on_change_(std::move(on_change)),
      keeper_(std::move(lines)),
      channel_(loop, ::fcntl(keeper_.channel(), F_DUPFD_CLOEXEC, 0)),
      again_(loop) {
    // If the keeper is killed, what it looked after comes to us and not to init.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void kept_command::start(const std::vector<std::string>& command,
                         std::vector<std::string> environment) {
    job_.start(command, std::move(environment),
               [this](const spawn_options& options) { return keeper_.start(options); });
    wait_for_news();
}

void kept_command::wait_for_news() {
    channel_.async_wait(
        boost::asio::posix::stream_descriptor::wait_read,
        [this, lives = std::weak_ptr{lives_}](const boost::system::error_code& error) {
            if (!error && !lives.expired()) {
                on_news();
            }
        });
}

void kept_command::on_news() {
    if (keeper_.is_alive()) {
        wait_for_news();
        look_for_stop();
    } else {
        orphaned_ = true;
        job_.end();
    }
    on_change_();
}

void kept_command::look_for_stop() {
    auto& board = keeper_.board();
    const int number = board.stopped_by.exchange(0);
    // It may have been continued meanwhile; then there is nothing that a shell should see.
    if (!is_terminal_stop(number) || look_at_process(board.command).state != 'T') {
        return;
    }
    job_.stop_with_group(number);
    board.stopped_by = 0;
}

void kept_command::stop() {
    job_.signal(SIGTSTP);
    job_.stop_with_group(SIGTSTP);
    // If the group's stop is reported only now, it is the one that we have just answered.
    keeper_.board().stopped_by = 0;
}

std::optional<int> kept_command::status() {
    const int known = keeper_.board().status;
    if (known == keeper_board::running) {
        return std::nullopt;
    }
    if (!std::exchange(ended_, true)) {
        job_.end();
        keeper_.allow_reaping();
    }
    return known;
}

bool kept_command::is_gone() {
    return nothing_left_ || (!orphaned_ && keeper_.board().alone);
}

bool kept_command::look() {
    return orphaned_ ? tree_.look(::getpid(), keeper_.started()) : tree_.look(keeper_.process());
}

bool kept_command::has_living() {
    for (int i = 0; i < a_few_looks; ++i) {
        const bool readable = look();
        const bool living = std::ranges::any_of(tree_.below(), [this](const seen_process& each) {
            return each.number != keeper_.process() && each.state != 'Z';
        });
        if (living || !readable) {
            return true;
        }
    }
    return false;
}

void kept_command::signal_all(int number) {
    const bool readable = look();
    std::size_t living = 0;
    std::size_t refusing = 0;
    for (const seen_process& each : tree_.below()) {
        if (each.number == keeper_.process()) {
            continue;
        }
        const delivery result = send_signal(each, number);
        if (each.state == 'Z') {
            continue;
        }
        if (result != delivery::refused) {
            ++living;
            continue;
        }
        ++refusing;
        if (refused_.insert(each.number).second) {
            say_signal_refused(number, fmt::format("process {} ({})", each.number,
                                                   printable(std::string_view{each.name.data()})));
        }
    }
    empty_looks_ = living == 0 ? empty_looks_ + 1 : 0;
    enough_looks_ = orphaned_ || refusing > 0 || !readable ? a_few_looks : many_looks;
}

void kept_command::terminate() {
    ::kill(keeper_.process(), SIGCONT);
    signal_all(SIGTERM);
    signal_all(SIGCONT);
    refused_.clear();  // That SIGKILL is refused too is worth another line: it is the last attempt.
}

void kept_command::kill() {
    ::kill(keeper_.process(), SIGCONT);
    if (keeper_.board().status == keeper_board::running && job_.group() > 1) {
        ::kill(-job_.group(), SIGKILL);  // The group at one instant; the rest one by one.
    }
    empty_looks_ = 0;
    nothing_left_ = false;
    kill_pass();
}

void kept_command::kill_pass() {
    signal_all(SIGKILL);
    nothing_left_ = empty_looks_ >= enough_looks_;
    // What may not be signalled can be waited for only as long as the command itself is among it.
    if (is_gone() && (orphaned_ || keeper_.board().status != keeper_board::running)) {
        on_change_();
        return;
    }
    again_.set(boot_clock::now() + std::chrono::milliseconds{nothing_left_ ? 200 : 5},
               [this, lives = std::weak_ptr{lives_}] {
                   if (!lives.expired()) {
                       kill_pass();
                   }
               });
}

void reap_strangers(pid_t keeper) {
    for (;;) {
        siginfo_t info{};
        if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0 ||
            info.si_pid == keeper) {
            return;
        }
        ::waitpid(info.si_pid, nullptr, 0);
    }
}

}  // namespace redlock::cli
