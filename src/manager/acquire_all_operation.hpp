// An acquisition of several names as one lock. It differs from a plain one in what it asks for,
// what it watches and where it waits: not in the nodes' line, and in the queues of its process only
// as queue_places says. Strand only; owned by the manager until it completes.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "manager/acquire_operation.hpp"
#include "manager/queue_places.hpp"

namespace redlock::manager {

class acquire_all_operation final : public acquire_operation {
  public:
    /// `names`: sorted, two at least.
    acquire_all_operation(manager_impl& manager, std::vector<resource_name> names,
                          detail::acquire_request request, completion<error_code, lock>&& handler);

    /// Why these names cannot be acquired together; `cause` is clear if they can. What is wrong
    /// with one alone is not looked at. `names`: sorted. `clustered`: a Redis Cluster is among the
    /// nodes.
    [[nodiscard]] static driver::refusal check(std::span<const resource_name> names,
                                               bool clustered);

  private:
    [[nodiscard]] std::span<const resource_name> names() const override { return names_; }
    [[nodiscard]] std::optional<driver::refusal> why_refused() const override;
    [[nodiscard]] bool waits_for_its_turn() override;
    [[nodiscard]] std::optional<core::ballot_block> next_block() const override;
    [[nodiscard]] driver::extras_ptr extras_of(
        const driver::lock_identity& identity) const override;
    void begin_watch() override;
    void let_go() override;
    void look_soon(bool may_begin);

    std::vector<resource_name> names_;
    std::vector<driver::key_watches::watch> watches_;
    std::optional<queue_places> places_;
};

}  // namespace redlock::manager
