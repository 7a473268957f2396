// Many locks of one manager, taken a few at a time and held until they
// are released: the other side of the series that hold locks. Public headers only. Runs on the
// event loop that it is given; one thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <redlock/redlock.hpp>
#include <string>
#include <vector>

namespace bench {

/// Gives the number-th lock of a crowd its name.
using name_source = std::function<std::string(std::size_t number)>;

/// Acquires the number-th lock of a crowd, and calls `taken` with the outcome.
using lock_taken = std::function<void(const redlock::error_code& error, redlock::lock held)>;
using lock_taker =
    std::function<void(redlock::lock_manager& locks, std::size_t number,
                       const redlock::acquire_options& options, const lock_taken& taken)>;

class lock_crowd {
  public:
    /// In progress at once: enough that requests share calls, and few enough that none comes late.
    static constexpr std::size_t usually_at_once = 256;

    /// Plain locks.
    lock_crowd(boost::asio::io_context& io, redlock::lock_manager& locks, name_source name_of);
    /// Locks of any shape, `at_once` of them in progress.
    lock_crowd(boost::asio::io_context& io, redlock::lock_manager& locks, lock_taker take,
               std::size_t at_once = usually_at_once)
        : io_(io), locks_(locks), take_(std::move(take)), at_once_(at_once) {}
    lock_crowd(const lock_crowd&) = delete;
    lock_crowd& operator=(const lock_crowd&) = delete;

    /// Acquires so many and runs the event loop until each has its answer.
    void acquire(std::size_t count, const redlock::acquire_options& options = {});
    /// Releases all that are held, likewise.
    void release();

    /// How many are held at this moment.
    [[nodiscard]] std::size_t valid() const;
    [[nodiscard]] std::size_t errors() const { return errors_; }
    [[nodiscard]] const std::string& last_error() const { return last_error_; }

  private:
    void acquire_next();
    void release_next();
    void step_done(const char* what, const redlock::error_code& error);
    void run(std::size_t count, void (lock_crowd::*next)());

    boost::asio::io_context& io_;
    redlock::lock_manager& locks_;
    lock_taker take_;
    std::size_t at_once_;
    redlock::acquire_options options_;
    std::vector<redlock::lock> held_;
    std::size_t begun_ = 0;  ///< Of the run under way, as the next.
    std::size_t left_ = 0;
    std::size_t errors_ = 0;
    std::string last_error_;
};

/// Runs the event loop until every node has answered; false after some seconds without.
[[nodiscard]] bool settle_on(boost::asio::io_context& io, redlock::lock_manager& locks);

/// Ends the manager and runs the event loop until it has ended.
void close_on(boost::asio::io_context& io, redlock::lock_manager& locks);

}  // namespace bench
