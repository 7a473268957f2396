// The signals that the command answers, delivered on the event loop. One object a process; main
// thread only. Signals that we were started with as ignored (nohup, background jobs of scripts) are
// left so.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>

namespace redlock::cli {

/// Who acts on SIGTSTP (Ctrl-Z) and SIGCONT.
enum class job_control {
    the_systems,  ///< Not taken: we stop and go on as every program does.
    ours,         ///< The handler, since somebody has to stop and go on together with us.
};

class signals {
  public:
    /// Calls `handler` on the loop for each of INT, TERM, HUP, QUIT, USR1, USR2 and CHLD, and of
    /// TSTP and CONT if they are ours, until `stop`. SIGPIPE is ignored in this process from here
    /// on.
    signals(boost::asio::io_context& loop, std::function<void(int)> handler,
            job_control stops = job_control::the_systems);
    signals(const signals&) = delete;
    signals& operator=(const signals&) = delete;

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
