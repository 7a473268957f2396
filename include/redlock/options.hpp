// The options of the library. Every default is here and nowhere else; with designated initialisers
// each can be omitted: {.lease_time = 30s, .wait = 5s}.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "redlock/error.hpp"
#include "redlock/observer.hpp"
#include "redlock/types.hpp"

namespace redlock {

/// How long, or how often, to try while another client holds the lock.
class wait_policy {
  public:
    /// Up to this long. Converts from any duration, so that `.wait = 5s` reads well; zero or less,
    /// or no number, means one attempt.
    template <class Rep, class Period>
    constexpr wait_policy(std::chrono::duration<Rep, Period> longest)  // NOLINT(*-explicit-*)
        : longest_(!(longest > longest.zero()) ? std::chrono::nanoseconds::zero()
                   : longest > std::chrono::duration<double>(no_limit)
                       ? no_limit
                       : std::chrono::duration_cast<std::chrono::nanoseconds>(longest)) {}

    /// As long as it takes. An unreachable quorum still ends it: see
    /// `manager_options::quorum_timeout`.
    [[nodiscard]] static constexpr wait_policy forever() { return wait_policy{no_limit}; }
    /// One attempt, then `errc::contended`.
    [[nodiscard]] static constexpr wait_policy none() {
        return wait_policy{std::chrono::nanoseconds{0}};
    }
    /// `count` attempts in all with a random delay between them, like aioredlock's retry_count and
    /// retry_delay_min / max; then `errc::contended`.
    [[nodiscard]] static constexpr wait_policy attempts(
        std::size_t count, std::chrono::milliseconds delay_min = std::chrono::milliseconds{100},
        std::chrono::milliseconds delay_max = std::chrono::milliseconds{300}) {
        wait_policy policy{no_limit};
        policy.attempts_ = count;
        policy.delay_min_ = delay_min;
        policy.delay_max_ = delay_max;
        return policy;
    }

    /// 146 years: no wait is bounded by it.
    static constexpr std::chrono::nanoseconds no_limit = std::chrono::nanoseconds::max() / 2;

    [[nodiscard]] constexpr std::chrono::nanoseconds longest() const { return longest_; }
    /// Zero: as many as fit.
    [[nodiscard]] constexpr std::size_t attempt_limit() const { return attempts_; }
    [[nodiscard]] constexpr std::chrono::milliseconds delay_min() const { return delay_min_; }
    [[nodiscard]] constexpr std::chrono::milliseconds delay_max() const { return delay_max_; }

  private:
    std::chrono::nanoseconds longest_;
    std::size_t attempts_ = 0;
    std::chrono::milliseconds delay_min_{0};
    std::chrono::milliseconds delay_max_{0};
};

/// One acquisition.
///
/// Every member is trivially destructible, and must stay so: in `co_await f({.wait = 5s})` g++ 12
/// copies the temporary bit by bit and destroys it twice. See
/// docs/decisions/options-without-destructors.md.
struct acquire_options {
    /// How long the nodes keep the lock unless it is extended; it is valid for 1 %, 2 ms and the
    /// allowance for clock steps less. Omitted: the manager's `lease_time`, renewed by the watchdog
    /// for as long as the lock is held. Given: this long, not renewed.
    std::optional<std::chrono::milliseconds> lease_time{};
    wait_policy wait = wait_policy::forever();
    /// Overrides the renewal that `lease_time` implies.
    std::optional<bool> renew{};
    /// The lock key's value. Omitted: a new random token for every attempt, which protects against
    /// late messages of an earlier attempt. If you give one, use it for one acquisition only.
    /// Copied by the initiating call.
    std::string_view identifier{};
    /// A text for people, such as the holder and the purpose; shown by `status`. Costs one more
    /// command on each node. Copied by the initiating call.
    std::string_view label{};
    /// Whether to wait in line with the waiters of other processes, in the order in which they
    /// came, and to take the lock only in turn. The nodes keep the order; they pass over a place
    /// whose owner does not come within 0.2 s. A lock without waiters is taken without reading the
    /// line. Other libraries, and callers that limit their attempts or set their own delays, do not
    /// stand in line and take a free lock at once.
    bool fair = true;
    /// How long before the end of validity the loss is announced (`async_wait_lost`, `with_lock`),
    /// so that the body can stop in time. Omitted: a tenth of the lease time, at most 500 ms.
    std::optional<std::chrono::milliseconds> stop_margin{};
    /// The lock stays for this long from its acquisition on, even if it is released earlier: no
    /// client can acquire it until then. For work that must not be done twice within a while, by
    /// machines whose clocks differ; other libraries call it `lockAtLeastFor`. A release completes
    /// as usual and leaves the rest of this time on the nodes; so do the end of the handle and a
    /// close. The lease lasts at least as long, and so does the lock if its holder dies: at most
    /// `max_lease_time`. Such a lock is not handed over within the process before that. A token
    /// that is attached elsewhere has no minimum: its release ends the lock at once. Zero: none.
    std::chrono::milliseconds min_hold{0};
    /// Whether the lock may come from, or go to, another acquisition of the same manager without a
    /// word to the nodes. False for a lock that others observe: each holder then has a token of its
    /// own on the nodes.
    bool hand_over = true;
    /// Receives the cause of an error; filled in before completion, untouched on success. If
    /// another client holds the lock, each node is asked once for the holder, which takes up to the
    /// node timeout. Must live until then.
    diagnostics* details = nullptr;
};

static_assert(std::is_trivially_destructible_v<acquire_options>);

/// Whether nodes that may have forgotten locks have no vote until those locks must be over: after a
/// restart, a promotion or a flush, and when a node that was started lately is first met.
enum class restart_guard {
    automatic,  ///< On for three nodes and more.
    on,
    off,  ///< A restarted node votes at once: two clients may hold one lock.
};

/// One manager. All clients of a node must agree on the number of nodes, `max_lease_time`,
/// `clock_window`, `fence_lifetime` and `clock_step`: safety across node restarts rests on them,
/// and a guarded node that knows clients with others has no vote
/// (`node_errc::configuration_mismatch`).
struct manager_options {
    /// Lease time of acquisitions that name none. aioredlock's default.
    std::chrono::milliseconds lease_time{10'000};
    /// The longest lease time that may be requested.
    std::chrono::milliseconds max_lease_time{60'000};
    /// How long one node may take to answer one command before its vote is given up.
    std::chrono::milliseconds node_timeout{500};
    /// How long resolving, connecting and logging in may take.
    std::chrono::milliseconds connect_timeout{1'000};
    /// No bound; for `quorum_timeout`.
    static constexpr auto no_limit =
        std::chrono::floor<std::chrono::milliseconds>(wait_policy::no_limit);
    /// How long an acquisition keeps trying while too few nodes answer, before `errc::no_quorum`:
    /// up to 24 hours, or `no_limit`. The wait policy bounds it as well.
    std::chrono::milliseconds quorum_timeout{5'000};
    /// Delay before a lost connection is tried again: doubles from the first to the second.
    std::chrono::milliseconds reconnect_min{20};
    std::chrono::milliseconds reconnect_max{2'000};
    /// How long `async_close` may take in all.
    std::chrono::milliseconds close_timeout{500};
    /// A node accepts fencing tokens within this distance of its own clock.
    std::chrono::milliseconds clock_window{10'000};
    /// How long a node remembers the last fencing token of a resource that is not locked any more.
    std::chrono::milliseconds fence_lifetime{120'000};
    /// Whether locks have fencing tokens. False is for locks that guard nothing that could check a
    /// token: `SET NX PX` takes such a lock, which costs the nodes least. What is given up:
    /// - `fencing_token()` is zero, and nothing stops the late write of a holder that slept through
    ///   the end of its lease;
    /// - a node that has lost the lock is not given it again while it is held;
    /// - a command on its way when a connection breaks may leave an orphaned lock until its lease
    ///   ends;
    /// - a step of a node's clock, once it is noticed, shortens each lock that rests on the node,
    ///   even if it came before;
    /// - a client that comes while a lock is free takes it, even if others wait in line, unless its
    ///   manager knows that they do.
    /// Locks with and without fencing exclude each other.
    bool fencing = true;
    restart_guard guard = restart_guard::automatic;
    /// The amount by which a node's clock may be set forward while a lock is held, or while the
    /// node is in quarantine, without harm: a node ends leases by that clock. A lock allows for
    /// this amount, but at most for a tenth of its lease time, and its validity is shorter by it.
    /// The node's next answer reveals a larger step and shortens the locks that rest on the node;
    /// in between, two clients may hold one lock. Setting a clock back does no harm.
    std::chrono::milliseconds clock_step{1'000};
    /// How often, and for how long after its acquisition, a released lock passes straight to the
    /// next waiter in the same manager (a permit: to one that does not ask the nodes), before other
    /// processes get a turn. Zero in either: never. At most 65,535 times.
    std::size_t hand_over_count{1'000};
    std::chrono::milliseconds hand_over_time{50};
    /// The prefix of the keys that the library keeps beside the locks: "team:" turns
    /// `redlock:epoch` into `team:redlock:epoch`, for a user whose ACL allows `~team:*` only.
    /// Resource names do not change. Letters, digits and `: . _ - /`, at most 128 bytes; empty:
    /// none. Clients with different prefixes exclude each other by the lock key alone: they neither
    /// see each other's fences and places in line, nor compare settings.
    std::string key_prefix{};
    /// Receives every event worth logging; may be null.
    std::shared_ptr<observer> events{};
};

namespace detail {

/// Options that own their strings, for as long as an operation lasts.
class acquire_request {
  public:
    explicit acquire_request(const acquire_options& options, lock_mode mode = lock_mode::exclusive)
        : options_(options), identifier_(options.identifier), label_(options.label), mode_(mode) {
        options_.identifier = options_.label = {};
    }

    [[nodiscard]] const acquire_options& options() const noexcept { return options_; }
    [[nodiscard]] const std::string& identifier() const noexcept { return identifier_; }
    [[nodiscard]] const std::string& label() const noexcept { return label_; }
    [[nodiscard]] lock_mode mode() const noexcept { return mode_; }

    /// The same for a permit of a semaphore with so many of them.
    [[nodiscard]] static acquire_request for_permit(const acquire_options& options,
                                                    std::size_t permits) {
        acquire_request request{options};
        request.permits_ = static_cast<std::uint32_t>(std::min<std::size_t>(permits, too_many));
        return request;
    }
    /// The same for a term of a leader: its lease is renewed, and always its own.
    [[nodiscard]] static acquire_request for_term(const acquire_options& options) {
        acquire_request request{options};
        request.options_.renew = true;
        request.options_.hand_over = false;
        request.wants_term_ = true;
        return request;
    }
    /// The same with another wait. `details` must outlive the acquisition.
    [[nodiscard]] acquire_request waiting(wait_policy wait, diagnostics& details) const {
        acquire_request request{*this};
        request.options_.wait = wait;
        request.options_.details = &details;
        return request;
    }
    [[nodiscard]] bool wants_term() const noexcept { return wants_term_; }
    [[nodiscard]] bool wants_permit() const noexcept { return permits_ != no_permit; }
    /// Meaningful if it wants one.
    [[nodiscard]] std::uint32_t permits() const noexcept { return permits_; }

  private:
    static constexpr std::uint32_t no_permit = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::uint32_t too_many = no_permit - 1;

    acquire_options options_;
    std::string identifier_;
    std::string label_;
    lock_mode mode_;
    bool wants_term_ = false;
    std::uint32_t permits_ = no_permit;
};

}  // namespace detail
}  // namespace redlock
