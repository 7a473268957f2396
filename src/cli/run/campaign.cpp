// `redlock run --forever`: one hold of the lock after the other, with pauses in which others may
// have it. The members of `lock_runner` that only a leader needs.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/steady_timer.hpp>

#include "cli/base/escape.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/commands/awaited.hpp"
#include "cli/process/signals.hpp"
#include "cli/run/campaign_plan.hpp"
#include "cli/run/lock_runner.hpp"

namespace redlock::cli {

surroundings lock_runner::what_surrounds_us() {
    const auto is_terminal = [](int fd) { return ::isatty(fd) == 1; };
    const std::array<int, 3> ours{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    return std::ranges::any_of(ours, is_terminal) ? surroundings::terminal : surroundings::service;
}

bool lock_runner::ends_wait(int signal) const noexcept {
    return options_.forever ? ends_campaign(signal, surroundings_) : is_ending_signal(signal);
}

boost::asio::awaitable<int> lock_runner::campaign() {
    campaign_pause pauses;
    for (;;) {
        const int status = co_await work();
        // A command that never ran says that something is wrong here, unless the lock was lost.
        const bool is_over = ran_ ? interrupted_by_ != 0 || lost_keeper_ ||
                                        is_ended_from_terminal(*command_status_, surroundings_)
                                  : !notices_.is_lost();
        if (is_over) {
            co_return status;
        }
        const auto ran = ran_.value_or(std::chrono::nanoseconds{0});
        const auto pause = pauses.after(ran);
        if (ran_) {
            notices_.runs_again(*command_status_, ran, pause);
        }
        forget_term();
        if (interrupted_by_ == 0) {
            boost::asio::steady_timer timer{loop_, pause};
            co_await timer.async_wait(boost::asio::bind_cancellation_slot(cancel_.slot(), awaited));
        }
        if (interrupted_by_ != 0) {
            co_return exit_signal_base + interrupted_by_;
        }
    }
}

void lock_runner::forget_term() {
    notices_.begin_anew();
    held_ = {};
    command_status_.reset();
    kill_at_.reset();
    ran_.reset();
    finished_ = false;
}

void lock_runner::proclaim() {
    if (options_.proclaimed.empty()) {
        return;
    }
    held_.async_proclaim(options_.proclaimed, [this, its = held_.token()](const error_code& error) {
        // A loss, or the end of the command, is told by itself.
        if (error && error != errc::lost && !command_status_ && held_.token() == its) {
            notices_.not_proclaimed(printable(held_.last_error().to_string()));
        }
    });
}

}  // namespace redlock::cli
