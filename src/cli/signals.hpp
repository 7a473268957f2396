// The signals that the command answers, delivered on the event loop. One object a process; main
// thread only. Signals that we were started with as ignored (nohup, background jobs of scripts) are
// left so.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>

namespace redlock::cli {

class signals {
  public:
    /// Calls `handler` on the loop for each of INT, TERM, HUP, QUIT, USR1, USR2, TSTP, CONT, CHLD
    /// until `stop`. SIGPIPE is ignored in this process from here on.
    signals(boost::asio::io_context& loop, std::function<void(int)> handler);
    signals(const signals&) = delete;
    signals& operator=(const signals&) = delete;
    ~signals() = default;

    /// Lets the loop run out of work. Further signals are swallowed.
    void stop();

  private:
    void wait();

    boost::asio::signal_set set_;
    std::function<void(int)> handler_;
    bool stopped_ = false;
};

/// Whether its default action would have ended us: what is forwarded, and interrupts waiting.
[[nodiscard]] bool is_ending_signal(int number) noexcept;

}  // namespace redlock::cli
