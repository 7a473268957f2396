// The event loop under all managers of a process, and the thread that runs it. That thread never
// takes the interpreter's lock: what it has to say to Python it leaves in an inbox.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <future>
#include <thread>

namespace redlock::python {

/// All members but `runs_here`: with the interpreter's lock held.
class engine {
  public:
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;

    /// The one of this process; started by the first call. None once it was stopped.
    [[nodiscard]] static engine* current();
    /// The same, if it was started: none in a forked child that has made no manager yet.
    [[nodiscard]] static engine* running() noexcept;
    [[nodiscard]] static bool is_stopped() noexcept;
    /// Whether the calling thread is an engine's.
    [[nodiscard]] static bool runs_here() noexcept;
    /// Around a fork, in the parent: no thread of ours runs while the process is copied, so that
    /// the copy is whole. Calls nest.
    static void pause();
    static void resume();
    /// In a forked child, which makes one of its own once it needs one. The parent's copy is left
    /// as it is for ever.
    static void forget() noexcept;
    /// At the interpreter's end: lets the loop go on until it has nothing more to do, for
    /// `patience` at most, and ends the thread. Releases the interpreter's lock meanwhile.
    static void stop(std::chrono::milliseconds patience);

    [[nodiscard]] boost::asio::io_context& loop() noexcept { return loop_; }

  private:
    engine();
    void run();

    boost::asio::io_context loop_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::thread thread_;
    std::future<void> ended_;  ///< Of the thread.
};

}  // namespace redlock::python
