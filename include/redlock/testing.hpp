// A simulated world for tests of code that holds locks: Redis nodes without servers, and time that
// passes at once. An ordinary lock_manager runs in it: it is made with the world's executor and
// nodes, and runs the code that ships. Then the test causes faults: nodes freeze, die and forget,
// messages are slow or lost, clocks are set, a lock is deleted. A seed decides everything random,
// and two runs with one seed are the same.
//
// In the component redlock::testing, beside the library. One thread: nothing of a world, and
// nothing made with its executor, may be used on another. The world outlives the managers and locks
// made in it, and the handles of its processes.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "redlock/clock.hpp"
#include "redlock/error.hpp"
#include "redlock/lock_manager.hpp"
#include "redlock/types.hpp"

namespace redlock::testing {

struct world_options {
    /// From 1 to 63. They have been up for a day when the world begins, and are empty.
    std::size_t nodes = 3;
    /// Decides everything random. Any number.
    std::uint64_t seed = 1;
    /// The bounds of a message's delay, one way. Not negative, at most 60 years.
    std::chrono::nanoseconds fastest_message = std::chrono::microseconds{100};
    std::chrono::nanoseconds slowest_message = std::chrono::milliseconds{1};
};

/// The data of a node when it comes back.
enum class memory {
    /// Everything, as with appendfsync always. The restart guard does not know that, unless the
    /// node's endpoint says `durable`.
    kept,
    lost,  ///< Nothing: a server without persistence.
};

class process;

/// Times are in nanoseconds. A world lasts for 60 years; a later time means its end. Time passes
/// only in `run_for` and `run_until`. Call those only from outside: not from a function that they
/// call, and not from a handler. An exception that a handler throws comes out of them, as out of
/// `io_context::run()`, and they may be called again.
class world {
  public:
    using duration = std::chrono::nanoseconds;

    /// Throws lock_error, errc::invalid_argument, if the options cannot be used.
    explicit world(const world_options& options = {});
    /// Destroys the operations that wait in its event loops.
    ~world();
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    // ---- to make a manager with ----

    /// That of the first process.
    [[nodiscard]] boost::asio::any_io_executor get_executor();
    /// For a manager in any of its processes. Node i is `redis://node-i.test:6379`.
    [[nodiscard]] node_list nodes() const;
    /// One more process, with an event loop and clocks of its own.
    [[nodiscard]] process add_process();
    /// The first one, which there always is.
    [[nodiscard]] process first_process();

    // ---- time ----

    /// By the clock of the first process, which its locks use. boot_clock::now() is real time.
    [[nodiscard]] boot_clock::time_point now() const;
    /// Runs the event loops and lets that much time pass.
    void run_for(duration time);
    /// Lets time pass until `done()`, which is called after every event. False if it never became
    /// true: when `longest` has passed, or at once when no event is left.
    [[nodiscard]] bool run_until(const std::function<bool()>& done,
                                 duration longest = std::chrono::hours{1});
    /// Calls `what` when that much time has passed: from `run_for` or `run_until`, in no process.
    /// Use it to cause faults.
    void after(duration time, std::function<void()> what);
    /// A sleep in the world's time, in place of a `steady_timer`'s, whose time is real. Zero or
    /// less: as soon as the event loops run again.
    ///
    /// Completes with `void(error_code)`: none when that much time has passed. Cancellation
    /// (terminal, partial, total): `asio::error::operation_aborted`. Runs on the handler's
    /// executor, else on the first process's; later if that process is paused then, and never if it
    /// was killed.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_sleep(duration time, CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [this](auto handler, duration how_long) {
                start_sleep(how_long, any_handler(std::move(handler)));
            },
            token, time);
    }

    // ---- random numbers ----

    /// From 0 to below `bound`, which is not 0; by the seed.
    [[nodiscard]] std::uint64_t random(std::uint64_t bound);

    // ---- faults of nodes; throw std::out_of_range if there is no such node ----

    /// It is frozen for that long: it reads no message before.
    void freeze(node_index node, duration time);
    /// It goes down, with all its connections, until `restart`. Not an error if it is down.
    void kill(node_index node);
    /// It comes back as another server process. Kills it first if it is up.
    void restart(node_index node, memory what = memory::lost);
    /// Its clock is set forward, or back. Leases end by it. Throws lock_error,
    /// errc::invalid_argument, for a date before 1971 or after 2099.
    void set_clock(node_index node, duration by);
    /// Its memory is full, or not any more: it refuses commands that need more. Until it goes down.
    void set_full(node_index node, bool yes);

    // ---- faults of locks ----

    /// An operator deletes the lock's key, on one node or on all that are up.
    void lose(const resource_name& resource);
    void lose(const resource_name& resource, node_index node);
    /// The holder there, or for a node that is down, the holder if it comes back with all its data;
    /// empty: none.
    [[nodiscard]] lock_token holder(const resource_name& resource, node_index node);
    /// The holder on a majority; empty: none.
    [[nodiscard]] lock_token holder(const resource_name& resource);

  private:
    friend class process;
    struct state;
    using any_handler = boost::asio::any_completion_handler<void(error_code)>;

    void start_sleep(duration time, any_handler handler);

    std::unique_ptr<state> state_;
};

/// A handle; the world owns the process.
class process {
  public:
    using duration = world::duration;

    [[nodiscard]] boost::asio::any_io_executor get_executor() const;
    /// For code that needs a context. Do not run it: the world does. A real timer or socket on it
    /// uses real time, and completes only while the world runs.
    [[nodiscard]] boost::asio::io_context& context() const;
    /// By its own clock.
    [[nodiscard]] boot_clock::time_point now() const;

    /// It is paused for that long, like a stopped process or a machine that stalls. It sees later
    /// the messages that arrived meanwhile.
    void pause(duration time) const;
    /// It ends: none of its code runs any more, and its connections end. Its objects may be
    /// destroyed.
    void kill() const;
    /// Its wall clock is set.
    void set_wall_clock(duration by) const;
    /// Its clocks run faster than the nodes' by that many millionths from now on; or slower. Throws
    /// lock_error, errc::invalid_argument, if they would stop, run backwards, or run more than
    /// twice as fast.
    void set_clock_rate(std::int64_t millionths) const;

    // ---- faults between it and a node; throw std::out_of_range if there is no such node ----

    /// Its connections to a node break. Commands in flight are still executed, or only a part of
    /// them.
    void cut(node_index node, bool carried_out = true) const;
    /// No message passes between it and a node for that long.
    void cut_off(node_index node, duration time) const;
    /// Each message between it and a node takes that much longer for that long. Throws lock_error,
    /// errc::invalid_argument, for a negative `by`.
    void slow_down(node_index node, duration by, duration time) const;

  private:
    friend class world;
    process(world::state& in, std::size_t number) : in_(&in), number_(number) {}

    world::state* in_;
    std::size_t number_;
};

}  // namespace redlock::testing
