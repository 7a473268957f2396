// Carries one core::release_round to the nodes, and goes on after its decision until every node has
// confirmed or the lease is over: a release that a broken connection lost is sent again on the next
// one. Strand only; keeps itself alive through the connections.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/node_set.hpp"
#include "core/release_round.hpp"
#include "driver/fan_out.hpp"
#include "driver/lock_identity.hpp"
#include "driver/native_command.hpp"

namespace redlock::driver {

class release_attempt final : public fan_out {
  public:
    struct owner {
        /// The outcome is final; called once, from `start` on. Of the nodes that are freed until
        /// then the owner tells those of this process who wait; of later ones the attempt does.
        virtual void on_release_decided(const release_attempt& attempt) = 0;

      protected:
        ~owner() = default;
    };

    enum class knowledge {
        all,         ///< The lock was acquired here.
        token_only,  ///< Somebody else may hold it, and would plant it again: bars that.
    };

    /// `targets.following`: nodes whose ACQUIRE waits for its answer in the queue of the present
    /// connection, or was never sent, and nothing else is in doubt. Keeps trying for `lease_time`.
    /// `kept`: for how long the lock is to stay there from now on; zero: it ends.
    release_attempt(node_pool& pool, shared_identity identity, core::release_targets targets,
                    std::chrono::milliseconds lease_time, knowledge known = knowledge::all,
                    std::chrono::milliseconds kept = {});

    /// Before `start`. Called once every node has answered or let its time pass; may be empty.
    void on_settled(std::function<void()> tell) { settled_ = std::move(tell); }
    /// `told` may be null; it is kept until it was told.
    void start(std::shared_ptr<owner> told);

    [[nodiscard]] core::release_outcome outcome() const { return round_.outcome(); }
    [[nodiscard]] core::node_set freed() const { return round_.freed(); }
    /// Of these, the nodes that did not know the script: what was sent behind the release was
    /// carried out before it.
    [[nodiscard]] core::node_set freed_late() const { return round_.freed() & repeated_; }

  private:
    [[nodiscard]] const script_call* script_for(node_index node) override;
    void on_repeated(node_index node) override { repeated_.insert(node); }
    void on_answer(node_index node, const redis::reply_view& reply) override;
    void on_no_answer(node_index node, error_code cause, std::string message,
                      bool maybe_executed) override;
    [[nodiscard]] const script_call& call_for(node_index node);
    /// Whether the node has a command for what it is asked.
    [[nodiscard]] bool has_native(node_index node);
    [[nodiscard]] redis::command command_for(node_index node);
    void settle(node_index node);
    void settle_if_done();
    void note_release();
    void tell_owner();
    void tell_competitors(node_index node);

    shared_identity identity_;
    knowledge known_;
    std::chrono::milliseconds kept_;
    core::node_set unsettled_;  // not answered, not timed out, not owed
    core::node_set repeated_;
    core::instant until_;
    core::release_round round_;
    std::optional<script_call> plain_;
    std::optional<script_call> barred_;
    std::optional<native_command> native_;  ///< In place of `plain_`,
    redis::conditional_delete native_how_ = redis::conditional_delete::none;
    core::node_set natively_;  ///< and the nodes that were sent it.
    std::shared_ptr<owner> owner_;
    std::function<void()> settled_;
    std::optional<node_pool::open_write> open_write_;  // not settled as long as it is there
};

}  // namespace redlock::driver
