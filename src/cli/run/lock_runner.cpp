// Races worth knowing. A signal may come between winning the lock and starting the command: it is
// looked for after each wait. The command may end before its loss is told: validity is asked at its
// end, and the release's answer counts too, so that a lost lock never looks like success.
#include "cli/run/lock_runner.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <exception>
#include <functional>
#include <utility>

#include "cli/base/console.hpp"
#include "cli/base/escape.hpp"
#include "cli/base/events.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/commands/acquiring.hpp"
#include "cli/commands/awaited.hpp"
#include "cli/commands/outer_lock.hpp"
#include "cli/commands/refusal.hpp"
#include "cli/commands/stuck_permits.hpp"
#include "cli/process/spawn.hpp"

namespace redlock::cli {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

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

lock_shape shape_of(const run_options& options) {
    return options.shape.chosen("run", options.wait.shared);
}

awaited_lock awaited_of(const run_options& options) {
    return {.title = options.shape.title(options.resource),
            .names = options.shape.names(options.resource),
            .permits = options.shape.permits};
}

/// Looks at each event at once, apart from what the settings' own observer does.
class listening_observer final : public observer {
  public:
    using listener = std::function<void(const event&)>;

    listening_observer(std::shared_ptr<observer> inner, listener listens)
        : inner_(std::move(inner)), listens_(std::move(listens)) {}
    void on_event(const event& what) noexcept override {
        listens_(what);
        if (inner_) {
            inner_->on_event(what);
        }
    }

  private:
    std::shared_ptr<observer> inner_;
    listener listens_;
};

}  // namespace

lock_runner::lock_runner(const run_options& options)
    : options_(options),
      lease_time_(options.common.lease_time(options.lease_time)),
      margin_(margin_of(options, lease_time_)),
      plan_(options.reaction, margin_),
      notices_(options.shape.title(options.resource), options.max_hold,
               [](const message& what) { say(what); }),
      locks_(loop_.get_executor(), node_list{options.common.node_urls()}, manager_settings()),
      signals_(
          loop_, [this](int number) { on_signal(number); }, job_control::ours),
      changed_(loop_, asio::steady_timer::time_point::max()),
      validity_(loop_),
      kill_(loop_),
      hold_(loop_) {
    // A child of the shell that became us, which ended before we listened, tells nobody.
    reap_strangers(-1);
}

int lock_runner::run() {
    int status = exit_internal;
    std::exception_ptr failure;
    asio::co_spawn(loop_, options_.forever ? campaign() : work(),
                   [&](const std::exception_ptr& thrown, int result) {
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
    const auto begun = boot_clock::now();
    while (!command_status_) {
        co_await changed_.async_wait(awaited);
    }
    ran_ = boot_clock::now() - begun;
    if (!held_.valid()) {
        notices_.lost_before_the_end();
    }
    hold_.cancel();
    kill_.cancel();
    command_->watcher().set_hold_deadline(std::nullopt);
    co_await end_background();
    finished_ = true;
    validity_.cancel();
    kill_.cancel();
    const int status = notices_.status(*command_status_);
    lost_keeper_ = command_->lost_its_keeper();
    forget_command();
    co_await release();
    co_return notices_.status(status);
}

asio::awaitable<void> lock_runner::end_background() {
    if (notices_.status(exit_ok) != exit_ok || command_->lost_its_keeper()) {
        command_->kill();
    } else if (options_.rest == background::keep) {
        co_return;
    } else {
        // A tee or a logger at the end of a pipe only needs a moment to write what it was given,
        // and the keeper one to see that nothing is left.
        kill_.set(boot_clock::now() + std::max<std::chrono::nanoseconds>(margin_, 100ms),
                  [this] { terminate_background(); });
    }
    while (!command_->is_gone()) {
        co_await changed_.async_wait(awaited);
    }
}

void lock_runner::terminate_background() {
    if (finished_) {
        return;
    }
    // A signal, or a busy machine, may come between the command's end and the keeper's look at it.
    if (command_->has_living()) {
        notices_.background_is_ended();
    }
    stop_command(boot_clock::now() + margin_);
}

asio::awaitable<std::optional<int>> lock_runner::acquire() {
    diagnostics details;
    acquire_options wanted = options_.wait.acquire(options_.common.configured());
    const std::string label = usual_label(options_.command.front());
    wanted.lease_time = lease_time_;
    wanted.renew = true;
    if (wanted.label.empty()) {
        wanted.label = label;
    }
    wanted.stop_margin = std::chrono::duration_cast<std::chrono::milliseconds>(margin_);
    wanted.details = &details;
    const bool tells = !options_.common.quiet && !options_.wait.contention_is_usual();
    waiting_ = std::make_shared<wait_reporter>(
        loop_, locks_, awaited_of(options_),
        how_to_report(tells, options_.common.verbose, ::isatty(STDERR_FILENO) == 1),
        options_.common.manager().quorum_timeout);
    waiting_->start();
    auto acquiring = begin_acquire(locks_, options_.resource, options_.shape, shape_of(options_),
                                   wanted, asio::bind_cancellation_slot(cancel_.slot(), awaited));
    auto [error, won] = co_await std::move(acquiring);
    held_ = std::move(won);
    std::exchange(waiting_, nullptr)->stop();
    if (interrupted_by_ != 0) {
        if (!error) {
            co_await release();
        }
        co_return exit_signal_base + interrupted_by_;
    }
    if (error) {
        const auto stuck = co_await stuck_permits(locks_, options_.resource, options_.shape, error);
        co_return interrupted_by_ != 0 ? exit_signal_base + interrupted_by_
                                       : say_refusal(options_.shape.title(options_.resource), error,
                                                     details, options_.wait, stuck);
    }
    co_return std::nullopt;
}

std::optional<int> lock_runner::start_command() {
    try {
        command_.emplace(loop_, notices_.for_keeper(), [this] { on_command_change(); });
        notices_.share_with(command_->watcher().board().claims);
        // Armed before there is anything to kill: we may be stopped at any instruction.
        const auto hold_end = boot_clock::now() + options_.max_hold.value_or(0ns);
        if (options_.max_hold) {
            command_->watcher().set_hold_deadline(plan_.keeper_kills_overrun_at(hold_end));
        }
        watch_validity();
        if (notices_.is_lost()) {
            forget_command();
            return exit_lost;
        }
        if (options_.forever) {
            command_->listen_to_terminal();
        }
        command_->start(options_.command, context().variables());
        if (options_.max_hold) {
            hold_.set(hold_end, [this] { on_overrun(); });
        }
    } catch (const spawn_error& error) {
        // Or the loop would go on until the lease ends, to find nobody there to stop.
        validity_.cancel();
        forget_command();
        say({.event = events::cannot_execute,
             .text = error.what(),
             .resource = options_.shape.title(options_.resource)});
        return error.status();
    }
    held_.async_wait_lost([this](const error_code& error) {
        if (error == errc::lost) {
            on_lost(printable(held_.last_error().to_string()));
        }
    });
    proclaim();
    return std::nullopt;
}

asio::awaitable<void> lock_runner::release() {
    auto [error] = co_await held_.async_release(awaited);
    if (error == errc::lost) {
        notices_.gone_before_the_release();
    } else if (error) {
        const std::string why = printable(held_.last_error().to_string());
        notices_.perhaps_not_released(why.empty() ? error.message() : why);
    }
}

void lock_runner::on_signal(int number) {
    if (options_.forever && (command_ || command_status_) && ends_wait(number)) {
        interrupted_by_ = number;  // This term is the last. Its command ends as it likes.
    }
    if (number == SIGCHLD) {
        reap_strangers(command_ ? command_->watcher().process() : -1);
    } else if (command_status_) {
        // Only the end of what is left, and the release, both of which are bounded.
        if (command_ && !finished_ && is_ending_signal(number) && !kill_at_ &&
            !notices_.is_lost()) {
            terminate_background();
        }
    } else if (command_) {
        if (number == SIGTSTP) {
            command_->stop();
        } else if (number == SIGCONT) {
            // We may have slept for long. What was stopped must not go on under a lock that ended.
            if (!held_.valid()) {
                on_lost("its validity ended while redlock was stopped");
            }
            command_->resume();
        } else {
            command_->signal(number);
        }
    } else if (ends_wait(number) && interrupted_by_ == 0) {
        interrupted_by_ = number;
        cancel_.emit(asio::cancellation_type::terminal);
    } else if (number == SIGTSTP) {
        ::raise(SIGSTOP);
    }
}

void lock_runner::on_command_change() {
    if (!command_status_) {
        command_status_ = command_->status();
        if (!command_status_ && command_->lost_its_keeper()) {
            notices_.keeper_ended();
            command_status_ = exit_internal;
        }
        // Sent to the command's group alone, but meant for us too: whatever the command made of it.
        if (const auto number = command_->terminal_signal()) {
            interrupted_by_ = *number;
        }
    } else if (command_->lost_its_keeper() && !finished_ && !command_->is_gone()) {
        command_->kill();
    }
    changed_.cancel();
}

void lock_runner::on_event(const event& what) noexcept {
    if (waiting_) {
        waiting_->on_event(what);
    } else if (what.kind == event_kind::extended && command_ && !finished_) {
        set_keepers_deadline();
    }
}

void lock_runner::set_keepers_deadline() noexcept {
    plan_.extended_until(held_.valid_until());
    if (const auto when = plan_.keeper_kills_at()) {
        command_->watcher().set_deadline(*when);
    }
}

/// Independent of the library's own announcement, and right even after the machine was suspended.
void lock_runner::watch_validity() {
    if (finished_ || !command_) {
        return;  // It was on its way when it was cancelled.
    }
    set_keepers_deadline();
    if (plan_.is_too_late(boot_clock::now())) {
        if (command_->watcher().process() > 0) {
            // The library's own notice, which names the nodes, may come in this very turn.
            asio::post(loop_, [this] { on_validity_over(); });
        } else {
            on_validity_over();
        }
        return;
    }
    validity_.set(plan_.redlock_looks_at(), [this] { watch_validity(); });
}

void lock_runner::on_validity_over() {
    // With what the last renewals failed of, on which nodes.
    diagnostics why = held_.last_error();
    why.message = "its lease could not be renewed in time";
    on_lost(printable(why.to_string()));
}

void lock_runner::on_lost(const std::string& reason) {
    if (finished_ || !command_) {
        return;
    }
    notices_.lost(reason);
    validity_.cancel();
    if (options_.reaction != on_lost::warn && command_->watcher().process() > 0) {
        stop_command(plan_.redlock_kills_at(boot_clock::now()));
    }
}

void lock_runner::on_overrun() {
    if (command_status_ || (notices_.is_lost() && options_.reaction != on_lost::warn)) {
        return;
    }
    notices_.overrun();
    stop_command(plan_.redlock_kills_overrun_at(boot_clock::now()));
}

void lock_runner::stop_command(boot_clock::time_point kill_at) {
    if (boot_clock::now() >= kill_at) {
        kill_at_ = kill_at;
        command_->kill();  // At once, and without SIGCONT: it must not run another line.
        return;
    }
    if (!kill_at_) {
        command_->terminate();
    }
    kill_at_ = kill_at_ ? std::min(*kill_at_, kill_at) : kill_at;
    kill_.set(*kill_at_, [this] {
        if (command_ && !finished_) {
            command_->kill();
        }
    });
}

void lock_runner::forget_command() {
    notices_.share_no_more();
    command_.reset();
}

manager_options lock_runner::manager_settings() {
    manager_options settings = options_.common.manager();
    settings.events = std::make_shared<listening_observer>(
        std::move(settings.events), [this](const event& what) { on_event(what); });
    return settings;
}

run_context lock_runner::context() const {
    return {.resource = options_.resource,
            .token = held_.token(),
            .fencing = held_.fencing_token(),
            .node_urls = options_.common.node_urls(),
            .configuration_file = options_.common.configuration_file(),
            .outer = with_outer(outer_locks_of_environment(), options_.resource, options_.shape,
                                held_.token().str(), look_at_process(::getpid())),
            .slot = held_.slot(),
            .also = options_.shape.also};
}

}  // namespace redlock::cli
