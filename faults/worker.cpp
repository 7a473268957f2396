#include "faults/worker.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <limits>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace redlock::faults {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr auto broken_lease = 100ms;

}  // namespace

worker::worker(asio::io_context& io, lock_manager& locks, const record_log& log,
               const client_request& request, std::size_t number)
    : locks_(locks),
      log_(log),
      request_(request),
      name_(fmt::format("{}.w{}", request.name, number)),
      resource_(fmt::format("faults:{}", number % request.resources)),
      store_(io),
      timer_(io),
      random_(std::random_device{}()) {
    store_.connect({request.store});
}

bool worker::breaks(std::string_view name) const {
    return request_.broken == name;
}

asio::awaitable<void> worker::run() {
    note(record_kind::began);
    while (!stopping_) {
        if (breaks("stop-asking") && turns_ > 0) {
            co_await sleep(10ms);
        } else if (breaks("no-lock") || breaks("blind-store") || breaks("look-anyway")) {
            co_await work_without_lock();
        } else {
            co_await take_turn();
        }
    }
    note(record_kind::ended);
}

void worker::stop() {
    stopping_ = true;
    cancel_.emit(asio::cancellation_type::terminal);
    timer_.cancel();
}

asio::awaitable<void> worker::take_turn() {
    note(record_kind::asked);
    const bool shared = is_one_of_readers();
    lock held = co_await acquire(shared);
    if (held.token().empty()) {
        note(record_kind::failed);
        // An error that comes at once must not become a busy loop.
        co_await sleep(10ms);
        co_return;
    }
    ++turns_;
    lost_ = false;
    note(shared ? record_kind::joined : record_kind::acquired, &held);
    current_ = &held;
    watch_for_loss(held);
    if (shared) {
        co_await look(held);
    } else {
        co_await update(held);
        if (is_one_of_readers() && !lost_) {
            co_await become_reader(held);
        }
    }
    note(record_kind::released, &held);
    current_ = nullptr;
    co_await held.async_release(quietly);
}

asio::awaitable<lock> worker::acquire(bool shared) {
    acquire_options with;
    if (breaks("ignore-loss")) {
        with.lease_time = broken_lease;
    } else if (random_() % 4 == 0) {
        // Not renewed: the hold may outlast it, and must then be lost in time.
        with.lease_time = request_.lease_time;
    }
    error_code failure;
    lock held;
    if (shared) {
        std::tie(failure, held) = co_await locks_.async_acquire_shared(
            resource_, with, asio::bind_cancellation_slot(cancel_.slot(), quietly));
    } else {
        std::tie(failure, held) = co_await locks_.async_acquire(
            resource_, with, asio::bind_cancellation_slot(cancel_.slot(), quietly));
    }
    co_return failure ? lock{} : std::move(held);
}

bool worker::is_one_of_readers() {
    return random_() % 100 < request_.readers;
}

// It holds on to what it has read, as one who builds an answer from several rows would.
asio::awaitable<void> worker::look(lock& held) {
    const std::string request = fmt::format("look {} {}", resource_, told_token(held));
    co_await ask_store(request);
    const bool mad = breaks("ignore-loss");
    if (mad || !lost_) {
        co_await sleep(mad ? 3 * broken_lease : next_hold());
    }
    if (mad || !lost_) {
        co_await ask_store(request);
    }
}

asio::awaitable<void> worker::become_reader(lock& held) {
    note(record_kind::shares, &held);
    auto [failure] = co_await held.async_downgrade(quietly);
    if (!failure && !lost_) {
        co_await look(held);
    }
}

asio::awaitable<void> worker::update(lock& held) {
    const std::uint64_t token = told_token(held);
    const record seen = co_await ask_store(fmt::format("read {} {}", resource_, token));
    const bool mad = breaks("ignore-loss");
    if (mad) {
        co_await sleep(3 * broken_lease);
    } else if (!lost_) {
        co_await sleep(next_hold());
    }
    // Without a look at valid(): between a look and the write a process can be stopped as well, and
    // what comes too late is the store's to refuse.
    if (seen.kind == record_kind::read && (!lost_ || mad)) {
        co_await ask_store(fmt::format("write {} {} {}", resource_, token, seen.value + 1));
    }
}

asio::awaitable<void> worker::work_without_lock() {
    record what;
    what.worker = name_;
    what.resource = resource_;
    const auto tell = [&](record_kind kind) {
        what.kind = kind;
        what.at = kernel_now();
        log_.add(what);
    };
    tell(record_kind::asked);
    what.token = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                                std::chrono::system_clock::now().time_since_epoch())
                                                .count());
    what.until = std::numeric_limits<std::int64_t>::max();
    if (breaks("look-anyway")) {
        tell(record_kind::joined);
        co_await ask_store(fmt::format("look {} {}", resource_, what.token));
        co_await sleep(next_hold());
    } else {
        tell(record_kind::acquired);
        const record seen = co_await ask_store(fmt::format("read {} {}", resource_, what.token));
        co_await sleep(next_hold());
        co_await ask_store(fmt::format("write {} {} {}", resource_, what.token, seen.value + 1));
    }
    tell(record_kind::released);
    ++turns_;
}

asio::awaitable<void> worker::sleep(std::chrono::nanoseconds span) {
    if (!stopping_) {
        timer_.expires_after(span);
        co_await timer_.async_wait(quietly);
    }
}

asio::awaitable<record> worker::ask_store(std::string request) {
    const std::string line = name_ + ' ' + request + '\n';
    co_await asio::async_write(store_, asio::buffer(line), asio::use_awaitable);
    std::string answer;
    const std::size_t size = co_await asio::async_read_until(store_, asio::dynamic_buffer(answer),
                                                             '\n', asio::use_awaitable);
    auto what = from_line(std::string_view{answer}.substr(0, size - 1));
    if (!what) {
        throw std::runtime_error("the store answers: " + answer);
    }
    co_return *std::move(what);
}

void worker::watch_for_loss(lock& held) {
    const std::uint64_t token = told_token(held);
    held.async_wait_lost([this, token](const error_code& why) {
        const bool other = current_ != nullptr && told_token(*current_) != token;
        if (why != errc::lost || other || breaks("ignore-loss")) {
            return;
        }
        record what;
        what.at = kernel_now();
        what.kind = record_kind::lost;
        what.worker = name_;
        what.resource = resource_;
        what.token = token;
        // Whoever was stopped until after the end of its validity is told late.
        what.until = current_ == nullptr ? what.at : told_until(*current_);
        log_.add(what);
        lost_ = true;
        timer_.cancel();
    });
}

void worker::note(record_kind kind, const lock* held) {
    record what;
    what.kind = kind;
    what.worker = name_;
    what.resource = resource_;
    if (held != nullptr) {
        what.token = told_token(*held);
        what.until = told_until(*held);
    }
    // Last, so that a hold is never told shorter than the worker believes in it.
    what.at = kernel_now();
    log_.add(what);
}

std::uint64_t worker::told_token(const lock& held) const {
    const std::uint64_t token = held.fencing_token().value();
    constexpr std::uint64_t a_minute = 60'000'000;
    return breaks("old-token") && turns_ % 10 == 0 ? token - a_minute : token;
}

std::int64_t worker::told_until(const lock& held) const {
    if (breaks("ignore-loss")) {
        return std::numeric_limits<std::int64_t>::max();
    }
    // What this process believes is left, in the time that really passes until its clock says so.
    const auto left =
        std::chrono::duration<double, std::nano>(held.valid_until() - boot_clock::now());
    return kernel_now() + static_cast<std::int64_t>(left.count() / request_.clock_rate);
}

std::chrono::nanoseconds worker::next_hold() {
    const bool is_long = request_.long_every > 0 && random_() % request_.long_every == 0;
    const std::chrono::nanoseconds most = is_long ? request_.lease_time * 3 / 2 : request_.hold;
    return std::chrono::nanoseconds{static_cast<std::int64_t>(
        std::uniform_real_distribution{0.05, 1.0}(random_) * static_cast<double>(most.count()))};
}

}  // namespace redlock::faults
