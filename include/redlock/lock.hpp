// The proof of holding a lock, and everything a holder can do with it. A handle of a few pointers:
// compiled code behind it does the work.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "redlock/clock.hpp"
#include "redlock/error.hpp"
#include "redlock/export.hpp"
#include "redlock/same_asio.hpp"
#include "redlock/types.hpp"

namespace redlock {

namespace manager {
class home;
class held_lock;
REDLOCK_API void intrusive_ptr_add_ref(held_lock* held) noexcept;
REDLOCK_API void intrusive_ptr_release(held_lock* held) noexcept;
/// With its count inside, which takes less room than beside it.
using held_handle = boost::intrusive_ptr<held_lock>;
}  // namespace manager

/// A lock that is, or was, held. Move-only; an empty one (default constructed or moved from) holds
/// nothing and its operations complete with `errc::lost`.
///
/// Lifetime: the destructor starts a release in the background; it never throws and never blocks.
/// Use `async_release` to learn the outcome. May outlive its manager; operations then complete with
/// `errc::closed`. Threads: different threads may use one lock at once, except for moving and
/// destroying it. Completions run on the handler's associated executor, else on that of the manager
/// that gave the lock out, whether it holds anything or not and even when the manager is gone;
/// never inside the initiating call. A default constructed lock knows no manager, and one whose
/// event loop is gone has no executor: then a handler without an executor of its own is called
/// inside the initiating call, since every other thread would be one that the program does not
/// know. Forks: in a forked child a lock is a copy that holds nothing. Its operations complete with
/// `errc::forked`, and neither they nor its destructor send anything.
class REDLOCK_API lock {
  public:
    lock() noexcept = default;
    explicit lock(manager::held_handle held) noexcept;  ///< For the library itself.
    /// For the library itself: an empty one.
    explicit lock(std::shared_ptr<const manager::home> home) noexcept;
    lock(lock&& other) noexcept;
    lock& operator=(lock&& other) noexcept;
    ~lock() {
        if (held_) {
            release_in_background();
        }
    }

    /// The resource, of a permit the semaphore; empty for an empty lock. Valid as long as this
    /// object is.
    [[nodiscard]] const resource_name& resource() const noexcept;
    /// All resources, sorted, of a lock of several; `resource()` is the first of them. Empty for an
    /// empty lock.
    [[nodiscard]] std::vector<resource_name> resources() const;
    /// Empty for an empty lock. Written out for each call: a held lock does not keep the text.
    [[nodiscard]] lock_token token() const;
    /// Larger than that of every acquisition of this resource that completed before this one began.
    /// Zero only for an attached lock that another library acquired.
    [[nodiscard]] redlock::fencing_token fencing_token() const noexcept;
    /// Which permit of its semaphore this is, from 0; nothing for any other lock. Fencing tokens
    /// compare among the holders of one slot only.
    [[nodiscard]] std::optional<std::size_t> slot() const noexcept;
    /// Whom it excludes; exclusive for an empty lock.
    [[nodiscard]] lock_mode mode() const noexcept;
    /// The end of validity: no other client can hold the lock before, with an allowance for drift
    /// and steps of the nodes' clocks. Moves forward with every extension, and back if a node's
    /// answer shows that its clock was set forward by more than the allowance.
    [[nodiscard]] boot_clock::time_point valid_until() const noexcept;
    /// The time until then, never negative.
    [[nodiscard]] std::chrono::nanoseconds remaining() const noexcept;
    /// Whether it is certainly held now. Becomes false by time alone, without any I/O; false at
    /// once when a release begins or the loss becomes known.
    [[nodiscard]] bool valid() const noexcept;
    [[nodiscard]] explicit operator bool() const noexcept { return valid(); }
    /// The cause of the last error of this lock's own operations, the watchdog's included.
    [[nodiscard]] diagnostics last_error() const;

    /// Resets the lease to `lease_time`, or to the lock's own when left out; never shortens it.
    ///
    /// Completes with `void(error_code)`: none; `errc::lost` when the nodes say that it is gone or
    /// validity ended first; `errc::no_quorum` or `errc::indeterminate` when too few answered: the
    /// lock then stays valid until `valid_until()` and may be extended again;
    /// `errc::invalid_argument`; `errc::closed`. Cancellation (terminal, partial, total): completes
    /// with `asio::error::operation_aborted`; nodes may have extended, `valid_until()` stays as it
    /// was.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_extend(std::optional<std::chrono::milliseconds> lease_time = std::nullopt,
                      CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [its = state{held_, home_}](auto handler,
                                        std::optional<std::chrono::milliseconds> lease) {
                start_extend(its, lease, any_handler(std::move(handler)));
            },
            token, lease_time);
    }

    /// Makes an exclusive lock a shared one, without a moment in which an exclusive lock of others
    /// could come between; on a shared lock it is `async_extend`. There is no way back: two that
    /// want one would wait for each other. A lock of several resources cannot be made shared:
    /// `errc::invalid_argument`.
    ///
    /// `mode()` is `shared` from the time on at which the operation begins, and stays so whatever
    /// comes of it: the caller must have ended what only an exclusive lock allows. Completes as
    /// `async_extend` does.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_downgrade(CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [its = state{held_, home_}](auto handler) {
                start_downgrade(its, any_handler(std::move(handler)));
            },
            token);
    }

    /// The longest text for `async_proclaim`, in bytes.
    static constexpr std::size_t max_proclaimed = 256;

    /// Stores a text of the holder's beside the lock, in place of the last one, for all who ask for
    /// the status or observe the lock: what a leader wants to have known of itself. Any bytes; no
    /// secrets. It lives and ends with the lock. Only for an exclusive lock.
    ///
    /// An extension carries it: completes as `async_extend` does, without error once a majority of
    /// the nodes has the text, and also with `errc::invalid_argument` for a shared lock, a permit,
    /// a text longer than `max_proclaimed`, and for a lock of several resources. After another
    /// error than that some nodes may have it, and the next renewal gives it to the others. The
    /// latest call counts.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_proclaim(std::string text, CompletionToken&& token = CompletionToken{}) const {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [its = state{held_, home_}](auto handler, std::string proclaimed) {
                start_proclaim(its, std::move(proclaimed), any_handler(std::move(handler)));
            },
            token, std::move(text));
    }

    /// Releases it. `valid()` is false from the initiating call on.
    ///
    /// Completes with `void(error_code)` as soon as a quorum confirms: none; `errc::lost` when it
    /// was already gone on enough nodes that no quorum held it; `errc::no_quorum` when too few
    /// nodes could be asked; `errc::indeterminate` when too few answered. Nodes that did not answer
    /// get the release again in the background until the lease is over. Cancellation ends only the
    /// waiting for the outcome: the release continues.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_release(CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [its = state{held_, home_}](auto handler) {
                start_release(its, any_handler(std::move(handler)));
            },
            token);
    }

    /// Completes with `errc::lost` when the loss becomes known, at the latest a stop margin before
    /// `valid_until()`, even with every node frozen; with no error when the lock is released or
    /// detached. Cancellation: `asio::error::operation_aborted`. Any number of calls may wait at
    /// once.
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_wait_lost(CompletionToken&& token = CompletionToken{}) {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [its = state{held_, home_}](auto handler) {
                start_wait_lost(its, any_handler(std::move(handler)));
            },
            token);
    }

    /// Gives the lock up without a release: the watchdog stops, the nodes keep the lock until its
    /// lease ends, and this object is empty. Use it to pass `token()` to another process; see
    /// `async_attach`.
    lock_token detach() noexcept;

  private:
    using any_handler = boost::asio::any_completion_handler<void(error_code)>;

    struct state {
        manager::held_handle held;
        std::shared_ptr<const manager::home> home;
    };

    static void start_extend(const state& its, std::optional<std::chrono::milliseconds> lease_time,
                             any_handler handler);
    static void start_downgrade(const state& its, any_handler handler);
    static void start_proclaim(const state& its, std::string text, any_handler handler);
    static void start_release(const state& its, any_handler handler);
    static void start_wait_lost(const state& its, any_handler handler);
    [[nodiscard]] static error_code why_unusable(const state& its) noexcept;
    [[nodiscard]] bool is_copy() const noexcept;
    void release_in_background() noexcept;

    manager::held_handle held_;
    std::shared_ptr<const manager::home> home_;  ///< None of a default constructed one.
};

/// A lock that a manager holds, as `lock_manager::active_locks` lists it.
struct active_lock {
    resource_name resource;
    lock_token token;
    lock_mode mode = lock_mode::exclusive;
};

}  // namespace redlock
