// The blocking facade: distributed locks that look like std::timed_mutex, std::shared_timed_mutex
// and std::counting_semaphore, for code without an event loop. It runs the one asynchronous
// implementation on an I/O thread of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "redlock/export.hpp"
#include "redlock/lock_manager.hpp"
#include "redlock/options.hpp"

namespace redlock {

/// Nodes and one I/O thread, shared by any number of mutexes. Thread-safe. The destructor releases
/// the locks that are still held, waits at most `manager_options::close_timeout`, and joins the
/// thread. In a forked child it is a copy without a thread: locking a mutex throws `errc::forked`
/// there, and unlocking and destroying send nothing.
class REDLOCK_API mutex_context {
  public:
    explicit mutex_context(const node_list& nodes, manager_options options = {});
    mutex_context(const mutex_context&) = delete;
    mutex_context& operator=(const mutex_context&) = delete;
    ~mutex_context();

    [[nodiscard]] lock_manager& manager() noexcept;

  private:
    friend class leader;
    friend class recursive_mutex;
    friend class mutex;
    friend class shared_mutex;
    friend class counting_semaphore;
    [[nodiscard]] bool is_copy() const noexcept;
    /// Blocks. Empty if somebody else has it for as long as `wait` allows; throws as `mutex::lock`.
    [[nodiscard]] redlock::lock acquire(const resource_name& resource, wait_policy wait,
                                        const detail::acquire_request& request) const;
    /// Blocks until a quorum has confirmed. Never throws.
    void release(redlock::lock& held) const noexcept;
    /// Blocks until a quorum has it. Throws as `leader::proclaim`.
    void proclaim(const redlock::lock& held, const std::string& text) const;

    struct state;
    std::unique_ptr<state> state_;
};

namespace detail {

/// Not by the difference alone, which a deadline far in the past would overflow.
template <class Clock, class Duration>
[[nodiscard]] wait_policy wait_until(std::chrono::time_point<Clock, Duration> deadline) {
    const auto now = Clock::now();
    return deadline <= now ? wait_policy::none() : wait_policy{deadline - now};
}

}  // namespace detail

/// Meets Lockable and TimedLockable: works with std::scoped_lock, std::unique_lock and std::lock.
/// Must not outlive its context. Like std::mutex it is not recursive, one thread holds it at a
/// time, and threads of one process exclude each other by it too. Unlike std::mutex it can be lost:
/// where that matters, call `valid()`, or pass `fencing_token()` to the store.
class REDLOCK_API mutex {
  public:
    /// Copies the strings in `options`; their `details` are not used, since errors carry their own.
    mutex(mutex_context& context, resource_name resource, const acquire_options& options = {});
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;
    ~mutex();

    /// Blocks until held. Throws `lock_error`: `errc::no_quorum`, `errc::invalid_argument`,
    /// `errc::same_server_twice`, `errc::different_nodes`, `errc::closed`.
    void lock();
    /// One attempt. False if another client holds it; throws as `lock` does for other failures.
    [[nodiscard]] bool try_lock();
    /// Blocks for at most `longest`.
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_for(std::chrono::duration<Rep, Period> longest) {
        return acquire(wait_policy{longest});
    }
    template <class Clock, class Duration>
    [[nodiscard]] bool try_lock_until(std::chrono::time_point<Clock, Duration> deadline) {
        return acquire(detail::wait_until<Clock>(deadline));
    }
    /// Releases the lock and waits for a quorum to confirm. Never throws: the observer gets a
    /// failure, and the lease ends by itself.
    void unlock() noexcept;

    /// Whether this object holds the lock and the lock is certainly still valid.
    [[nodiscard]] bool valid() const noexcept;
    /// Zero while not held.
    [[nodiscard]] redlock::fencing_token fencing_token() const noexcept;

  private:
    bool acquire(wait_policy wait);

    friend class recursive_mutex;

    mutex_context& context_;
    resource_name resource_;
    detail::acquire_request request_;
    redlock::lock held_;
};

/// As `mutex`, and the thread that holds it may lock it again: it is released with the last unlock.
/// All levels share one lock on the nodes; a loss ends it for all of them, and to lock it again
/// does not bring it back. An unlock by another thread does nothing. For coroutines, which
/// have no thread of their own, there is none: pass the `lock&` to whatever needs it.
class REDLOCK_API recursive_mutex {
  public:
    /// As `mutex`'s.
    recursive_mutex(mutex_context& context, resource_name resource,
                    const acquire_options& options = {})
        : below_(context, std::move(resource), options) {}
    recursive_mutex(const recursive_mutex&) = delete;
    recursive_mutex& operator=(const recursive_mutex&) = delete;
    ~recursive_mutex() = default;

    /// As `mutex::lock`; returns at once in the thread that holds it.
    void lock();
    [[nodiscard]] bool try_lock() { return nested() || taken(below_.try_lock()); }
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_for(std::chrono::duration<Rep, Period> longest) {
        return nested() || taken(below_.try_lock_for(longest));
    }
    template <class Clock, class Duration>
    [[nodiscard]] bool try_lock_until(std::chrono::time_point<Clock, Duration> deadline) {
        return nested() || taken(below_.try_lock_until(deadline));
    }
    /// Releases it with the last of its levels, as `mutex::unlock`.
    void unlock() noexcept;

    /// Whether the calling thread or another holds it, and it is certainly still valid.
    [[nodiscard]] bool valid() const noexcept { return below_.valid(); }
    /// Zero while not held.
    [[nodiscard]] redlock::fencing_token fencing_token() const noexcept {
        return below_.fencing_token();
    }

  private:
    [[nodiscard]] bool nested() noexcept;
    [[nodiscard]] bool taken(bool yes) noexcept;

    mutex below_;
    std::atomic<std::thread::id> owner_{};  // only its own thread can find itself here
    std::size_t levels_ = 0;                // of the owner
};

/// Meets SharedLockable and SharedTimedLockable besides: works with std::shared_lock, too. Any
/// number of threads, of this and of other processes, hold it shared at once, and while any does
/// nobody holds it alone; each of them has a lock of its own on the nodes. As with
/// std::shared_mutex, a thread that holds it shared must not lock it again in either way. All else
/// is as with `mutex`.
class REDLOCK_API shared_mutex {
  public:
    /// As `mutex`'s.
    shared_mutex(mutex_context& context, resource_name resource,
                 const acquire_options& options = {});
    shared_mutex(const shared_mutex&) = delete;
    shared_mutex& operator=(const shared_mutex&) = delete;
    ~shared_mutex();

    void lock() { alone_.lock(); }
    [[nodiscard]] bool try_lock() { return alone_.try_lock(); }
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_for(std::chrono::duration<Rep, Period> longest) {
        return alone_.try_lock_for(longest);
    }
    template <class Clock, class Duration>
    [[nodiscard]] bool try_lock_until(std::chrono::time_point<Clock, Duration> deadline) {
        return alone_.try_lock_until(deadline);
    }
    void unlock() noexcept { alone_.unlock(); }

    /// As `mutex::lock`, but shared.
    void lock_shared();
    [[nodiscard]] bool try_lock_shared() { return acquire_shared(wait_policy::none()); }
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_shared_for(std::chrono::duration<Rep, Period> longest) {
        return acquire_shared(wait_policy{longest});
    }
    template <class Clock, class Duration>
    [[nodiscard]] bool try_lock_shared_until(std::chrono::time_point<Clock, Duration> deadline) {
        return acquire_shared(detail::wait_until<Clock>(deadline));
    }
    /// Releases one of those that are held, and waits for a quorum to confirm. Never throws.
    void unlock_shared() noexcept;

    /// Whether it is held through this object, alone or shared, and certainly still valid: of
    /// shared ones, each.
    [[nodiscard]] bool valid() const noexcept;

  private:
    bool acquire_shared(wait_policy wait);

    mutex alone_;
    struct shared_state;
    std::unique_ptr<shared_state> shared_;
};

/// Looks like std::counting_semaphore, and its permits are shared by all processes that use one of
/// that name. Must not outlive its context. Unlike that of the standard library, it gives back only
/// permits that were acquired through this object, and a permit can be lost: where that matters,
/// use `lock_manager::async_acquire_any`. Any thread.
class REDLOCK_API counting_semaphore {
  public:
    /// The most permits a semaphore can have.
    [[nodiscard]] static constexpr std::ptrdiff_t max() noexcept {
        return static_cast<std::ptrdiff_t>(semaphore::max_permits);
    }

    /// As `mutex`'s. A number of permits that cannot be used shows with the first acquisition.
    counting_semaphore(mutex_context& context, semaphore of, const acquire_options& options = {});
    counting_semaphore(const counting_semaphore&) = delete;
    counting_semaphore& operator=(const counting_semaphore&) = delete;
    ~counting_semaphore();

    /// Blocks until it has a permit. Throws as `mutex::lock`; also `errc::permits_mismatch`.
    void acquire();
    /// One attempt. False if others hold all permits.
    [[nodiscard]] bool try_acquire() { return acquire(wait_policy::none()); }
    /// Blocks for at most `longest`.
    template <class Rep, class Period>
    [[nodiscard]] bool try_acquire_for(std::chrono::duration<Rep, Period> longest) {
        return acquire(wait_policy{longest});
    }
    template <class Clock, class Duration>
    [[nodiscard]] bool try_acquire_until(std::chrono::time_point<Clock, Duration> deadline) {
        return acquire(detail::wait_until<Clock>(deadline));
    }
    /// Gives back as many of the permits that this object has, those that it has had the longest,
    /// and waits for a quorum to confirm each. Never throws.
    void release(std::ptrdiff_t update = 1) noexcept;

    /// How many permits this object has that are certainly still valid.
    [[nodiscard]] std::size_t valid_permits() const noexcept;

  private:
    bool acquire(wait_policy wait);

    struct permits_state;
    std::unique_ptr<permits_state> state_;
};

}  // namespace redlock
