// Carries one core::extend_round to the nodes that may hold the lock. Strand only; kept alive by
// the connections until each node has answered or failed.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "core/extend_round.hpp"
#include "core/holding.hpp"
#include "core/node_set.hpp"
#include "driver/fan_out.hpp"
#include "driver/lock_identity.hpp"

namespace redlock::driver {

class extend_attempt final : public fan_out {
  public:
    struct owner {
        virtual void on_extend_decided(const extend_attempt& attempt, core::instant now) = 0;
        /// All nodes have answered, or let their time pass. The last call.
        virtual void on_extend_answered() = 0;

      protected:
        ~owner() = default;
    };

    /// A new round of `held`. Nodes that have lost the lock, or never had it, get it again if they
    /// have a vote, unless other clients may hold it under the same token.
    extend_attempt(node_pool& pool, shared_identity identity, core::holding& held,
                   std::chrono::milliseconds lease_time);

    /// `told` is kept until all nodes have answered.
    void start(std::shared_ptr<owner> told);

    [[nodiscard]] const core::extend_round& round() const { return *round_; }

  private:
    [[nodiscard]] const script_call* script_for(node_index node) override;
    [[nodiscard]] redis::delivery repeated(node_index node) const override;
    [[nodiscard]] redis::delivery delivery_to(node_index node) const;
    void on_answer(node_index node, const redis::reply_view& reply) override;
    void on_no_answer(node_index node, error_code cause, std::string message,
                      bool maybe_executed) override;
    void vote(node_index node, core::extend_answer answer, core::instant now,
              core::duration stepped = core::duration{0});

    [[nodiscard]] const scripts::script& its_script() const;
    [[nodiscard]] script_call encode(bool plants) const;

    shared_identity identity_;
    std::chrono::milliseconds lease_time_;
    core::node_set granted_;
    core::node_set holding_;
    core::round_ptr<core::extend_round> round_;
    /// Encoded once more. The commands are not kept until all have answered, since with many locks
    /// that are renewed together their memory is what a renewal costs.
    std::unique_ptr<script_call> repeated_;
    std::shared_ptr<owner> owner_;
    /// Until the last node has answered: an end of the manager waits for that, or only a bare
    /// majority may come to back the lock.
    std::optional<node_pool::open_write> open_write_;
};

}  // namespace redlock::driver
