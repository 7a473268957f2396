// The library as a user would use it: coroutines on one thread, each acquiring and releasing
// resources that nobody else wants. It includes nothing but the public headers. One thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <redlock/redlock.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/slice.hpp"

namespace bench {

/// How the library is told to go on when it is done.
enum class style {
    coroutines,  ///< co_await with as_tuple(deferred).
    callbacks,   ///< Function objects.
};

/// With which options it acquires.
enum class terms {
    usual,             ///< The default options: nothing is asked for.
    attempts_limited,  ///< One attempt, and a lease that is not renewed.
};

/// What it acquires, each by coroutines; callbacks are for locks only.
enum class wanted {
    lock,
    shared_lock,
    permit,   ///< One of ten.
    several,  ///< Three names at once.
};

class library_side {
  public:
    library_side(const std::vector<redlock::endpoint>& nodes, style how, std::size_t at_once,
                 std::size_t names, terms asked = terms::usual,
                 const redlock::manager_options& options = {}, wanted what = wanted::lock);
    library_side(const library_side&) = delete;
    library_side& operator=(const library_side&) = delete;
    ~library_side();

    /// Cycles for so long, `at_once` at a time.
    slice run(nanoseconds length);
    /// So many cycles, however long they take.
    slice run_cycles(std::size_t count);
    /// `tell`, if set, is called each time that so many cycles of a run are over.
    static constexpr std::size_t stretch_length = 1000;
    void after_stretch(std::function<void()> tell) { after_stretch_ = std::move(tell); }
    /// Waits until every node answers. False if that takes longer than `longest`.
    bool settle(nanoseconds longest);

    [[nodiscard]] const std::vector<nanoseconds>& latencies() const { return latencies_; }
    /// The last error, for people; empty if there was none.
    [[nodiscard]] const std::string& last_error() const { return last_error_; }

  private:
    class callback_worker;

    slice run_until(clock::time_point end, std::size_t cycles);
    void begin(std::size_t worker);
    /// `acquire` gives the operation for a name.
    template <class Acquire>
    boost::asio::awaitable<void> work(std::size_t worker, Acquire acquire);
    const redlock::resource_name& next_name(std::size_t worker);
    bool may_begin(clock::time_point now);
    void note_acquired(clock::time_point begun, const redlock::error_code& error);
    void note_released(const redlock::error_code& error);
    void worker_done();

    boost::asio::io_context io_{1};  // One thread: Asio may leave out what only many need.
    redlock::lock_manager locks_;
    style how_;
    wanted what_;
    redlock::acquire_options options_;
    std::size_t at_once_;
    std::vector<redlock::resource_name> names_;
    std::vector<std::size_t> next_names_;  ///< By worker; each has its own stretch of the names.
    std::vector<nanoseconds> latencies_;
    std::string last_error_;
    std::function<void()> after_stretch_;

    // Of the run under way.
    slice current_;
    clock::time_point end_{};
    std::size_t cycles_left_ = 0;
    std::size_t working_ = 0;
};

}  // namespace bench
