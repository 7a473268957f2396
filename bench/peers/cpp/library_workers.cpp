// Loops over the public interface, and nothing clever: what is measured is what a user gets.
#include "bench/peers/cpp/library_workers.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <stdexcept>
#include <utility>

#include "bench/settle.hpp"

namespace bench {

namespace asio = boost::asio;

library_workers::library_workers(const std::vector<redlock::endpoint>& nodes, const peer_task& task,
                                 const redlock::manager_options& options)
    : task_(task), locks_(io_.get_executor(), nodes, options), workers_(task.at_once) {
    const std::size_t each = task.is_hand_over() ? 0 : task.names / task.at_once;
    for (std::size_t name = 0; name < each * task.at_once; ++name) {
        names_.emplace_back(fmt::format("redlock-bench:redlock:{:06}", name));
    }
    if (names_.empty()) {
        names_.emplace_back("redlock-bench:redlock:contended");
    }
}

library_workers::~library_workers() {
    // Leaves nothing behind. Bounded by the manager's close timeout.
    locks_.async_close([this](const redlock::error_code&) { io_.stop(); });
    io_.restart();
    io_.run();
}

void library_workers::settle() {
    bool settled = false;
    asio::co_spawn(io_, all_answer(locks_, clock::now() + std::chrono::seconds{5}),
                   [this, &settled](std::exception_ptr failure, bool result) {
                       settled = !failure && result;
                       io_.stop();
                   });
    io_.restart();
    io_.run();
    if (!settled) {
        throw std::runtime_error("not every node answers");
    }
}

const redlock::resource_name& library_workers::name_for(worker& self, std::size_t number) {
    if (task_.is_hand_over()) {
        return names_.front();
    }
    const std::size_t stretch = names_.size() / task_.at_once;
    const std::size_t chosen = number * stretch + self.next_name;
    self.next_name = (self.next_name + 1) % stretch;
    return names_[chosen];
}

asio::awaitable<void> library_workers::hold() {
    if (++holding_ > 1) {
        ++current_.overlaps;
    }
    asio::steady_timer timer{io_, hold_time};
    co_await timer.async_wait(asio::as_tuple(asio::deferred));
    --holding_;
}

asio::awaitable<void> library_workers::work(worker& self, std::size_t number) {
    while ((self.asked = clock::now()) < end_) {
        self.busy = self.waiting = true;
        auto [error, held] = co_await locks_.async_acquire(
            name_for(self, number), redlock::acquire_options{}, asio::as_tuple(asio::deferred));
        self.waiting = false;
        current_.waits.push_back(clock::now() - self.asked);
        if (error) {
            current_.note_error("acquire: " + error.message());
        } else {
            if (task_.is_hand_over()) {
                co_await hold();
            }
            auto [release_error] = co_await held.async_release(asio::as_tuple(asio::deferred));
            if (release_error) {
                current_.note_error("release: " + release_error.message());
            } else if (clock::now() < end_) {
                ++current_.cycles;
            }
        }
        self.busy = false;
        if (task_.is_hand_over()) {
            asio::steady_timer timer{io_, pause_time};
            co_await timer.async_wait(asio::as_tuple(asio::deferred));
        }
    }
}

void library_workers::note_unfinished() {
    for (const worker& each : workers_) {
        current_.unfinished += each.busy ? 1 : 0;
        if (each.waiting) {
            current_.waits.push_back(clock::now() - each.asked);
        }
    }
}

peer_outcome library_workers::run(nanoseconds length) {
    current_ = {};
    current_.elapsed = length;
    working_ = workers_.size();
    const nanoseconds busy_before = process_time();
    end_ = clock::now() + length;

    asio::steady_timer at_end{io_, end_};
    at_end.async_wait([&](const redlock::error_code& cancelled) {
        if (!cancelled) {
            current_.busy = process_time() - busy_before;
        }
    });
    asio::steady_timer at_last{io_, end_ + grace_time};
    at_last.async_wait([this](const redlock::error_code& cancelled) {
        if (!cancelled) {
            io_.stop();
        }
    });
    for (std::size_t number = 0; number < workers_.size(); ++number) {
        asio::co_spawn(io_, work(workers_[number], number), [&](std::exception_ptr failure) {
            if (failure) {
                current_.note_error("a worker ended by an exception");
            }
            if (--working_ == 0) {
                at_last.cancel();
                io_.stop();
            }
        });
    }
    io_.restart();
    io_.run();
    if (current_.busy == nanoseconds{0}) {
        current_.busy = process_time() - busy_before;
    }
    note_unfinished();
    return std::exchange(current_, {});
}

}  // namespace bench
