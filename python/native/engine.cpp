#include "engine.hpp"

#include <nanobind/nanobind.h>
#include <pthread.h>

#include <csignal>
#include <utility>

namespace redlock::python {

namespace {

// Never destroyed: a program that ends without the interpreter's farewell must not end its thread.
engine* the_one = nullptr;
bool was_stopped = false;
int pauses = 0;
thread_local bool is_engine = false;

/// Signals are Python's, whose handlers run in its main thread.
class without_signals {
  public:
    without_signals() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, &before_);
    }
    without_signals(const without_signals&) = delete;
    without_signals& operator=(const without_signals&) = delete;
    ~without_signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_{};
};

}  // namespace

engine::engine() : work_(loop_.get_executor()) {
    run();
}

void engine::run() {
    const without_signals blocked;  // a new thread inherits the mask
    std::packaged_task<void()> turning{[this] {
        is_engine = true;
        pthread_setname_np(pthread_self(), "asio-redlock");
        loop_.run();
    }};
    ended_ = turning.get_future();
    thread_ = std::thread{std::move(turning)};
}

engine* engine::current() {
    if (the_one == nullptr && !was_stopped) {
        the_one = new engine;
    }
    return the_one;
}

engine* engine::running() noexcept {
    return the_one;
}

bool engine::is_stopped() noexcept {
    return was_stopped;
}

bool engine::runs_here() noexcept {
    return is_engine;
}

void engine::pause() {
    if (++pauses == 1 && the_one != nullptr) {
        the_one->loop_.stop();
        the_one->thread_.join();
        the_one->loop_.notify_fork(boost::asio::io_context::fork_prepare);
    }
}

void engine::resume() {
    if (--pauses == 0 && the_one != nullptr) {
        the_one->loop_.notify_fork(boost::asio::io_context::fork_parent);
        the_one->loop_.restart();
        the_one->run();
    }
}

void engine::forget() noexcept {
    the_one = nullptr;
    pauses = 0;
}

void engine::stop(std::chrono::milliseconds patience) {
    was_stopped = true;
    engine* const its = std::exchange(the_one, nullptr);
    if (its == nullptr) {
        return;
    }
    const nanobind::gil_scoped_release unlocked;
    its->work_.reset();
    if (its->ended_.wait_for(patience) != std::future_status::ready) {
        its->loop_.stop();
    }
    its->thread_.join();
}

}  // namespace redlock::python
