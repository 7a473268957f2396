#include "redlock/leader.hpp"

#include <condition_variable>
#include <future>
#include <mutex>
#include <utility>

namespace redlock {

struct leader::state {
    state(mutex_context& its, resource_name name, const acquire_options& options)
        : context(its),
          resource(std::move(name)),
          request(detail::acquire_request::for_term(options)) {}

    /// Who is told of the end of a term may come when another has begun, or nothing is left.
    void on_end(const std::shared_ptr<lock>& of) {
        const std::lock_guard held_guard{guard};
        if (held == of) {
            held.reset();
        }
        ended.notify_all();
    }
    [[nodiscard]] std::shared_ptr<lock> current() const {
        const std::lock_guard held_guard{guard};
        return held;
    }

    mutex_context& context;
    resource_name resource;
    detail::acquire_request request;
    mutable std::mutex guard;
    std::condition_variable ended;
    std::shared_ptr<lock> held;  // null: does not lead
};

leader::leader(mutex_context& context, resource_name resource, const acquire_options& options)
    : state_(std::make_shared<state>(context, std::move(resource), options)) {}

leader::~leader() {
    resign();
}

bool leader::campaign_as(wait_policy wait) {
    // A term that has ended by time, and was not released yet, would hold up our own next one.
    if (const auto held = state_->current()) {
        if (held->valid()) {
            return true;
        }
        resign();
    }
    lock won = state_->context.acquire(state_->resource, wait, state_->request);
    if (won.resource().str().empty()) {
        return false;
    }
    const auto held = std::make_shared<lock>(std::move(won));
    {
        const std::lock_guard guard{state_->guard};
        state_->held = held;
    }
    held->async_wait_lost(
        [its = state_, of = std::weak_ptr{held}](const error_code&) { its->on_end(of.lock()); });
    return true;
}

bool leader::is_leader() const noexcept {
    const auto held = state_->current();
    return held && held->valid();
}

fencing_token leader::term() const noexcept {
    const auto held = state_->current();
    return held && held->valid() ? held->fencing_token() : fencing_token{};
}

void leader::wait() {
    std::unique_lock guard{state_->guard};
    // In a forked child nobody would say that it has ended, and this process does not lead.
    state_->ended.wait(guard, [&] { return !state_->held || state_->context.is_copy(); });
}

bool leader::wait_at_most(std::chrono::nanoseconds longest) {
    std::unique_lock guard{state_->guard};
    return state_->ended.wait_for(guard, longest,
                                  [&] { return !state_->held || state_->context.is_copy(); });
}

void leader::resign() noexcept {
    std::shared_ptr<lock> held;
    {
        const std::lock_guard guard{state_->guard};
        held = std::exchange(state_->held, nullptr);
    }
    if (held) {
        state_->ended.notify_all();
        state_->context.release(*held);
    }
}

void leader::proclaim(const std::string& text) {
    const auto held = state_->current();
    if (!held) {
        throw lock_error(errc::lost, {"this candidate does not lead", {}});
    }
    state_->context.proclaim(*held, text);
}

}  // namespace redlock
