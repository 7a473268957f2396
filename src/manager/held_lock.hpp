// A lock that was won, for as long as anybody knows of it: extends it, announces its loss, gives it
// back. Where it lies and until when it is good is core::holding's to say, the timing is
// core::renewal's, the votes are the rounds'. What is marked "any thread" is
// safe there; the rest happens on the manager's strand.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>

#include "base/recycled.hpp"
#include "core/acquisition.hpp"
#include "core/holding.hpp"
#include "core/local_queues.hpp"
#include "core/minimum_hold.hpp"
#include "core/renewal.hpp"
#include "core/turn.hpp"
#include "driver/extend_attempt.hpp"
#include "driver/release_attempt.hpp"
#include "manager/completion.hpp"
#include "manager/loss_watch.hpp"
#include "manager/manager_impl.hpp"
#include "outside/alarm_clock.hpp"
#include "redlock/error.hpp"
#include "redlock/lock.hpp"
#include "redlock/observer.hpp"
#include "redlock/types.hpp"

namespace redlock::manager {

/// How a lock came to be ours.
struct won_lease {
    driver::shared_identity identity;
    core::turn turn;
    std::chrono::milliseconds lease_time{};
    /// The longest that the nodes were ever asked for: so long one of them may keep it.
    std::chrono::milliseconds longest_lease{};
    core::duration stop_margin{};
    bool renews = false;
    core::minimum_hold minimum;
    core::holding holding;
};

class held_lock;
class loss_waiter;

/// What waits in the queue of its process for a lock, and may be handed it by the holder.
class successor : public core::queue_member {
  public:
    [[nodiscard]] virtual core::acquisition::taking takes_over(core::instant now) const = 0;
    /// How long a lease it wants, and how long before its end it wants to hear of the loss.
    [[nodiscard]] virtual std::chrono::milliseconds lease_time() const = 0;
    [[nodiscard]] virtual core::duration stop_margin() const = 0;
    /// It is handed the lease of `from`, which ends.
    virtual void take_over(held_lock& from, won_lease won) = 0;
};

class held_lock final : public base::in_recycled_memory,
                        public keepable<held_lock, held_handle>,
                        public core::queue_holder,
                        public outside::alarm {
  public:
    held_lock(manager_impl& manager, won_lease won);

    // Any thread. The manager, and what time it is, the lock's home knows.
    /// Of a permit that of its semaphore, of several names the first.
    [[nodiscard]] const resource_name& resource() const {
        const auto* const semaphore = identity_->semaphore();
        return semaphore != nullptr ? semaphore->name : lock_name();
    }
    /// All of them; `resource` is the first.
    [[nodiscard]] std::span<const resource_name> resources() const {
        const auto* const semaphore = identity_->semaphore();
        return semaphore != nullptr ? std::span<const resource_name>{&semaphore->name, 1}
                                    : lock_names();
    }
    /// Of the lock on the nodes: of a permit that of its slot.
    [[nodiscard]] const resource_name& lock_name() const { return identity_->resource; }
    [[nodiscard]] std::span<const resource_name> lock_names() const { return identity_->names(); }
    /// Of a permit.
    [[nodiscard]] std::optional<std::size_t> slot() const {
        return identity_->semaphore() != nullptr
                   ? std::optional<std::size_t>{identity_->extras->slot}
                   : std::nullopt;
    }
    [[nodiscard]] lock_token token() const { return identity_->token(); }
    [[nodiscard]] fencing_token fencing() const { return fencing_token{turn_.fencing()}; }
    [[nodiscard]] lock_mode mode() const { return identity_.mode(); }
    [[nodiscard]] core::instant valid_until() const;
    [[nodiscard]] bool valid(core::instant now) const;
    [[nodiscard]] diagnostics last_error() const;
    /// From now on `valid()` is false; what remains to be done is `release` or `forget`.
    void invalidate() { over_.store(true, std::memory_order_release); }
    /// `release` will be called, so that nobody else has to; true if that was said before.
    bool announce_release() { return release_announced_.exchange(true, std::memory_order_acq_rel); }

    // On the strand, with the manager alive.
    /// Lists the lock with the manager and starts to look after it.
    void start();
    /// `waiter` may be null.
    void release(std::shared_ptr<outcome_waiter> waiter);
    /// Stops looking after it and leaves it to its lease.
    void forget();
    /// Starts a round for `asker`, unless an error tells why not. The lock's own lease time if none
    /// is given.
    [[nodiscard]] error_code extend(std::optional<std::chrono::milliseconds> lease_time,
                                    std::shared_ptr<driver::extend_attempt::owner> asker);
    /// The same of a round that makes it a shared lock, which it is from now on whatever becomes of
    /// the round: one node that has followed may be what another reader lacked.
    [[nodiscard]] error_code downgrade(std::shared_ptr<driver::extend_attempt::owner> asker);
    /// The same of a round that gives the nodes a text of the holder's.
    [[nodiscard]] error_code proclaim(const std::string& text,
                                      std::shared_ptr<driver::extend_attempt::owner> asker);
    /// Those of this process who compete for it are told that it has changed there: the nodes tell
    /// everybody but the connection on which the change came.
    void tell_competitors(core::node_set where);
    /// Those of this process who observe who has it are told, for the same reason.
    void tell_observers();
    /// What a decided round means for the lock, and for whoever asked for it.
    error_code on_extend_decided(const driver::extend_attempt& attempt, core::instant now);
    void on_extend_answered() { holding_.forget_answered(); }
    /// What a decided release means for the lock, and for those who wait for it.
    void on_release_decided(const driver::release_attempt& attempt);
    void wait_lost(const std::shared_ptr<loss_waiter>& waiter);
    /// The nodes, or the time, say that it is not ours any more.
    void lose(diagnostics why);
    void stop_waiting(const loss_waiter& waiter);
    /// A node's clock was found to have been set: the lease may end earlier.
    void on_clock_set(node_index node);
    /// The manager goes without a close: nothing can be done any more.
    void abandon();
    /// In a forked child: whoever waits is told, and the lock is the parent's.
    void leave_to_parent();
    /// With the manager alive.
    [[nodiscard]] std::shared_ptr<const home> its_home() const { return manager_->its_home(); }
    /// Whether a release was confirmed by a quorum, or the lock was found to be gone.
    [[nodiscard]] bool surely_over() const;

  private:
    friend void intrusive_ptr_add_ref(held_lock* held) noexcept;
    friend void intrusive_ptr_release(held_lock* held) noexcept;

    enum class stage : std::uint8_t { held, lost, releasing, over };

    void on_alarm(core::instant now) override;
    void stop_looking_after(error_code told_to_waiters);
    std::list<std::shared_ptr<loss_waiter>> take_loss_waiters();
    struct heir {
        successor& who;
        core::turn turn;
    };
    [[nodiscard]] std::optional<heir> as_heir(successor& next, core::instant now) const;
    [[nodiscard]] std::optional<heir> find_heir(core::instant now) const;
    [[nodiscard]] bool hand_over();
    [[nodiscard]] bool is_watched() const;
    void leave_slot(bool free);
    void rearm();
    void note_error(diagnostics why);
    void tell(event_kind kind, error_code error = {}, std::string_view message = {}) const;
    void publish_validity();
    bool note_clocks(std::optional<node_index> set_just_now);
    [[nodiscard]] std::string why_it_ends() const;
    [[nodiscard]] diagnostics why_not_renewed(core::instant due, core::instant now) const;
    void uproot(const core::extend_round& round);

    [[nodiscard]] core::instant now() const { return manager_->clock().now(); }
    [[nodiscard]] won_lease give_away(const core::turn& next);

    // There may be very many of them, so that each member counts, and small ones lie in what larger
    // ones leave over. Behind `turn_` only what belongs to the strand: a copy of it reads that too.
    manager_impl* manager_;
    driver::shared_identity identity_;
    // As it was when the lock was won, which any thread may ask.
    [[no_unique_address]] core::turn turn_;
    stage stage_ = stage::held;
    core::release_outcome release_outcome_ = core::release_outcome::pending;
    bool extension_failed_ = false;  // the latest one that was decided
    /// The release is to be told to those of this process who compete on the nodes already.
    bool tells_competitors_ = false;
    [[no_unique_address]] core::holding holding_;
    std::atomic<bool> over_{false};
    std::atomic<std::uint32_t> references_{0};
    [[no_unique_address]] core::renewal renewal_;
    std::atomic<bool> release_announced_{false};
    core::minimum_hold minimum_;
    std::chrono::milliseconds longest_lease_;
    std::atomic<core::duration::rep> valid_until_;       // the holding's, for any thread
    const driver::extend_attempt* extension_ = nullptr;  // the latest, until it is decided
    outcome_waiters release_waiters_;
    std::unique_ptr<loss_watch> loss_watch_;   // while anybody waits for the loss
    std::unique_ptr<diagnostics> last_error_;  // null: none yet
};

/// One wait for the loss of a lock.
class loss_waiter : public outcome_waiter {
  public:
    using outcome_waiter::outcome_waiter;

    void cancel();

  private:
    friend class held_lock;
    held_lock* held_ = nullptr;  // while that has it among its waiters
};

/// The release of a lock that is given back.
class release_operation final : public driver::release_attempt::owner {
  public:
    explicit release_operation(held_handle held) : held_(std::move(held)) {}

  private:
    void on_release_decided(const driver::release_attempt& attempt) override {
        held_->on_release_decided(attempt);
    }

    held_handle held_;
};

/// One extension that a caller has asked for. A caller who cancels is notified at once; the round
/// goes on, and its success still counts for the lock.
class extend_operation final : public outcome_waiter,
                               public driver::extend_attempt::owner,
                               public std::enable_shared_from_this<extend_operation> {
  public:
    extend_operation(held_handle held, completion<error_code>&& handler)
        : outcome_waiter(std::move(handler)), held_(std::move(held)) {}

    void start(std::optional<std::chrono::milliseconds> lease_time) {
        if (const error_code why_not = held_->extend(lease_time, shared_from_this())) {
            finish(why_not);
        }
    }
    /// The extension that makes it a shared lock.
    void start_downgrade() {
        what_ = purpose::downgrades;
        if (const error_code why_not = held_->downgrade(shared_from_this())) {
            finish(why_not);
        }
    }

    /// The extension that brings a text.
    void start_proclaim(const std::string& text) {
        what_ = purpose::proclaims;
        if (const error_code why_not = held_->proclaim(text, shared_from_this())) {
            finish(why_not);
        }
    }

  private:
    enum class purpose : std::uint8_t { extends, downgrades, proclaims };

    void on_extend_decided(const driver::extend_attempt& attempt, core::instant now) override {
        const error_code error = held_->on_extend_decided(attempt, now);
        if (what_ == purpose::downgrades && !error) {
            // Readers of this process may have it as well.
            held_->tell_competitors(attempt.round().holding());
        }
        if (what_ == purpose::proclaims) {
            held_->tell_observers();
        }
        finish(error);
    }
    void on_extend_answered() override { held_->on_extend_answered(); }

    held_handle held_;
    purpose what_ = purpose::extends;
};

/// One that the watchdog wants.
class watchdog_extension final : public driver::extend_attempt::owner {
  public:
    explicit watchdog_extension(held_handle held) : held_(std::move(held)) {}

  private:
    void on_extend_decided(const driver::extend_attempt& attempt, core::instant now) override {
        held_->on_extend_decided(attempt, now);
    }
    void on_extend_answered() override { held_->on_extend_answered(); }

    held_handle held_;
};

}  // namespace redlock::manager
