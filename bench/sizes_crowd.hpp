// Many locks of one manager, each with a name of its own, taken a few at a time and held until they
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

class lock_crowd {
  public:
    /// The number-th of them has the name that `name_of` gives.
    using name_source = std::function<std::string(std::size_t number)>;

    lock_crowd(boost::asio::io_context& io, redlock::lock_manager& locks, name_source name_of)
        : io_(io), locks_(locks), name_of_(std::move(name_of)) {}
    lock_crowd(const lock_crowd&) = delete;
    lock_crowd& operator=(const lock_crowd&) = delete;

    /// Acquires so many and runs the event loop until each has its answer.
    void acquire(std::size_t count, const redlock::acquire_options& options = {});
    /// Releases all that are held, likewise.
    void release();

    [[nodiscard]] std::size_t errors() const { return errors_; }
    [[nodiscard]] const std::string& last_error() const { return last_error_; }

  private:
    void acquire_next();
    void release_next();
    void step_done(const char* what, const redlock::error_code& error);
    void run(std::size_t count, void (lock_crowd::*next)());

    boost::asio::io_context& io_;
    redlock::lock_manager& locks_;
    name_source name_of_;
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
