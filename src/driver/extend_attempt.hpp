// Carries one core::extend_round to the nodes that may hold the lock. Strand only; kept alive by
// the connections until each node has answered or failed.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "core/extend_round.hpp"
#include "core/node_set.hpp"
#include "driver/fan_out.hpp"
#include "driver/lock_identity.hpp"

namespace redlock::driver {

class extend_attempt final : public fan_out {
  public:
    struct owner {
        virtual void on_extend_decided(const extend_attempt& attempt) = 0;

      protected:
        ~owner() = default;
    };

    /// `granted`: nodes that were seen to have the lock. `doubtful`: others that may. `heals`:
    /// nodes that have lost it, or never had it, get it again if they have a vote.
    extend_attempt(node_pool& pool, const lock_identity& identity, core::node_set granted,
                   core::node_set doubtful, std::chrono::milliseconds lease_time,
                   core::instant old_valid_until, bool heals);

    /// `told` is kept until it was told.
    void start(std::shared_ptr<owner> told);
    /// Decides nothing any more and tells nobody.
    void cancel();
    /// The lock is being given back, but stays for a while: a straggler must not prolong that.
    void close() { closed_ = true; }
    /// As the round's.
    void on_shortened(core::instant old_valid_until) { round_.on_shortened(old_valid_until); }

    [[nodiscard]] const core::extend_round& round() const { return round_; }
    /// Nodes that may yet plant the lock again, or have done so without our knowing.
    [[nodiscard]] core::node_set may_plant() const { return round_.doubtful() & healing_; }

  private:
    [[nodiscard]] const script_call* script_for(node_index node) override;
    [[nodiscard]] redis::delivery repeated(node_index node) const override;
    [[nodiscard]] redis::delivery delivery_to(node_index node) const;
    void on_answer(node_index node, const redis::reply_view& reply) override;
    void on_no_answer(node_index node, error_code cause, std::string message,
                      bool maybe_executed) override;
    void vote(node_index node, core::extend_answer answer, core::instant now,
              core::duration stepped = core::duration{0});

    [[nodiscard]] const script_call& call_for(node_index node) const;

    core::node_set granted_;
    core::node_set holding_;
    core::extend_round round_;
    core::node_set healing_;  // are asked to plant it again where it is missing
    script_call plain_;
    script_call planting_;
    std::shared_ptr<owner> owner_;
    bool closed_ = false;
    /// Until the last node has answered: an end of the manager waits for that, or only a bare
    /// majority may come to back the lock.
    std::optional<node_pool::open_write> open_write_;
};

}  // namespace redlock::driver
