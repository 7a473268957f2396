// Leadership: of the processes that campaign for a name one leads at a time, and its work is a
// coroutine that is cancelled before another can lead. A lock that is wanted again and again; who
// leads, everybody can observe (`lock_manager::async_observe`).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/consign.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "redlock/error.hpp"
#include "redlock/export.hpp"
#include "redlock/lock.hpp"
#include "redlock/lock_manager.hpp"
#include "redlock/options.hpp"
#include "redlock/status.hpp"

namespace redlock {

namespace detail {

enum class term_stage {
    leading,
    resigned,  ///< The body was asked to end.
    over,      ///< It has ended.
};

/// How the body of a term is ended. Owned by the campaign, since it must not outlive the event
/// loop, as a handle of the user's may. On the campaign's strand only, but for `where`.
struct term_control {
    explicit term_control(boost::asio::any_io_executor strand) : where(std::move(strand)) {}

    void end_body() {
        if (stage == term_stage::leading) {
            stage = term_stage::resigned;
            stop.emit(boost::asio::cancellation_type::terminal);
        }
    }

    const boost::asio::any_io_executor where;
    boost::asio::cancellation_signal stop;
    term_stage stage = term_stage::leading;
};

}  // namespace detail

/// One term of a leader: what `async_campaign` passes to its body. A handle, which may be copied
/// and kept; once the body has ended, it does nothing any more. Any thread.
class term {
  public:
    /// For the library itself.
    term(std::shared_ptr<redlock::lock> held, std::weak_ptr<detail::term_control> control)
        : held_(std::move(held)), control_(std::move(control)) {}

    /// Larger than that of every term before. Pass it to the store, as the fencing token that it
    /// is.
    [[nodiscard]] fencing_token number() const noexcept { return held_->fencing_token(); }
    /// Whether this process certainly leads now. Becomes false by time alone.
    [[nodiscard]] bool valid() const noexcept { return held_->valid(); }
    /// The lock behind it. Its release is a resignation that does not wait for the body.
    [[nodiscard]] redlock::lock& held() const noexcept { return *held_; }

    /// Gives the leadership up: the body is cancelled (terminal), and once it has ended, the lock
    /// is released and the campaign begins again, behind all that wait already. Returns at once.
    void resign() const {
        if (const auto control = control_.lock()) {
            boost::asio::post(control->where, [control] { control->end_body(); });
        }
    }

    /// Stores a text that observers see with the leader; completes as `lock::async_proclaim`.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_proclaim(std::string text, CompletionToken&& token = CompletionToken{}) const {
        return held_->async_proclaim(std::move(text), std::forward<CompletionToken>(token));
    }

  private:
    std::shared_ptr<redlock::lock> held_;
    std::weak_ptr<detail::term_control> control_;
};

namespace detail {

enum class term_end {
    by_body,  ///< It returned or threw by itself, or since the campaign was cancelled.
    by_us,    ///< After a loss or a resignation, of which it was told or which it has seen.
};

/// How a body ended.
struct term_outcome {
    term_end end = term_end::by_body;
    std::exception_ptr failure;
};

/// Whether a body whose term is over has only obeyed: by a cancellation, also of several operations
/// at once, or since an operation on its lock has said so first.
inline bool is_obedience(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const boost::system::system_error& thrown) {
        return thrown.code() == boost::asio::error::operation_aborted ||
               thrown.code() == errc::lost;
    } catch (const boost::asio::multiple_exceptions& several) {
        return is_obedience(several.first_exception());
    } catch (...) {
        return false;
    }
}

template <class Body>
boost::asio::awaitable<void> run_term(Body& body, term now) {
    co_await body(now);
}

/// Runs the body until it ends, and ends it with the term. Releases the lock.
template <class Body>
boost::asio::awaitable<term_outcome> lead(Body& body, std::shared_ptr<lock> held) {
    namespace asio = boost::asio;
    const auto executor = co_await asio::this_coro::executor;
    const auto control = std::make_shared<term_control>(executor);
    const asio::cancellation_state outside = co_await asio::this_coro::cancellation_state;
    auto slot = outside.slot();
    if (slot.is_connected()) {
        // Whoever cancels the campaign and whoever resigns end the body in the same way.
        slot.assign([control](asio::cancellation_type kind) { control->stop.emit(kind); });
    }
    auto both = asio::experimental::make_parallel_group(
        asio::co_spawn(executor, run_term(body, term{held, control}), asio::deferred),
        // On this strand, like all that touches the slots of the group.
        held->async_wait_lost(asio::bind_executor(executor, asio::deferred)));
    auto [order, failure, loss] = co_await both.async_wait(
        asio::experimental::wait_for_one(),
        asio::bind_cancellation_slot(control->stop.slot(), asio::use_awaitable));
    if (slot.is_connected()) {
        slot.clear();
    }
    const bool ended_first = order[0] == 1 && loss != asio::error::operation_aborted;
    // A body that looks by itself whether it leads may be quicker than its cancellation.
    const bool by_us = ended_first || control->stage == term_stage::resigned || !held->valid();
    control->stage = term_stage::over;

    // A cancellation must not keep the lock from being released; the caller's next step meets it.
    co_await asio::this_coro::throw_if_cancelled(false);
    static_cast<void>(co_await held->async_release(asio::bind_cancellation_slot(
        asio::cancellation_slot{}, asio::as_tuple(asio::use_awaitable))));
    co_await asio::this_coro::throw_if_cancelled(true);
    term_outcome outcome{by_us ? term_end::by_us : term_end::by_body, std::move(failure)};
    co_return outcome;
}

template <class Body>
boost::asio::awaitable<void> campaign(lock_manager& locks, resource_name resource, Body body,
                                      acquire_request request) {
    namespace asio = boost::asio;
    for (;;) {
        diagnostics own;
        diagnostics& why = request.options().details != nullptr ? *request.options().details : own;
        auto [error, held] = co_await locks.async_acquire_as(
            resource_name{resource}, request.waiting(wait_policy::forever(), why),
            asio::as_tuple(asio::use_awaitable));
        if (error == asio::error::operation_aborted) {
            throw boost::system::system_error(error);
        }
        if (error) {
            throw lock_error(error, why);
        }
        const term_outcome outcome = co_await lead(body, std::make_shared<lock>(std::move(held)));
        if (outcome.failure &&
            (outcome.end == term_end::by_body || !is_obedience(outcome.failure))) {
            std::rethrow_exception(outcome.failure);
        }
        const asio::cancellation_state outside = co_await asio::this_coro::cancellation_state;
        if (outside.cancelled() != asio::cancellation_type::none) {
            throw boost::system::system_error(asio::error::operation_aborted);
        }
        if (outcome.end == term_end::by_body) {
            co_return;
        }
    }
}

/// How a campaign is ended from outside. Owned by what must be called at its end.
struct campaign_control {
    boost::asio::any_io_executor where;
    boost::asio::cancellation_signal stop;
};

/// Begins a campaign on a strand, since the end of the term and the body must not run side by side.
struct start_campaign {
    lock_manager* locks;

    template <class Handler, class Body>
    void operator()(Handler handler, resource_name resource, Body body,
                    acquire_request request) const {
        namespace asio = boost::asio;
        const auto control = std::make_shared<campaign_control>();
        control->where = asio::make_strand(locks->get_executor());
        // Each kind of cancellation ends the campaign; a coroutine by itself takes only one.
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
            slot.assign([weak = std::weak_ptr{control}](asio::cancellation_type) {
                if (const auto alive = weak.lock()) {
                    asio::dispatch(alive->where, [alive] {
                        alive->stop.emit(asio::cancellation_type::terminal);
                    });
                }
            });
        }
        asio::co_spawn(control->where,
                       campaign(*locks, std::move(resource), std::move(body), std::move(request)),
                       asio::bind_cancellation_slot(control->stop.slot(),
                                                    asio::consign(std::move(handler), control)));
    }
};

}  // namespace detail

/// Campaigns for the leadership of `resource` until it is cancelled or `body` gives up. Each time
/// that this process leads, `body(term)`, an awaitable-returning callable, runs while the lock is
/// renewed. It is cancelled (terminal) when the term ends: after `term::resign`, or when the loss
/// of the lock becomes known, at the latest a stop margin before another process can lead. Once the
/// body has ended, the lock is released, and the campaign begins again. A body that ignores its
/// cancellation is waited for.
///
/// Completes with `void(std::exception_ptr)`: null when the body has returned while it led, which
/// gives the leadership up for good; what the body has thrown, other than `operation_aborted` in
/// answer to its cancellation; `lock_error` with an error of `lock_manager::async_acquire` if the
/// lock could not be acquired, such as `errc::no_quorum` after `manager_options::quorum_timeout`,
/// and `errc::invalid_argument` for `options` with an identifier or a manager without fencing. Each
/// time the lock is released first. Cancellation (terminal, partial, total) ends the wait or the
/// body, and completes with `asio::error::operation_aborted`, thrown as `system_error`.
///
/// `options`: `label` is what observers see of the leader; `wait`, `renew` and `hand_over` do not
/// count. Strings are copied by the initiating call. Lifetime: `locks` must outlive the campaign.
/// Threads: any may begin it. The body runs on a strand over the manager's executor.
template <class Body, class CompletionToken = boost::asio::deferred_t>
auto async_campaign(lock_manager& locks, resource_name resource, Body body,
                    const acquire_options& options = {},
                    CompletionToken&& token = CompletionToken{}) {
    return boost::asio::async_initiate<CompletionToken, void(std::exception_ptr)>(
        detail::start_campaign{&locks}, token, std::move(resource), std::move(body),
        detail::acquire_request::for_term(options));
}

/// Calls `see(const leader_view&)` with who leads now, and again with each change of that, until it
/// is cancelled; by `lock_manager::async_observe`. Throws its errors as `system_error`, and what
/// `see` throws. Lifetime: `locks` must outlive the coroutine. Calls on the caller's executor.
template <class See>
boost::asio::awaitable<void> observe(lock_manager& locks, resource_name resource, See see) {
    std::optional<leader_view> seen;
    for (;;) {
        seen = co_await locks.async_observe(resource, seen, boost::asio::use_awaitable);
        see(std::as_const(*seen));
    }
}

}  // namespace redlock
