#include "redlock/mutex.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <thread>
#include <utility>

#include "base/forks.hpp"

namespace redlock {

namespace asio = boost::asio;

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

mutex::mutex(mutex_context& context, resource_name resource, const acquire_options& options)
    : context_(context), resource_(std::move(resource)), request_(options) {}

mutex::~mutex() = default;

void mutex::lock() {
    if (!acquire(request_.options().wait)) {
        // Only a wait policy of the caller's own can end this way.
        throw lock_error(errc::timed_out, {"somebody else holds it", {}});
    }
}

bool mutex::try_lock() {
    return acquire(wait_policy::none());
}

bool mutex::acquire(wait_policy wait) {
    if (context_.is_copy()) {
        throw lock_error(errc::forked, {});
    }
    diagnostics details;
    acquire_options options = request_.options();
    options.identifier = request_.identifier();
    options.label = request_.label();
    options.wait = wait;
    options.details = &details;
    std::promise<std::pair<error_code, redlock::lock>> outcome;
    auto done = outcome.get_future();
    context_.manager().async_acquire(
        resource_, options,
        [outcome = std::move(outcome)](error_code code, redlock::lock acquired) mutable {
            outcome.set_value({code, std::move(acquired)});
        });
    auto [error, held] = done.get();
    if (error == errc::contended || error == errc::timed_out) {
        return false;
    }
    if (error) {
        throw lock_error(error, std::move(details));
    }
    held_ = std::move(held);
    return true;
}

void mutex::unlock() noexcept {
    // Taken out first: another thread's lock() may store its own as soon as this one is released.
    redlock::lock mine = std::move(held_);
    if (context_.is_copy()) {
        return;
    }
    try {
        std::promise<void> released;
        auto done = released.get_future();
        mine.async_release(
            [released = std::move(released)](const error_code&) mutable { released.set_value(); });
        done.wait();
    } catch (...) {  // NOLINT(bugprone-empty-catch)
        // No memory for the future: the destructor of `mine` releases in the background.
    }
}

bool mutex::valid() const noexcept {
    return held_.valid();
}

fencing_token mutex::fencing_token() const noexcept {
    return held_ ? held_.fencing_token() : redlock::fencing_token{};
}

}  // namespace redlock
