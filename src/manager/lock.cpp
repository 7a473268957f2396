#include "redlock/lock.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>
#include <utility>

#include "manager/held_lock.hpp"

namespace redlock {

namespace {

using manager::completion;
using manager::held_lock;
using manager::manager_impl;

const resource_name no_resource;
const lock_token no_token;

/// Runs `what(held)` on the manager's strand.
template <class What>
void on_strand(const std::shared_ptr<manager_impl>& owner, What what) {
    owner->on_strand([owner, what = std::move(what)]() mutable { what(); });
}

/// For a lock that is empty or whose manager is gone.
void complete_without_manager(boost::asio::any_completion_handler<void(error_code)> handler,
                              error_code error) {
    completion<error_code>{std::move(handler), boost::asio::system_executor{}}(error);
}

error_code why_unusable(const std::shared_ptr<held_lock>& held) {
    return held ? errc::closed : errc::lost;
}

}  // namespace

lock::lock(std::shared_ptr<held_lock> held) noexcept : held_(std::move(held)) {}

lock& lock::operator=(lock&& other) noexcept {
    if (this != &other) {
        release_in_background();
        held_ = std::move(other.held_);
    }
    return *this;
}

lock::~lock() {
    release_in_background();
}

void lock::release_in_background() noexcept {
    if (!held_) {
        return;
    }
    const auto held = std::exchange(held_, nullptr);
    held->invalidate();
    if (held->announce_release()) {
        return;
    }
    try {
        if (const auto owner = held->manager()) {
            // Posted even on the strand: a destructor runs where nobody expects other code to.
            boost::asio::post(owner->strand(), [owner, held] { held->release({}); });
        }
    } catch (...) {  // NOLINT(bugprone-empty-catch)
        // No memory for the post: the lease ends by itself.
    }
}

const resource_name& lock::resource() const noexcept {
    return held_ ? held_->resource() : no_resource;
}

const lock_token& lock::token() const noexcept {
    return held_ ? held_->token() : no_token;
}

fencing_token lock::fencing_token() const noexcept {
    return held_ ? held_->fencing() : redlock::fencing_token{};
}

boot_clock::time_point lock::valid_until() const noexcept {
    return held_ ? held_->valid_until() : boot_clock::time_point{};
}

std::chrono::nanoseconds lock::remaining() const noexcept {
    using std::chrono::nanoseconds;
    return valid() ? std::max(valid_until() - boot_clock::now(), nanoseconds{0}) : nanoseconds{0};
}

bool lock::valid() const noexcept {
    return held_ && held_->valid();
}

diagnostics lock::last_error() const {
    return held_ ? held_->last_error() : diagnostics{};
}

void lock::start_extend(std::shared_ptr<held_lock> held,
                        std::optional<std::chrono::milliseconds> lease_time, any_handler handler) {
    const auto owner = held ? held->manager() : nullptr;
    if (!owner) {
        complete_without_manager(std::move(handler), why_unusable(held));
        return;
    }
    const auto operation = std::make_shared<manager::extend_operation>(
        std::move(held), completion<error_code>{std::move(handler), owner->executor()});
    operation->handler().on_cancel(owner->strand(), operation);
    on_strand(owner, [operation, lease_time] { operation->start(lease_time); });
}

void lock::start_release(std::shared_ptr<held_lock> held, any_handler handler) {
    const auto owner = held ? held->manager() : nullptr;
    if (!owner) {
        complete_without_manager(std::move(handler), why_unusable(held));
        return;
    }
    held->invalidate();
    held->announce_release();
    const auto waiter = std::make_shared<manager::outcome_waiter>(
        completion<error_code>{std::move(handler), owner->executor()});
    waiter->handler().on_cancel(owner->strand(), waiter);
    on_strand(owner, [held = std::move(held), waiter] { held->release(waiter); });
}

void lock::start_wait_lost(std::shared_ptr<held_lock> held, any_handler handler) {
    const auto owner = held ? held->manager() : nullptr;
    if (!owner) {
        complete_without_manager(std::move(handler), why_unusable(held));
        return;
    }
    const auto waiter = std::make_shared<manager::loss_waiter>(
        held, completion<error_code>{std::move(handler), owner->executor()});
    waiter->handler().on_cancel(owner->strand(), waiter);
    on_strand(owner, [held = std::move(held), waiter] { held->wait_lost(waiter); });
}

lock_token lock::detach() noexcept {
    if (!held_) {
        return {};
    }
    const auto held = std::exchange(held_, nullptr);
    held->invalidate();
    lock_token token = held->token();
    if (const auto owner = held->manager()) {
        on_strand(owner, [held] { held->forget(); });
    }
    return token;
}

}  // namespace redlock
