// The library as a peer among others: coroutines over its public interface, with the options
// that it is given. For cycles each takes names of its own; in a hand-over all want one. One
// thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <redlock/redlock.hpp>
#include <vector>

#include "bench/peers/cpp/protocol.hpp"

namespace bench {

class library_workers {
  public:
    library_workers(const std::vector<redlock::endpoint>& nodes, const peer_task& task,
                    const redlock::manager_options& options);
    library_workers(const library_workers&) = delete;
    library_workers& operator=(const library_workers&) = delete;
    ~library_workers();

    /// Waits until every node answers. Throws std::runtime_error if that takes too long.
    void settle();
    /// What is in progress when the time is over is ended but no longer counted as a cycle.
    peer_outcome run(nanoseconds length);

  private:
    struct worker {
        std::size_t next_name = 0;
        bool busy = false;     ///< Something of it has no result yet.
        bool waiting = false;  ///< That something is an acquisition.
        clock::time_point asked{};
    };

    boost::asio::awaitable<void> work(worker& self, std::size_t number);
    boost::asio::awaitable<void> hold();
    const redlock::resource_name& name_for(worker& self, std::size_t number);
    void note_unfinished();

    const peer_task& task_;
    boost::asio::io_context io_{1};  // One thread: Asio may leave out what only many need.
    redlock::lock_manager locks_;
    std::vector<redlock::resource_name> names_;
    std::vector<worker> workers_;

    // Of the run under way.
    peer_outcome current_;
    clock::time_point end_{};
    std::size_t working_ = 0;
    std::size_t holding_ = 0;  ///< How many workers think that they hold the lock.
};

}  // namespace bench
