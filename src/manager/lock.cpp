#include "redlock/lock.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/recycled.hpp"
#include "manager/held_lock.hpp"
#include "manager/home.hpp"

namespace redlock {

namespace {

using manager::completion;
using manager::executor_of;
using manager::home_executor;
using manager::manager_impl;

const resource_name no_resource;

/// Runs `what(held)` on the manager's strand.
template <class What>
void on_strand(const std::shared_ptr<manager_impl>& owner, What what) {
    owner->on_strand([owner, what = std::move(what)]() mutable { what(); });
}

/// Has what `make(completion)` makes for the caller `begin` on the manager's strand; completes with
/// `why_not` if the lock is empty, a copy, or its manager is gone.
template <class State, class Make, class Begin>
void launch(const State& its, error_code why_not,
            boost::asio::any_completion_handler<void(error_code)> handler, Make make, Begin begin) {
    const auto owner = its.held && !its.home->foreign() ? its.home->manager() : nullptr;
    if (!owner) {
        completion<error_code>{std::move(handler), home_executor{executor_of(its.home)}}(why_not);
        return;
    }
    const auto waiter = make(completion<error_code>{std::move(handler), owner->executor()});
    waiter->handler().on_cancel(owner->strand(), waiter);
    on_strand(owner, [waiter, begin] { begin(waiter); });
}

}  // namespace

lock::lock(manager::held_handle held) noexcept : held_(std::move(held)), home_(held_->its_home()) {}

lock::lock(std::shared_ptr<const manager::home> at) noexcept : home_(std::move(at)) {}

// What is left behind still knows where its completions belong.
lock::lock(lock&& other) noexcept
    : held_(std::move(other.held_)),
      home_(other.home_) {}  // NOLINT(performance-move-constructor-init): it keeps it

lock& lock::operator=(lock&& other) noexcept {
    if (this != &other) {
        release_in_background();
        held_ = std::move(other.held_);
        home_ = other.home_;
    }
    return *this;
}

void lock::release_in_background() noexcept {
    if (!held_) {
        return;
    }
    const auto held = std::exchange(held_, nullptr);
    if (is_copy()) {
        return;
    }
    held->invalidate();
    if (held->announce_release()) {
        return;
    }
    try {
        if (const auto owner = home_->manager()) {
            // Posted even on the strand: a destructor runs where nobody expects other code to.
            base::post_to(owner->strand(), [owner, held] { held->release({}); });
        }
    } catch (...) {  // NOLINT(bugprone-empty-catch)
        // No memory for the post: the lease ends by itself.
    }
}

const resource_name& lock::resource() const noexcept {
    return held_ ? held_->resource() : no_resource;
}

std::vector<resource_name> lock::resources() const {
    if (!held_) {
        return {};
    }
    const auto all = held_->resources();
    return {all.begin(), all.end()};
}

std::optional<std::size_t> lock::slot() const noexcept {
    return held_ ? held_->slot() : std::nullopt;
}

lock_token lock::token() const {
    return held_ ? held_->token() : lock_token{};
}

fencing_token lock::fencing_token() const noexcept {
    return held_ ? held_->fencing() : redlock::fencing_token{};
}

lock_mode lock::mode() const noexcept {
    return held_ ? held_->mode() : lock_mode::exclusive;
}

boot_clock::time_point lock::valid_until() const noexcept {
    return held_ ? held_->valid_until() : boot_clock::time_point{};
}

std::chrono::nanoseconds lock::remaining() const noexcept {
    using std::chrono::nanoseconds;
    return valid() ? std::max(valid_until() - home_->now(), nanoseconds{0}) : nanoseconds{0};
}

bool lock::valid() const noexcept {
    return held_ && held_->valid(home_->now()) && !is_copy();
}

bool lock::is_copy() const noexcept {
    return home_ && home_->foreign();
}

error_code lock::why_unusable(const state& its) noexcept {
    if (its.home && its.home->foreign()) {
        return errc::forked;
    }
    return its.held ? errc::closed : errc::lost;
}

diagnostics lock::last_error() const {
    if (is_copy()) {
        // Nor is its own looked at, which another thread of the parent may have been writing.
        return {make_error_code(errc::forked).message(), {}};
    }
    return held_ ? held_->last_error() : diagnostics{};
}

void lock::start_extend(const state& its, std::optional<std::chrono::milliseconds> lease_time,
                        any_handler handler) {
    launch(
        its, why_unusable(its), std::move(handler),
        [&](auto completion) {
            return base::make_recycled<manager::extend_operation>(its.held, std::move(completion));
        },
        [lease_time](const auto& operation) { operation->start(lease_time); });
}

void lock::start_downgrade(const state& its, any_handler handler) {
    launch(
        its, why_unusable(its), std::move(handler),
        [&](auto completion) {
            return base::make_recycled<manager::extend_operation>(its.held, std::move(completion));
        },
        [](const auto& operation) { operation->start_downgrade(); });
}

void lock::start_proclaim(const state& its, std::string text, any_handler handler) {
    launch(
        its, why_unusable(its), std::move(handler),
        [&](auto completion) {
            return base::make_recycled<manager::extend_operation>(its.held, std::move(completion));
        },
        [text = std::move(text)](const auto& operation) { operation->start_proclaim(text); });
}

void lock::start_release(const state& its, any_handler handler) {
    launch(
        its, why_unusable(its), std::move(handler),
        [&](auto completion) {
            its.held->invalidate();
            its.held->announce_release();
            return base::make_recycled<manager::outcome_waiter>(std::move(completion));
        },
        [held = its.held](const auto& waiter) { held->release(waiter); });
}

void lock::start_wait_lost(const state& its, any_handler handler) {
    launch(
        its, why_unusable(its), std::move(handler),
        [&](auto completion) {
            return base::make_recycled<manager::loss_waiter>(std::move(completion));
        },
        [held = its.held](const auto& waiter) { held->wait_lost(waiter); });
}

lock_token lock::detach() noexcept {
    if (!held_) {
        return {};
    }
    const auto held = std::exchange(held_, nullptr);
    held->invalidate();
    lock_token token = held->token();
    if (is_copy()) {
        return token;
    }
    if (const auto owner = home_->manager()) {
        on_strand(owner, [held] { held->forget(); });
    }
    return token;
}

}  // namespace redlock
