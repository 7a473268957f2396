// What `redlock run` shows while it waits for its lock: who has it, our place in line, how long it
// has been. The texts are pure; the reporter asks the nodes now and then, and only while it reports
// at all. Main thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <redlock/clock.hpp>
#include <redlock/lock_manager.hpp>
#include <redlock/observer.hpp>
#include <redlock/status.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace redlock::cli {

enum class wait_report {
    none,
    line,  ///< One line on the terminal, drawn over itself.
    log,   ///< A line now and then.
};

/// `wanted`: whether waiting is worth a word to whoever asked.
[[nodiscard]] wait_report how_to_report(bool wanted, bool verbose, bool terminal);

/// Whether a wait that bears an outage for so long says that there is one. A shorter one ends soon,
/// and says so then.
[[nodiscard]] bool tells_of_outages(std::chrono::milliseconds quorum_timeout);

/// What is waited for.
struct awaited_lock {
    std::string title;
    std::vector<resource_name> names{};    ///< The first one that is held is told of.
    std::optional<std::size_t> permits{};  ///< Of a semaphore, whose holders are not named.
};

/// What is known while waiting.
struct wait_view {
    std::optional<lock_holder> holder;
    std::optional<std::size_t> ahead;  ///< How many stand in line before us.
    std::chrono::nanoseconds waited{0};
    std::optional<std::size_t> permits{};  ///< How many there are, where a permit is waited for.
};

/// "orders: held by web3:812 report, 7.1s left; 2 before us in line; waited for 12.0s".
[[nodiscard]] std::string describe(std::string_view resource, const wait_view& seen);
/// The same in at most `columns`: the names are shortened first, then the place in line, the time
/// that is left and the holder are left out, in this order, and the time waited stays.
[[nodiscard]] std::string describe_within(std::size_t columns, std::string_view resource,
                                          const wait_view& seen);

class wait_reporter : public std::enable_shared_from_this<wait_reporter> {
  public:
    /// `locks` must outlive the time between `start` and `stop`.
    wait_reporter(boost::asio::io_context& loop, lock_manager& locks, awaited_lock what,
                  wait_report how, std::chrono::milliseconds quorum_timeout);

    void start();
    /// Of the manager that waits.
    void on_event(const event& what) noexcept;
    /// The wait is over: wipes the line, and says nothing any more.
    void stop();

  private:
    void wait_for_next_look(std::chrono::nanoseconds span);
    void look();
    void look_at(std::size_t which);
    void show(std::optional<lock_holder> holder);
    void wait_for_next_line();
    void tell_of_outage(const diagnostics& why);

    boost::asio::steady_timer timer_;
    lock_manager& locks_;
    awaited_lock what_;
    wait_report how_;
    bool outages_are_told_;
    boot_clock::time_point since_;
    std::optional<std::size_t> ahead_;
    std::optional<boot_clock::time_point> look_at_outage_from_;  ///< Empty while there is none.
    std::vector<std::pair<node_index, error_code>> told_causes_;
    bool over_ = false;
};

}  // namespace redlock::cli
