// The form of a lock that is hard to use wrongly: a coroutine runs while the lock is held, is
// cancelled before another client can hold it, and the lock is released on every way out.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "redlock/lock_manager.hpp"

namespace redlock {

namespace detail {

template <class Awaitable>
struct awaited;
template <class T, class Executor>
struct awaited<boost::asio::awaitable<T, Executor>> {
    using type = T;
};
template <class Body>
using body_result = typename awaited<std::invoke_result_t<Body&, lock&>>::type;

/// Runs the body and keeps its result; so that the parallel group need not default-construct a T.
template <class Body, class T>
boost::asio::awaitable<void> run_body(Body& body, lock& held, std::optional<T>& result) {
    result.emplace(co_await body(held));
}
template <class Body>
boost::asio::awaitable<void> run_body(Body& body, lock& held, std::optional<std::monostate>&) {
    co_await body(held);
}

struct one_lock {
    one_lock(lock_mode as, resource_name name) : mode(as), resource(std::move(name)) {}
    lock_mode mode;
    resource_name resource;
};

inline auto acquire_wanted(lock_manager& locks, one_lock wanted, const acquire_options& options) {
    constexpr auto token = boost::asio::as_tuple(boost::asio::use_awaitable);
    return wanted.mode == lock_mode::shared
               ? locks.async_acquire_shared(std::move(wanted.resource), options, token)
               : locks.async_acquire(std::move(wanted.resource), options, token);
}
inline auto acquire_wanted(lock_manager& locks, resource_names wanted,
                           const acquire_options& options) {
    return locks.async_acquire_all(std::move(wanted), options,
                                   boost::asio::as_tuple(boost::asio::use_awaitable));
}
inline auto acquire_wanted(lock_manager& locks, const semaphore& wanted,
                           const acquire_options& options) {
    return locks.async_acquire_any(wanted, options,
                                   boost::asio::as_tuple(boost::asio::use_awaitable));
}

/// What `with_lock`, `with_locks`, `with_shared_lock` and `with_permit` do.
template <class Wanted, class Body>
boost::asio::awaitable<body_result<Body>> with_lock_of(Wanted wanted, lock_manager& locks,
                                                       Body body, acquire_options options) {
    namespace asio = boost::asio;
    using result_type = body_result<Body>;
    using stored = std::conditional_t<std::is_void_v<result_type>, std::monostate, result_type>;

    diagnostics details;
    if (options.details == nullptr) {
        options.details = &details;
    }
    options.renew = options.renew.value_or(true);
    diagnostics& told = *options.details;
    auto [acquire_error, held] = co_await acquire_wanted(locks, std::move(wanted), options);
    if (acquire_error) {
        throw lock_error(acquire_error, told);
    }

    std::optional<stored> result;
    const auto executor = co_await asio::this_coro::executor;
    auto [order, body_failure, loss] =
        co_await asio::experimental::make_parallel_group(
            asio::co_spawn(executor, run_body(body, held, result), asio::deferred),
            // Where the body runs, like all that touches the slots of the group.
            held.async_wait_lost(asio::bind_executor(executor, asio::deferred)))
            .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    const bool lost = loss == errc::lost;

    // A cancellation must not keep the lock from being released. It is only held back meanwhile:
    // the caller's next step is to meet it.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    auto [release_error] = co_await held.async_release(asio::bind_cancellation_slot(
        asio::cancellation_slot{}, asio::as_tuple(asio::use_awaitable)));
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (lost || (!body_failure && release_error == errc::lost)) {
        throw lock_error(errc::lost, held.last_error());
    }
    if (body_failure) {
        std::rethrow_exception(body_failure);
    }
    if constexpr (!std::is_void_v<result_type>) {
        co_return std::move(*result);
    }
}

}  // namespace detail

/// Acquires the lock as `options` say, runs `body(lock&)`, an awaitable-returning callable, while
/// the watchdog renews the lock (unless `options.renew` is false), and releases it on every way
/// out.
///
/// Result: the body's. Throws what the body throws; `lock_error` with an error of
/// `lock_manager::async_acquire` if the lock was not acquired; `lock_error` with `errc::lost` if it
/// was lost while the body ran or turned out to be gone at release: the work may then have
/// overlapped with another holder's. When the loss becomes known, the body is cancelled (terminal),
/// at the latest a stop margin before another client can hold the lock; `with_lock` waits for a
/// body that ignores its cancellation. Cancellation of the calling coroutine cancels the waiting or
/// the body; the release still takes place, and the coroutine stays as cancelled as it was.
/// Lifetime: `locks` must outlive the coroutine. The body runs on the caller's executor.
template <class Body>
boost::asio::awaitable<detail::body_result<Body>> with_lock(lock_manager& locks,
                                                            resource_name resource, Body body,
                                                            acquire_options options = {}) {
    return detail::with_lock_of(detail::one_lock{lock_mode::exclusive, std::move(resource)}, locks,
                                std::move(body), options);
}

/// The same with several resources as one lock, by `lock_manager::async_acquire_all`.
template <class Body>
boost::asio::awaitable<detail::body_result<Body>> with_locks(lock_manager& locks,
                                                             resource_names resources, Body body,
                                                             acquire_options options = {}) {
    return detail::with_lock_of(std::move(resources), locks, std::move(body), options);
}

/// The same with a shared lock, by `lock_manager::async_acquire_shared`.
template <class Body>
boost::asio::awaitable<detail::body_result<Body>> with_shared_lock(lock_manager& locks,
                                                                   resource_name resource,
                                                                   Body body,
                                                                   acquire_options options = {}) {
    return detail::with_lock_of(detail::one_lock{lock_mode::shared, std::move(resource)}, locks,
                                std::move(body), options);
}

/// The same with a permit of a semaphore, by `lock_manager::async_acquire_any`.
template <class Body>
boost::asio::awaitable<detail::body_result<Body>> with_permit(lock_manager& locks, semaphore from,
                                                              Body body,
                                                              acquire_options options = {}) {
    return detail::with_lock_of(std::move(from), locks, std::move(body), options);
}

}  // namespace redlock
