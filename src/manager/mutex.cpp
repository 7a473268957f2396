#include "redlock/mutex.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "base/forks.hpp"

namespace redlock {

namespace asio = boost::asio;

namespace {

constexpr auto somebody_else = "somebody else holds it";

}  // namespace

struct mutex_context::state {
    state(const node_list& nodes, manager_options options)
        : manager(io.get_executor(), nodes, std::move(options)), thread([this] { io.run(); }) {}

    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    lock_manager manager;
    std::thread thread;
    base::process_stamp stamp;
};

mutex_context::mutex_context(const node_list& nodes, manager_options options)
    : state_(std::make_unique<state>(nodes, std::move(options))) {}

mutex_context::~mutex_context() {
    if (state_->stamp.foreign()) {
        // The thread has stayed in the parent: nobody would complete anything, or could be joined.
        static_cast<void>(state_.release());  // NOLINT(bugprone-unused-return-value)
        return;
    }
    std::promise<void> closed;
    auto done = closed.get_future();
    // Bounded by close_timeout; what could not be confirmed went to the observer.
    state_->manager.async_close(
        [closed = std::move(closed)](const error_code&) mutable { closed.set_value(); });
    done.wait();
    state_->work.reset();
    state_->io.stop();
    state_->thread.join();
}

bool mutex_context::is_copy() const noexcept {
    return state_->stamp.foreign();
}

lock_manager& mutex_context::manager() noexcept {
    return state_->manager;
}

redlock::lock mutex_context::acquire(const resource_name& resource, wait_policy wait,
                                     const detail::acquire_request& request) const {
    if (is_copy()) {
        throw lock_error(errc::forked, {});
    }
    diagnostics details;
    std::promise<std::pair<error_code, redlock::lock>> outcome;
    auto done = outcome.get_future();
    state_->manager.async_acquire_as(
        resource_name{resource}, request.waiting(wait, details),
        [outcome = std::move(outcome)](error_code code, redlock::lock acquired) mutable {
            outcome.set_value({code, std::move(acquired)});
        });
    auto [error, held] = done.get();
    if (error == errc::contended || error == errc::timed_out) {
        return {};
    }
    if (error) {
        throw lock_error(error, std::move(details));
    }
    return std::move(held);
}

void mutex_context::release(redlock::lock& held) const noexcept {
    if (is_copy()) {
        return;
    }
    try {
        std::promise<void> released;
        auto done = released.get_future();
        held.async_release(
            [released = std::move(released)](const error_code&) mutable { released.set_value(); });
        done.wait();
    } catch (...) {  // NOLINT(bugprone-empty-catch)
        // No memory for the future: the destructor of `held` releases in the background.
    }
}

void mutex_context::proclaim(const redlock::lock& held, const std::string& text) const {
    if (is_copy()) {
        throw lock_error(errc::forked, {});
    }
    std::promise<error_code> outcome;
    auto done = outcome.get_future();
    held.async_proclaim(text, [outcome = std::move(outcome)](const error_code& error) mutable {
        outcome.set_value(error);
    });
    if (const error_code error = done.get()) {
        throw lock_error(error, held.last_error());
    }
}

mutex::mutex(mutex_context& context, resource_name resource, const acquire_options& options)
    : context_(context), resource_(std::move(resource)), request_(options) {}

mutex::~mutex() = default;

void mutex::lock() {
    if (!acquire(request_.options().wait)) {
        // Only a wait policy of the caller's own can end this way.
        throw lock_error(errc::timed_out, {somebody_else, {}});
    }
}

bool mutex::try_lock() {
    return acquire(wait_policy::none());
}

bool mutex::acquire(wait_policy wait) {
    redlock::lock held = context_.acquire(resource_, wait, request_);
    if (held.resource().str().empty()) {
        return false;
    }
    held_ = std::move(held);
    return true;
}

void mutex::unlock() noexcept {
    // Taken out first: another thread's lock() may store its own as soon as this one is released.
    redlock::lock last = std::move(held_);
    context_.release(last);
}

bool mutex::valid() const noexcept {
    return held_.valid();
}

fencing_token mutex::fencing_token() const noexcept {
    return held_ ? held_.fencing_token() : redlock::fencing_token{};
}

void recursive_mutex::lock() {
    if (!nested()) {
        below_.lock();
        static_cast<void>(taken(true));
    }
}

bool recursive_mutex::nested() noexcept {
    // A forked child has the thread, and not the lock.
    if (owner_.load(std::memory_order_relaxed) != std::this_thread::get_id() ||
        below_.context_.is_copy()) {
        return false;
    }
    ++levels_;
    return true;
}

bool recursive_mutex::taken(bool yes) noexcept {
    if (yes) {
        owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        levels_ = 1;
    }
    return yes;
}

void recursive_mutex::unlock() noexcept {
    if (owner_.load(std::memory_order_relaxed) != std::this_thread::get_id() || --levels_ > 0) {
        return;
    }
    owner_.store({}, std::memory_order_relaxed);
    below_.unlock();
}

struct shared_mutex::shared_state {
    shared_state(mutex_context& its, resource_name name, const acquire_options& options)
        : context(its), resource(std::move(name)), request(options, lock_mode::shared) {}

    mutex_context& context;
    resource_name resource;
    detail::acquire_request request;
    std::mutex guard;
    std::deque<redlock::lock> held;  // one for each lock_shared, the earliest first
};

shared_mutex::shared_mutex(mutex_context& context, resource_name resource,
                           const acquire_options& options)
    : alone_(context, resource, options),
      shared_(std::make_unique<shared_state>(context, std::move(resource), options)) {}

shared_mutex::~shared_mutex() = default;

void shared_mutex::lock_shared() {
    if (!acquire_shared(shared_->request.options().wait)) {
        throw lock_error(errc::timed_out, {somebody_else, {}});
    }
}

bool shared_mutex::acquire_shared(wait_policy wait) {
    redlock::lock held = shared_->context.acquire(shared_->resource, wait, shared_->request);
    if (held.resource().str().empty()) {
        return false;
    }
    const std::lock_guard guard{shared_->guard};
    shared_->held.push_back(std::move(held));
    return true;
}

void shared_mutex::unlock_shared() noexcept {
    redlock::lock first;
    {
        const std::lock_guard guard{shared_->guard};
        if (shared_->held.empty()) {
            return;
        }
        first = std::move(shared_->held.front());
        shared_->held.pop_front();
    }
    shared_->context.release(first);
}

bool shared_mutex::valid() const noexcept {
    const std::lock_guard guard{shared_->guard};
    return shared_->held.empty() ? alone_.valid()
                                 : std::ranges::all_of(shared_->held, &redlock::lock::valid);
}

}  // namespace redlock
