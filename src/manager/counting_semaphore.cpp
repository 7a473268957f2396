// std::counting_semaphore over a semaphore of all processes: keeps the permits that were acquired
// through it, in the order in which they came. Any thread.
#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

#include "redlock/mutex.hpp"

namespace redlock {

struct counting_semaphore::permits_state {
    permits_state(mutex_context& its, semaphore which, const acquire_options& options)
        : context(its),
          name(std::move(which.name)),
          request(detail::acquire_request::for_permit(options, which.permits)) {}

    mutex_context& context;
    resource_name name;
    detail::acquire_request request;
    std::mutex guard;
    std::deque<redlock::lock> held;  // the earliest first
};

counting_semaphore::counting_semaphore(mutex_context& context, semaphore of,
                                       const acquire_options& options)
    : state_(std::make_unique<permits_state>(context, std::move(of), options)) {}

counting_semaphore::~counting_semaphore() = default;

void counting_semaphore::acquire() {
    if (!acquire(state_->request.options().wait)) {
        // Only a wait policy of the caller's own can end this way.
        throw lock_error(errc::timed_out, {"others hold all permits", {}});
    }
}

bool counting_semaphore::acquire(wait_policy wait) {
    redlock::lock held = state_->context.acquire(state_->name, wait, state_->request);
    if (!held.slot()) {
        return false;
    }
    const std::lock_guard guard{state_->guard};
    state_->held.push_back(std::move(held));
    return true;
}

void counting_semaphore::release(std::ptrdiff_t update) noexcept {
    for (; update > 0; --update) {
        redlock::lock first;
        {
            const std::lock_guard guard{state_->guard};
            if (state_->held.empty()) {
                return;
            }
            first = std::move(state_->held.front());
            state_->held.pop_front();
        }
        state_->context.release(first);
    }
}

std::size_t counting_semaphore::valid_permits() const noexcept {
    const std::lock_guard guard{state_->guard};
    return static_cast<std::size_t>(std::ranges::count_if(state_->held, &redlock::lock::valid));
}

}  // namespace redlock
