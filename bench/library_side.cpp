// Loops over the public interface, and nothing clever: what is measured is what a user gets.
#include "bench/library_side.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <cassert>
#include <utility>

#include "bench/settle.hpp"

namespace bench {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

redlock::acquire_options options_of(terms asked) {
    if (asked == terms::attempts_limited) {
        return {.lease_time = 10s, .wait = redlock::wait_policy::none()};
    }
    return {};
}

}  // namespace

/// One loop in callbacks: owns its lock, and lives until its run is over.
class library_side::callback_worker {
  public:
    callback_worker(library_side& side, std::size_t worker) : side_(side), worker_(worker) {}

    void begin() {
        begun_ = clock::now();
        if (!side_.may_begin(begun_)) {
            side_.worker_done();
            return;
        }
        side_.locks_.async_acquire(side_.next_name(worker_), side_.options_,
                                   [this](const redlock::error_code& error, redlock::lock held) {
                                       side_.note_acquired(begun_, error);
                                       held_ = std::move(held);
                                       error ? begin() : release();
                                   });
    }

  private:
    void release() {
        held_.async_release([this](const redlock::error_code& error) {
            side_.note_released(error);
            begin();
        });
    }

    library_side& side_;
    std::size_t worker_;
    clock::time_point begun_{};
    redlock::lock held_;
};

library_side::library_side(const std::vector<redlock::endpoint>& nodes, style how,
                           std::size_t at_once, std::size_t names, terms asked,
                           const redlock::manager_options& options, wanted what)
    : locks_(io_.get_executor(), nodes, options),
      how_(how),
      what_(what),
      options_(options_of(asked)),
      at_once_(at_once),
      next_names_(at_once, 0) {
    assert(how == style::coroutines || what == wanted::lock);
    for (std::size_t name = 0; name < names - names % at_once; ++name) {
        names_.emplace_back(fmt::format("redlock-bench:lock:{:06}", name));
    }
}

library_side::~library_side() {
    // Leaves nothing behind. Bounded by the manager's close timeout.
    locks_.async_close([this](const redlock::error_code&) { io_.stop(); });
    io_.restart();
    io_.run();
}

const redlock::resource_name& library_side::next_name(std::size_t worker) {
    const std::size_t stretch = names_.size() / at_once_;
    std::size_t& next = next_names_[worker];
    const std::size_t chosen = worker * stretch + next;
    next = (next + 1) % stretch;
    return names_[chosen];
}

bool library_side::may_begin(clock::time_point now) {
    if (now >= end_ || cycles_left_ == 0) {
        return false;
    }
    --cycles_left_;
    return true;
}

void library_side::note_acquired(clock::time_point begun, const redlock::error_code& error) {
    latencies_.push_back(clock::now() - begun);
    if (error) {
        ++current_.errors;
        last_error_ = "acquire: " + error.message();
    }
}

void library_side::note_released(const redlock::error_code& error) {
    ++current_.cycles;
    if (after_stretch_ && current_.cycles % stretch_length == 0) {
        after_stretch_();
    }
    if (error) {
        ++current_.errors;
        last_error_ = "release: " + error.message();
    }
}

void library_side::worker_done() {
    if (--working_ == 0) {
        current_.elapsed += clock::now().time_since_epoch();
        io_.stop();
    }
}

template <class Acquire>
asio::awaitable<void> library_side::work(std::size_t worker, Acquire acquire) {
    for (auto begun = clock::now(); may_begin(begun); begun = clock::now()) {
        auto [error, held] = co_await acquire(next_name(worker));
        note_acquired(begun, error);
        if (!error) {
            auto [release_error] = co_await held.async_release(asio::as_tuple(asio::deferred));
            note_released(release_error);
        }
    }
}

void library_side::begin(std::size_t worker) {
    static constexpr auto token = asio::as_tuple(asio::deferred);
    const auto spawn = [&](auto acquire) {
        asio::co_spawn(io_, work(worker, acquire), [this](std::exception_ptr) { worker_done(); });
    };
    switch (what_) {
        case wanted::lock:
            return spawn([this](const redlock::resource_name& name) {
                return locks_.async_acquire(name, options_, token);
            });
        case wanted::shared_lock:
            return spawn([this](const redlock::resource_name& name) {
                return locks_.async_acquire_shared(name, options_, token);
            });
        case wanted::permit:
            return spawn([this](const redlock::resource_name& name) {
                return locks_.async_acquire_any({name, 10}, options_, token);
            });
        case wanted::several:
            return spawn([this](const redlock::resource_name& name) {
                return locks_.async_acquire_all({name, name.str() + ":2", name.str() + ":3"},
                                                options_, token);
            });
    }
}

slice library_side::run_until(clock::time_point end, std::size_t cycles) {
    end_ = end;
    cycles_left_ = cycles;
    working_ = at_once_;
    current_ = {};
    std::vector<callback_worker> workers;
    workers.reserve(at_once_);

    io_.restart();
    const auto busy_before = thread_time();
    current_.elapsed = -clock::now().time_since_epoch();
    for (std::size_t worker = 0; worker < at_once_; ++worker) {
        if (how_ == style::callbacks) {
            workers.emplace_back(*this, worker).begin();
        } else {
            begin(worker);
        }
    }
    io_.run();
    current_.busy = thread_time() - busy_before;
    // What the quorum did not wait for is fetched now, outside the measured time, so that it does
    // not disturb what is measured next.
    const slice result = current_;
    io_.restart();
    io_.run_for(2ms);
    return result;
}

slice library_side::run(nanoseconds length) {
    return run_until(clock::now() + length, std::numeric_limits<std::size_t>::max());
}

slice library_side::run_cycles(std::size_t count) {
    return run_until(clock::time_point::max(), count);
}

bool library_side::settle(nanoseconds longest) {
    bool settled = false;
    asio::co_spawn(io_, all_answer(locks_, clock::now() + longest),
                   [this, &settled](std::exception_ptr failure, bool result) {
                       settled = !failure && result;
                       io_.stop();
                   });
    io_.restart();
    io_.run();
    return settled;
}

}  // namespace bench
