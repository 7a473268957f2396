// Looks whether nodes still hold a lock that we believe to hold: one small read each, which at the
// same time makes the node tell of the next change. Reports; decides nothing. Strand only; kept
// alive by the connections.
#pragma once

#include <functional>
#include <string>

#include "core/node_set.hpp"
#include "driver/fan_out.hpp"

namespace redlock::driver {

class hold_check final : public fan_out {
  public:
    enum class finding { held, gone, unknown };
    using report = std::function<void(node_index, finding)>;

    hold_check(node_pool& pool, const std::string& resource, std::string token);

    /// Asks these nodes; `tell` is called once for each, from inside for those that cannot be.
    void start(core::node_set whom, report tell);

  private:
    [[nodiscard]] const script_call* script_for(node_index node) override;
    void on_answer(node_index node, const redis::reply_view& reply) override;
    void on_no_answer(node_index node, error_code cause, std::string message,
                      bool maybe_executed) override;
    void settle(node_index node, finding what);

    std::string resource_;
    std::string token_;
    core::instant asked_at_;
    script_call call_;
    core::node_set pending_;
    report tell_;
};

}  // namespace redlock::driver
