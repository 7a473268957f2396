// The end of a manager: operations are ended, locks released, and after the nodes' word, or the
// close timeout, the connections closed. Strand only.
#pragma once

#include <memory>
#include <vector>

#include "manager/completion.hpp"
#include "manager/manager_impl.hpp"
#include "outside/alarm_clock.hpp"

namespace redlock::manager {

class close_operation final : public outside::alarm,
                              public std::enable_shared_from_this<close_operation> {
  public:
    explicit close_operation(manager_impl& manager) : manager_(manager) {}

    void start();
    /// Told when it is done, at once if it is.
    void add_waiter(std::shared_ptr<outcome_waiter> waiter);

  private:
    void on_alarm(core::instant now) override;
    void finish();

    manager_impl& manager_;  // which owns this operation, and is kept by the alarm
    std::vector<held_handle> locks_;
    outcome_waiters waiters_;
    bool done_ = false;
    error_code result_;
};

/// Begins to close, or joins the close under way. `waiter` may be null.
void close_manager(const std::shared_ptr<manager_impl>& manager,
                   std::shared_ptr<outcome_waiter> waiter);

}  // namespace redlock::manager
