// The blocking facade: a distributed lock that looks like std::timed_mutex, for code without an
// event loop. It runs the one asynchronous implementation on an I/O thread of its own.
#pragma once

#include <chrono>
#include <memory>
#include <string>

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
    friend class mutex;
    [[nodiscard]] bool is_copy() const noexcept;

    struct state;
    std::unique_ptr<state> state_;
};

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
        const auto now = Clock::now();
        // Not by the difference alone, which a deadline far in the past would overflow.
        return acquire(deadline <= now ? wait_policy::none() : wait_policy{deadline - now});
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

    mutex_context& context_;
    resource_name resource_;
    detail::acquire_request request_;
    redlock::lock held_;
};

}  // namespace redlock
