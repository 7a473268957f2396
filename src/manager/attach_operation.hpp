// Taking over a lock that another handle or process has acquired, by its token: of one name, of
// several, or a permit, whose slot is looked for. Reads only. Strand only; owned by the manager
// until complete.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "driver/lock_identity.hpp"
#include "driver/parsed.hpp"
#include "manager/node_views.hpp"
#include "manager/read_operations.hpp"
#include "manager/verdict.hpp"

namespace redlock::manager {

class attach_operation final : public read_operation<lock> {
  public:
    /// `names`: sorted, as many as the lock has; of a permit, which `request` tells, its
    /// semaphore's.
    attach_operation(manager_impl& manager, std::vector<resource_name> names,
                     detail::acquire_request request, completion<error_code, lock> handler);

  private:
    void begin() override;
    [[nodiscard]] std::optional<driver::refusal> why_refused();
    void ask_for_one();
    void ask_for_several();
    void ask_for_slots();
    /// What the nodes say of the lock that was asked for. `name`: its first key's.
    void on_hold(core::instant started, const token_hold& hold, const node_views& views,
                 resource_name name);
    [[nodiscard]] driver::extras_ptr extras_of(const token_hold& hold) const;
    void fail(error_code error, diagnostics why);

    std::vector<resource_name> names_;
    detail::acquire_request request_;
    lock_token token_;
    std::chrono::milliseconds lease_time_;
    std::shared_ptr<driver::semaphore_state> semaphore_;  ///< Of a permit; else null.
    std::uint16_t slot_ = 0;                              ///< Likewise.
};

}  // namespace redlock::manager
