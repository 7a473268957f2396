// Holds a lock while a command runs: the heart of `redlock run`. It acquires, starts the command,
// stops it in time when the lock is lost, releases, and tells how it all ended. Stopping depends on
// no reply of any node: two timers of ours and the keeper's see to it. Main thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <redlock/lock_manager.hpp>
#include <string>
#include <vector>

#include "cli/boot_timer.hpp"
#include "cli/child.hpp"
#include "cli/keeper.hpp"
#include "cli/run.hpp"
#include "cli/signals.hpp"

namespace redlock::cli {

class lock_runner {
  public:
    /// Throws `usage_error` and `lock_error`.
    explicit lock_runner(const run_options& options);
    int run();

  private:
    boost::asio::awaitable<int> work();
    /// The exit status if the lock was not had.
    boost::asio::awaitable<std::optional<int>> acquire();
    boost::asio::awaitable<void> release();
    [[nodiscard]] std::optional<int> start_command();
    [[nodiscard]] std::vector<std::string> environment() const;
    [[nodiscard]] std::string label() const;
    [[nodiscard]] std::string name() const;

    void on_signal(int number);
    void on_child_change();
    void watch_validity();
    void on_lost(const std::string& reason);
    void on_overrun();
    void stop_command(boot_clock::time_point kill_at);

    const run_options& options_;
    std::chrono::milliseconds lease_time_;
    std::chrono::nanoseconds margin_;  ///< The stop margin.
    std::chrono::nanoseconds slice_;   ///< How long before validity ends SIGKILL is sent: on a
                                       ///< busy machine even a killed process takes time to die.
    std::vector<std::string> urls_;

    boost::asio::io_context loop_{1};
    lock_manager locks_;
    signals signals_;
    boost::asio::cancellation_signal cancel_;
    boost::asio::steady_timer ended_;  ///< Never expires; cancelled when the command has ended.
    boot_timer validity_;
    boot_timer kill_;
    boot_timer hold_;

    lock held_;
    std::optional<keeper> keeper_;
    std::optional<child> child_;
    std::optional<int> child_status_;
    std::optional<boot_clock::time_point> kill_at_;
    int interrupted_by_ = 0;
    bool lost_ = false;
    bool overrun_ = false;
};

}  // namespace redlock::cli
