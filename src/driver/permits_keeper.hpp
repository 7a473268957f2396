// Keeps the number of permits of a semaphore on the nodes, which forget it after a while, as long
// as permits are held. Brings it back to a node that has none only if nodes have confirmed it
// before: a permit that was attached may have been given a wrong one. Strand only; kept alive by
// the connections.
#pragma once

#include <memory>

#include "core/instant.hpp"
#include "core/node_set.hpp"
#include "driver/fan_out.hpp"
#include "driver/semaphore_state.hpp"

namespace redlock::driver {

class permits_keeper final : public fan_out {
  public:
    permits_keeper(node_pool& pool, std::shared_ptr<semaphore_state> semaphore);

    /// Tells all nodes. Once a quorum of them has it, the board knows.
    void start();

  private:
    [[nodiscard]] const script_call* script_for(node_index /*node*/) override { return &call_; }
    void on_answer(node_index node, const redis::reply_view& reply) override;
    /// The next renewal says it again.
    void on_no_answer(node_index /*node*/, error_code /*cause*/, std::string /*message*/,
                      bool /*maybe_executed*/) override {}

    std::shared_ptr<semaphore_state> semaphore_;
    script_call call_;
    core::instant started_ = core::never;
    core::node_set keeping_;
};

}  // namespace redlock::driver
