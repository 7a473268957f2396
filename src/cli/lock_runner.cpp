// Races worth knowing. A signal may come between winning the lock and starting the command: it is
// looked for after each wait. The command may end before its loss is told: validity is asked at its
// end, and the release's answer counts too, so that a lost lock never looks like success.
#include "cli/lock_runner.hpp"
#include "cli/awaited.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <cerrno>
#include <csignal>
#include <exception>
#include <filesystem>
#include <system_error>
#include <utility>

#include "cli/duration.hpp"
#include "cli/escape.hpp"
#include "cli/exit_status.hpp"
#include "cli/report.hpp"
#include "cli/spawn.hpp"

namespace redlock::cli {

namespace {

namespace asio = boost::asio;
/// As the library's own default: the margin is needed here too, for the time SIGKILL is sent.
std::chrono::nanoseconds margin_of(const run_options& options,
                                   std::chrono::nanoseconds lease_time) {
    constexpr std::chrono::nanoseconds most = std::chrono::milliseconds{500};
    if (options.stop_margin) {
        return *options.stop_margin;
    }
    const auto configured = options.common.configured().stop_margin;
    return configured ? *configured : std::min(lease_time / 10, most);
}

std::string joined(const std::vector<std::string>& urls) {
    return fmt::format("{}", fmt::join(urls, ","));
}

}  // namespace

int hold_and_run(const run_options& options) {
    return lock_runner{options}.run();
}

lock_runner::lock_runner(const run_options& options)
    : options_(options),
      lease_time_(options.common.lease_time(options.lease_time)),
      margin_(margin_of(options, lease_time_)),
      slice_(margin_ / 3),
      urls_(options.common.node_urls()),
      locks_(loop_.get_executor(), node_list{urls_}, options.common.manager()),
      signals_(
          loop_, [this](int number) { on_signal(number); }, job_control::ours),
      ended_(loop_, asio::steady_timer::time_point::max()),
      validity_(loop_),
      kill_(loop_),
      hold_(loop_) {}

int lock_runner::run() {
    int status = exit_internal;
    std::exception_ptr failure;
    asio::co_spawn(loop_, work(), [&](const std::exception_ptr& thrown, int result) {
        failure = thrown;
        status = result;
        locks_.async_close([this](const error_code&) { signals_.stop(); });
    });
    loop_.run();
    if (failure) {
        std::rethrow_exception(failure);
    }
    return status;
}

asio::awaitable<int> lock_runner::work() {
    if (const auto failed = co_await acquire()) {
        co_return *failed;
    }
    if (const auto failed = start_command()) {
        co_await release();
        co_return *failed;
    }
    if (!child_status_) {
        co_await ended_.async_wait(awaited);
    }
    if (!lost_ && !held_.valid()) {
        say(fmt::format("{}: the lock was lost before the command ended", name()));
        lost_ = true;
    }
    validity_.cancel();
    kill_.cancel();
    hold_.cancel();
    if (lost_ || overrun_) {
        child_->kill_rest();
    }
    keeper_.reset();  // Before the group's number can be anybody else's.
    child_->reap();
    co_await release();
    co_return lost_ ? exit_lost : overrun_ ? exit_max_hold : *child_status_;
}

asio::awaitable<std::optional<int>> lock_runner::acquire() {
    diagnostics details;
    const std::string told = label();
    acquire_options with = options_.wait.acquire(options_.common.configured());
    with.lease_time = lease_time_;
    with.renew = true;
    with.label = told;
    with.stop_margin = std::chrono::duration_cast<std::chrono::milliseconds>(margin_);
    with.details = &details;
    auto [error, won] = co_await locks_.async_acquire(
        options_.resource, std::move(with), asio::bind_cancellation_slot(cancel_.slot(), awaited));
    held_ = std::move(won);
    if (interrupted_by_ != 0) {
        if (!error) {
            co_await release();
        }
        co_return exit_signal_base + interrupted_by_;
    }
    if (error) {
        co_return say_error(name(), error, details, options_.wait.conflict_status);
    }
    co_return std::nullopt;
}

std::optional<int> lock_runner::start_command() {
    try {
        keeper_.emplace();
        // Armed before there is anything to kill: we may be stopped at any instruction.
        watch_validity();
        if (lost_) {
            keeper_.reset();
            return exit_lost;
        }
        child_.emplace(options_.command, environment(), keeper_->announcements());
    } catch (const spawn_error& error) {
        // Or the loop would go on until the lease ends, to find nobody there to stop.
        validity_.cancel();
        keeper_.reset();
        say(error.what());
        return !error.is_the_programs()   ? exit_internal
               : error.number() == ENOENT ? exit_not_found
                                          : exit_cannot_execute;
    }
    if (options_.max_hold) {
        hold_.set(boot_clock::now() + *options_.max_hold, [this] { on_overrun(); });
    }
    held_.async_wait_lost([this](const error_code& error) {
        if (error == errc::lost) {
            on_lost(printable(held_.last_error().to_string()));
        }
    });
    on_child_change();  // It may have ended already.
    return std::nullopt;
}

asio::awaitable<void> lock_runner::release() {
    auto [error] = co_await held_.async_release(awaited);
    if (error == errc::lost) {
        if (!lost_) {
            say(fmt::format("{}: the lock was gone before it was released", name()));
        }
        lost_ = true;
    } else if (error) {
        say(fmt::format("{}: not sure that it was released, its lease ends by itself: {}", name(),
                        error.message()));
    }
}

void lock_runner::on_signal(int number) {
    if (number == SIGCHLD) {
        on_child_change();
    } else if (child_status_) {
        return;  // Only the release is left, which is bounded.
    } else if (child_) {
        if (number == SIGTSTP) {
            child_->stop();
        } else if (number == SIGCONT) {
            // We may have slept for long. What was stopped must not go on under a lock that ended.
            if (!held_.valid()) {
                on_lost("its validity ended while redlock was stopped");
            }
            child_->resume();
        } else {
            child_->signal(number);
        }
    } else if (is_ending_signal(number) && interrupted_by_ == 0) {
        interrupted_by_ = number;
        cancel_.emit(asio::cancellation_type::terminal);
    } else if (number == SIGTSTP) {
        ::raise(SIGSTOP);
    }
}

void lock_runner::on_child_change() {
    if (child_ && !child_status_) {
        child_status_ = child_->check();
        if (child_status_) {
            ended_.cancel();
        }
    }
}

/// Independent of the library's own announcement, and right even after the machine was suspended.
void lock_runner::watch_validity() {
    const auto until = held_.valid_until();
    if (options_.reaction != on_lost::warn) {
        keeper_->set_deadline(until - slice_ * 3 / 4);
    }
    const auto check_at = until - margin_;
    if (boot_clock::now() >= check_at) {
        on_lost("its lease could not be renewed in time");
        return;
    }
    validity_.set(check_at, [this] { watch_validity(); });
}

void lock_runner::on_lost(const std::string& reason) {
    if (lost_ || child_status_) {
        return;
    }
    lost_ = true;
    validity_.cancel();
    say(fmt::format("{}: the lock is lost: {}", name(), reason));
    if (!child_ || options_.reaction == on_lost::warn) {
        return;
    }
    const auto now = boot_clock::now();
    const auto end = held_.valid_until() - slice_;
    stop_command(options_.reaction == on_lost::kill ? now : std::min(now + margin_, end));
}

void lock_runner::on_overrun() {
    if (child_status_ || lost_) {
        return;
    }
    overrun_ = true;
    say(fmt::format("{}: the command runs for longer than {}", name(),
                    format_duration(*options_.max_hold)));
    stop_command(boot_clock::now() + margin_);
}

void lock_runner::stop_command(boot_clock::time_point kill_at) {
    if (boot_clock::now() >= kill_at) {
        child_->signal(SIGKILL);  // At once, and without SIGCONT: it must not run another line.
        return;
    }
    if (!kill_at_) {
        child_->signal(SIGTERM);
        child_->signal(SIGCONT);
    }
    kill_at_ = kill_at_ ? std::min(*kill_at_, kill_at) : kill_at;
    kill_.set(*kill_at_, [this] { child_->signal(SIGKILL); });
}

std::vector<std::string> lock_runner::environment() const {
    std::vector<std::string> given{
        "REDLOCK_RESOURCE=" + options_.resource, "REDLOCK_TOKEN=" + held_.token().str(),
        fmt::format("REDLOCK_FENCING_TOKEN={}", held_.fencing_token().value()),
        "REDLOCK_NODES=" + joined(urls_)};
    // Nodes refuse clients with other settings, and a redlock below us is a client of the same.
    if (const std::string file = options_.common.configuration_file(); !file.empty()) {
        std::error_code none;
        const auto from_anywhere = std::filesystem::absolute(file, none);
        given.push_back("REDLOCK_CONFIG=" + (none ? file : from_anywhere.string()));
    }
    return given;
}

std::string lock_runner::label() const {
    const std::string_view given = options_.wait.acquire(options_.common.configured()).label;
    if (!given.empty()) {
        return std::string{given};
    }
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    const std::string& program = options_.command.front();
    return fmt::format("{}:{} {}", host.data(), ::getpid(),
                       program.substr(program.rfind('/') + 1).substr(0, 200));
}

std::string lock_runner::name() const {
    return printable(options_.resource);
}

}  // namespace redlock::cli
