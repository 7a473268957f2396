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
constexpr std::size_t permits = 2;

std::string resource_of(shape kind, const client_request& request, std::size_t number) {
    switch (kind) {
        case shape::permit:
            return "faults:permits";
        case shape::leader:
        case shape::observer:
            return "faults:leader";
        case shape::lock:
        case shape::several:
            break;
    }
    return fmt::format("faults:{}", number % request.resources);
}

std::string permit_name(const std::string& resource, std::size_t slot) {
    return fmt::format("{}#{}", resource, slot);
}

}  // namespace

worker::worker(asio::io_context& io, lock_manager& locks, const record_log& log,
               const client_request& request, shape kind, std::size_t number)
    : locks_(locks),
      log_(log),
      request_(request),
      shape_(kind),
      name_(fmt::format("{}.w{}", request.name, number)),
      resource_(resource_of(kind, request, number)),
      guarded_{resource_},
      store_(io),
      timer_(io),
      random_(std::random_device{}()) {
    if (kind == shape::several) {
        guarded_.push_back(resource_ + ":beside");
    }
    store_.connect({request.store});
}

bool worker::breaks(std::string_view name) const {
    return request_.broken == name;
}

asio::awaitable<void> worker::run() {
    note(record_kind::began);
    while (!stopping_) {
        const bool alone = breaks("no-lock") || breaks("blind-store") ||
                           (breaks("look-anyway") && shape_ == shape::lock) ||
                           (breaks("no-permit") && shape_ == shape::permit);
        if (breaks("stop-asking") && turns_ > 0) {
            co_await sleep(10ms);
        } else if (shape_ == shape::observer) {
            co_await observe();
        } else if (alone) {
            co_await work_without_lock();
        } else if (shape_ == shape::leader) {
            co_await campaign();
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
    const bool shared = shape_ == shape::lock && is_one_of_readers();
    lock held = co_await acquire(shared);
    if (held.token().empty()) {
        note(record_kind::failed);
        // An error that comes at once must not become a busy loop.
        co_await sleep(10ms);
        co_return;
    }
    if (shape_ == shape::permit) {
        note_permit(held.slot().value());
    }
    co_await use(held, shared);
    co_await held.async_release(quietly);
}

// A slot is a lock: that no two have it is that no more than `permits` are at work.
void worker::note_permit(std::size_t slot) {
    if (slot >= permits) {
        throw std::runtime_error(fmt::format("slot {} of {}", slot, permits));
    }
    guarded_ = {permit_name(resource_, slot)};
}

asio::awaitable<void> worker::use(lock& held, bool shared) {
    ++turns_;
    lost_ = false;
    note(shared ? record_kind::joined : record_kind::acquired, &held);
    current_ = &held;
    watch_for_loss(held);
    if (shared) {
        co_await look(held);
    } else {
        co_await update(held);
        if (shape_ == shape::lock && is_one_of_readers() && !lost_) {
            co_await become_reader(held);
        }
    }
    note(record_kind::released, &held);
    current_ = nullptr;
}

asio::awaitable<void> worker::campaign() {
    note(record_kind::asked);
    const auto lead = [this](term now) -> asio::awaitable<void> {
        // It ends by itself when it is told of the loss; the answers of the store are read whole.
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation{});
        try {
            co_await use(now.held(), false);
            // Another term may follow at once.
            note(record_kind::asked);
        } catch (...) {
            current_ = nullptr;
            term_failure_ = std::current_exception();
        }
    };
    acquire_options with;
    with.label = name_;
    with.lease_time = options().lease_time;
    const auto [failure] = co_await async_campaign(
        locks_, resource_, lead, with, asio::bind_cancellation_slot(cancel_.slot(), quietly));
    if (term_failure_) {
        // The store or the log is gone, as in any other turn.
        std::rethrow_exception(term_failure_);
    }
    if (failure) {
        note(record_kind::failed);
        co_await sleep(10ms);
    }
}

asio::awaitable<void> worker::observe() {
    auto [failure, view] = co_await locks_.async_observe(
        resource_, seen_, asio::bind_cancellation_slot(cancel_.slot(), quietly));
    if (failure) {
        co_await sleep(10ms);
        co_return;
    }
    ++turns_;
    if (view) {
        note(record_kind::saw, view.term.value(), 0);
    }
    seen_ = std::move(view);
}

acquire_options worker::options() {
    acquire_options with;
    if (breaks("ignore-loss")) {
        with.lease_time = broken_lease;
    } else if (random_() % 4 == 0) {
        // Not renewed: the hold may outlast it, and must then be lost in time.
        with.lease_time = request_.lease_time;
    }
    return with;
}

asio::awaitable<lock> worker::acquire(bool shared) {
    const acquire_options with = options();
    const auto token = [this] { return asio::bind_cancellation_slot(cancel_.slot(), quietly); };
    error_code failure;
    lock held;
    if (shape_ == shape::permit) {
        const semaphore pool{resource_, permits};
        std::tie(failure, held) = co_await locks_.async_acquire_any(pool, with, token());
    } else if (shape_ == shape::several && !breaks("half")) {
        const resource_names both{guarded_[0], guarded_[1]};
        std::tie(failure, held) = co_await locks_.async_acquire_all(both, with, token());
    } else if (shape_ == shape::several) {
        std::tie(failure, held) = co_await locks_.async_acquire(guarded_[1], with, token());
    } else if (shared) {
        std::tie(failure, held) = co_await locks_.async_acquire_shared(resource_, with, token());
    } else {
        std::tie(failure, held) = co_await locks_.async_acquire(resource_, with, token());
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
    std::vector<record> seen;
    seen.reserve(guarded_.size());
    for (const std::string& each : guarded_) {
        seen.push_back(co_await ask_store(fmt::format("read {} {}", each, token)));
    }
    const bool mad = breaks("ignore-loss");
    if (mad) {
        co_await sleep(3 * broken_lease);
    } else if (!lost_) {
        co_await sleep(next_hold());
    }
    // Without a look at valid(): between a look and the write a process can be stopped as well, and
    // what comes too late is the store's to refuse.
    for (const record& each : seen) {
        if (each.kind == record_kind::read && (!lost_ || mad)) {
            co_await ask_store(fmt::format("write {} {} {}", each.resource, token, each.value + 1));
        }
    }
}

asio::awaitable<void> worker::work_without_lock() {
    if (shape_ == shape::permit) {
        note_permit(turns_ % permits);
    }
    note(record_kind::asked);
    const auto token =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                       std::chrono::system_clock::now().time_since_epoch())
                                       .count());
    constexpr auto for_ever = std::numeric_limits<std::int64_t>::max();
    if (breaks("look-anyway")) {
        note(record_kind::joined, token, for_ever);
        co_await ask_store(fmt::format("look {} {}", resource_, token));
        co_await sleep(next_hold());
    } else {
        note(record_kind::acquired, token, for_ever);
        const record seen = co_await ask_store(fmt::format("read {} {}", guarded_[0], token));
        co_await sleep(next_hold());
        co_await ask_store(fmt::format("write {} {} {}", guarded_[0], token, seen.value + 1));
    }
    note(record_kind::released, token, for_ever);
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
        // One that was stopped until after the end of its validity is told late.
        note(record_kind::lost, token, current_ == nullptr ? kernel_now() : told_until(*current_));
        lost_ = true;
        timer_.cancel();
    });
}

void worker::note(record_kind kind, const lock* held) {
    if (held == nullptr) {
        note(kind, 0, 0);
    } else {
        note(kind, told_token(*held), told_until(*held));
    }
}

void worker::note(record_kind kind, std::uint64_t token, std::int64_t until) {
    record what;
    what.kind = kind;
    what.token = token;
    what.until = until;
    for (std::size_t i = 0; i < guarded_.size(); ++i) {
        // To the judge each name has a worker of its own.
        what.worker = guarded_.size() == 1 ? name_ : fmt::format("{}/{}", name_, i);
        what.resource = guarded_[i];
        // Last, so that a hold is never told shorter than the worker believes in it.
        what.at = kernel_now();
        log_.add(what);
    }
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
