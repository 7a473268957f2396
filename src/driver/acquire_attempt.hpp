// Carries one core::acquire_round to the nodes: sends ACQUIRE to all of them at once, feeds the
// answers to the round, and takes back what the round says must be taken back. The decisions are
// the round's. Without fencing, and where nobody is known to wait, SET takes the lock, and the
// script is for nodes where that fails. Strand only. The lock that it won keeps the round, since
// late grants belong to that lock.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/acquire_round.hpp"
#include "driver/fan_out.hpp"
#include "driver/line_place.hpp"
#include "driver/lock_identity.hpp"
#include "driver/native_command.hpp"

namespace redlock::driver {

class acquire_attempt final : public fan_out {
  public:
    struct owner {
        /// The round's outcome is final. Not called after `cancel` or `forget_owner`.
        virtual void on_attempt_decided() = 0;

      protected:
        ~owner() = default;
    };

    /// What an attempt without a place does with a free lock for which others stand in line.
    enum class manners { takes_it, leaves_it_to_the_line };

    /// `place`: where it stands in the fair line; null for nowhere. One without an id, which is for
    /// several names that are waited for, goes behind those that came before it. `form`: of a
    /// permit; in line it looks.
    acquire_attempt(node_pool& pool, lock_identity&& identity, std::chrono::milliseconds lease_time,
                    const line_place* place = nullptr, manners how = manners::takes_it,
                    slot_form form = slot_form::lock);

    void start(owner& told);
    /// As the round's; the owner is not told, since it knows.
    void on_deadline();
    /// `cleaned_up`, if given, is called when every node that may have granted has confirmed the
    /// release or let its time pass; from inside if there is none.
    void cancel(std::function<void()> cleaned_up);
    /// Another attempt begins, or nobody waits any more. Where this one was contended, nodes that
    /// had not answered were not told to forget it: nearly always they answer that there is nothing
    /// to forget. Those that still have not answered are told now.
    void release_stragglers();
    void forget_owner() { owner_ = nullptr; }

    [[nodiscard]] const core::acquire_round& round() const { return *round_; }
    [[nodiscard]] const core::round_ptr<core::acquire_round>& shared_round() const {
        return round_;
    }
    [[nodiscard]] const lock_identity& identity() const { return *identity_; }
    [[nodiscard]] const shared_identity& shared() const { return identity_; }
    /// Of a permit: the latest that was met; else null.
    [[nodiscard]] const permits_disagreement* disagreement() const { return disagreement_.get(); }

  private:
    [[nodiscard]] const script_call* script_for(node_index node) override;
    void on_repeated(node_index node) override;
    void on_answer(node_index node, const redis::reply_view& reply) override;
    void on_no_answer(node_index node, error_code cause, std::string message,
                      bool maybe_executed) override;
    void on_no_vote(node_index node);
    void note_refusal(node_index node, const core::acquire_vote& vote, const std::string& resource,
                      std::int64_t believed_offset_us);
    void vote(node_index node, const core::acquire_vote& vote, core::instant now);
    void learn();
    void execute(const core::acquire_effects& effects, std::function<void()> cleaned_up = nullptr);
    void release(core::node_set granted, core::node_set doubtful,
                 std::function<void()> settled = nullptr);
    void settle_deferred(node_index node, core::acquire_answer answer);

    [[nodiscard]] bool begins_natively(const lock_identity& identity) const;
    [[nodiscard]] bool may_come_before_the_line(const std::string& resource) const;
    [[nodiscard]] redis::command command_for(node_index node);
    [[nodiscard]] const script_call& call();
    [[nodiscard]] bool learn_of_slots(node_index node, const redis::reply_view& reply);
    void learn_of_waiters(const core::acquire_vote& vote);

    shared_identity identity_;
    std::chrono::milliseconds lease_time_;
    manners how_;
    std::int64_t wall_us_;
    core::round_ptr<core::acquire_round> round_;  ///< Which the lock that it won outlives.
    std::string place_id_;                        // in the line; empty without
    script_call call_;                            ///< Not built before it is needed.
    std::optional<native_command> native_;        ///< In place of it, to begin with,
    core::node_set natively_;                     ///< and the nodes that have not answered that.
    owner* owner_ = nullptr;
    core::node_set deferred_releases_;  // a release, unless their answer makes it needless
    std::optional<node_pool::open_write> open_write_;
    std::unique_ptr<permits_disagreement> disagreement_;
};

}  // namespace redlock::driver
