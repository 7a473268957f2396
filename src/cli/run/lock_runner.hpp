// Holds a lock while a command runs: the heart of `redlock run`. It acquires, starts the command,
// stops it in time when the lock is lost, releases, and tells how it all ended. Stopping depends on
// no reply of any node: timers of ours and the keeper's see to it. Main thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <redlock/lock_manager.hpp>
#include <string>
#include <vector>

#include "cli/options/common_options.hpp"
#include "cli/options/shape_options.hpp"
#include "cli/process/boot_timer.hpp"
#include "cli/process/kept_command.hpp"
#include "cli/process/signals.hpp"
#include "cli/process/stop_plan.hpp"
#include "cli/run/campaign_plan.hpp"
#include "cli/run/run_context.hpp"
#include "cli/run/run_notices.hpp"
#include "cli/run/wait_report.hpp"

namespace redlock::cli {

/// What becomes of the processes that the command leaves running when it ends.
enum class background {
    end,   ///< They are ended before the lock is released.
    keep,  ///< They are left alone, without the lock.
};

struct run_options {
    common_options common;
    wait_options wait;
    shape_options shape;
    std::string resource;
    std::vector<std::string> command;
    std::optional<std::chrono::nanoseconds> lease_time;  ///< Empty: as configured.
    std::optional<std::chrono::nanoseconds> max_hold;
    std::optional<std::chrono::nanoseconds> stop_margin;  ///< Empty: as configured.
    on_lost reaction = on_lost::term;
    background rest = background::end;
    bool reentrant = false;
    bool forever = false;    ///< A campaign: hold after hold.
    std::string proclaimed;  ///< Empty: nothing.
};

class lock_runner {
  public:
    /// Throws `usage_error` and `lock_error`.
    explicit lock_runner(const run_options& options);
    int run();

  private:
    /// One hold of the lock.
    boost::asio::awaitable<int> work();
    /// One hold after the other, until the campaign is ended.
    boost::asio::awaitable<int> campaign();
    void forget_term();
    /// The exit status if the lock was not had.
    boost::asio::awaitable<std::optional<int>> acquire();
    boost::asio::awaitable<void> release();
    [[nodiscard]] std::optional<int> start_command();
    void forget_command();
    /// In the background: the command need not wait for it.
    void proclaim();
    [[nodiscard]] run_context context() const;

    [[nodiscard]] static surroundings what_surrounds_us();
    /// Whether a signal ends the waiting, when no command runs that could get it.
    [[nodiscard]] bool ends_wait(int signal) const noexcept;
    void on_signal(int number);
    void on_command_change();
    void on_event(const event& what) noexcept;
    void set_keepers_deadline() noexcept;
    void watch_validity();
    void on_validity_over();
    void on_lost(const std::string& reason);
    void on_overrun();
    void stop_command(boot_clock::time_point kill_at);
    /// Lets what the command left running end by itself for a moment, and then ends it.
    boost::asio::awaitable<void> end_background();
    void terminate_background();
    [[nodiscard]] manager_options manager_settings();

    const run_options& options_;
    std::chrono::milliseconds lease_time_;
    std::chrono::nanoseconds margin_;  ///< The stop margin.
    stop_plan plan_;
    run_notices notices_;

    boost::asio::io_context loop_{1};
    lock_manager locks_;
    signals signals_;
    boost::asio::cancellation_signal cancel_;
    boost::asio::steady_timer changed_;  ///< Never expires; cancelled at news of the command.
    boot_timer validity_;
    boot_timer kill_;
    boot_timer hold_;

    std::shared_ptr<wait_reporter> waiting_;  ///< While the lock is waited for.
    lock held_;
    std::optional<kept_command> command_;
    std::optional<int> command_status_;
    std::optional<boot_clock::time_point> kill_at_;
    std::optional<std::chrono::nanoseconds> ran_;  ///< For how long the command ran.
    const surroundings surroundings_ = what_surrounds_us();
    int interrupted_by_ = 0;
    bool lost_keeper_ = false;
    bool finished_ = false;
};

}  // namespace redlock::cli
