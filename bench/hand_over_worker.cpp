// Coroutines over the public interface, with the default options of an acquisition.
#include "bench/hand_over_worker.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <deque>
#include <memory>
#include <redlock/redlock.hpp>
#include <stdexcept>
#include <string_view>
#include <tuple>

#include "bench/hand_over_record.hpp"
#include "bench/settle.hpp"

namespace bench {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// Notes the split votes, which no acquisition reports by itself.
class split_watch : public redlock::observer {
  public:
    explicit split_watch(std::vector<nanoseconds>& splits) : splits_(splits) {}

    void on_event(const redlock::event& what) noexcept override {
        if (what.kind == redlock::event_kind::attempt_failed && what.message == "split") {
            splits_.push_back(time_now());
        }
    }

  private:
    std::vector<nanoseconds>& splits_;
};

class crew {
  public:
    crew(const worker_task& task, const std::vector<redlock::endpoint>& nodes)
        : task_(task),
          resource_(task.resource),
          locks_(io_.get_executor(), nodes,
                 {.events = std::make_shared<split_watch>(record_.splits)}),
          input_(io_, STDIN_FILENO),
          members_(task.workers),
          holding_(std::max<std::size_t>(1, task.permits), 0) {
        // Room enough that the list need not be moved while somebody waits; what is not used costs
        // no memory.
        record_.holds.reserve(std::size_t{1} << 21U);
    }

    /// From the first connection to the last; then `record()` is complete.
    void run();
    [[nodiscard]] const hand_over_record& record() const { return record_; }

  private:
    struct member {
        asio::cancellation_signal cancel;
        bool may_cancel = false;  ///< It waits for the lock, or for the next time to ask.
        bool waiting = false;     ///< It waits for the lock.
        nanoseconds asked{0};
    };

    asio::awaitable<void> direct();
    asio::awaitable<bool> next_byte_is(char mark);
    asio::awaitable<void> work(std::uint64_t number);
    asio::awaitable<void> hold_and_release(redlock::lock held, hold noted);
    void stop();
    void note_error(std::string_view what, const redlock::error_code& error);

    const worker_task& task_;
    redlock::resource_name resource_;
    hand_over_record record_;
    asio::io_context io_{1};  // One thread: Asio may leave out what only many need.
    redlock::lock_manager locks_;
    asio::posix::stream_descriptor input_;
    std::deque<member> members_;
    std::size_t working_ = 0;
    std::vector<std::size_t> holding_;  ///< By slot: how many workers think that they hold it.
    bool stopping_ = false;
};

void crew::note_error(std::string_view what, const redlock::error_code& error) {
    ++record_.errors;
    record_.last_error = std::string{what} + ": " + error.message();
}

asio::awaitable<void> crew::hold_and_release(redlock::lock held, hold noted) {
    if (++holding_[noted.slot] > 1) {
        ++record_.overlaps;
    }
    if (task_.hold > 0ms) {
        asio::steady_timer timer{io_, task_.hold};
        co_await timer.async_wait(asio::as_tuple(asio::deferred));
    }
    --holding_[noted.slot];
    noted.ended = time_now();
    record_.holds.push_back(noted);
    auto [error] = co_await held.async_release(asio::as_tuple(asio::deferred));
    if (error) {
        note_error("release", error);
    }
}

asio::awaitable<void> crew::work(std::uint64_t number) {
    // A cancelled wait ends as one that fails does, and the loop with it; it must not throw.
    co_await asio::this_coro::throw_if_cancelled(false);
    member& self = members_[number];
    const redlock::acquire_options defaults;
    const redlock::semaphore semaphore{resource_, task_.permits};
    asio::steady_timer timer{io_};
    while (!stopping_) {
        self.asked = time_now();
        self.may_cancel = self.waiting = true;
        std::tuple<redlock::error_code, redlock::lock> outcome;
        if (task_.permits > 0) {
            outcome = co_await locks_.async_acquire_any(semaphore, defaults,
                                                        asio::as_tuple(asio::deferred));
        } else {
            outcome =
                co_await locks_.async_acquire(resource_, defaults, asio::as_tuple(asio::deferred));
        }
        auto& [error, held] = outcome;
        self.may_cancel = self.waiting = false;
        if (!error) {
            const auto token = held.fencing_token().value();
            const auto slot = held.slot().value_or(0);
            co_await hold_and_release(std::move(held), {.asked = self.asked,
                                                        .begun = time_now(),
                                                        .ended = {},
                                                        .token = token,
                                                        .worker = number,
                                                        .slot = slot});
        } else if (!stopping_) {
            note_error("acquire", error);
        }
        if (task_.pause > 0ms && !stopping_) {
            self.may_cancel = true;
            timer.expires_after(task_.pause);
            co_await timer.async_wait(asio::as_tuple(asio::deferred));
            self.may_cancel = false;
        }
    }
}

void crew::stop() {
    stopping_ = true;
    for (const member& each : members_) {
        if (each.waiting) {
            record_.still_waiting.push_back(each.asked);
        }
    }
    for (member& each : members_) {
        if (each.may_cancel) {
            each.cancel.emit(asio::cancellation_type::terminal);
        }
    }
}

asio::awaitable<bool> crew::next_byte_is(char mark) {
    char byte = 0;
    auto [error, size] =
        co_await input_.async_read_some(asio::buffer(&byte, 1), asio::as_tuple(asio::deferred));
    co_return !error && size == 1 && byte == mark;
}

asio::awaitable<void> crew::direct() {
    if (!co_await all_answer(locks_, clock::now() + 5s)) {
        throw std::runtime_error("not every node answers");
    }
    write_bytes(STDOUT_FILENO, &ready_mark, 1);
    if (!co_await next_byte_is(go_mark)) {
        throw std::runtime_error("nobody to work for");
    }
    const auto work_done = [this](std::exception_ptr failure) {
        if (failure) {
            ++record_.errors;
            record_.last_error = "a worker ended by an exception";
        }
        if (--working_ == 0) {
            // Leaves nothing behind. Bounded by the manager's close timeout.
            locks_.async_close([](const redlock::error_code&) {});
        }
    };
    working_ = members_.size();
    for (std::size_t number = 0; number < members_.size(); ++number) {
        asio::co_spawn(io_, work(number),
                       asio::bind_cancellation_slot(members_[number].cancel.slot(), work_done));
    }
    co_await next_byte_is(go_mark);  // It does not come: the input ends.
    stop();
}

void crew::run() {
    asio::co_spawn(io_, direct(), [](std::exception_ptr failure) {
        if (failure) {
            std::rethrow_exception(failure);
        }
    });
    io_.run();
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

constexpr std::string_view worker_word = "--worker";

}  // namespace

std::vector<std::string> to_arguments(const worker_task& task) {
    return {std::string{worker_word},           task.resource,
            std::to_string(task.workers),       std::to_string(task.hold.count()),
            std::to_string(task.pause.count()), std::to_string(task.permits)};
}

std::optional<worker_task> worker_task_from(int count, const char* const* values) {
    worker_task task;
    std::chrono::milliseconds::rep hold = 0;
    std::chrono::milliseconds::rep pause = 0;
    if (count != 7 || values[1] != worker_word || !read_number(values[3], task.workers) ||
        !read_number(values[4], hold) || !read_number(values[5], pause) ||
        !read_number(values[6], task.permits)) {
        return std::nullopt;
    }
    task.resource = values[2];
    task.hold = std::chrono::milliseconds{hold};
    task.pause = std::chrono::milliseconds{pause};
    return task;
}

void run_worker(const worker_task& task, const std::vector<redlock::endpoint>& nodes) {
    crew all{task, nodes};
    all.run();
    write_record(STDOUT_FILENO, all.record());
}

}  // namespace bench
