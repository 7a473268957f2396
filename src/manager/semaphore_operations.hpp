// What is asked about semaphores, and changes nothing: who holds which permit, and which semaphores
// there are. Strand only; owned by the manager until complete.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "manager/node_views.hpp"
#include "manager/read_operations.hpp"
#include "redlock/status.hpp"

namespace redlock::manager {

/// The lock keys of all slots, and behind them the key that has the number of permits: that is a
/// text like a token, and is read like one.
[[nodiscard]] std::vector<resource_name> slots_and_number(manager_impl& manager,
                                                          const semaphore& of);
/// The number of permits that nodes remember.
struct permits_memory {
    bool as_asked = false;             ///< On one node at least.
    std::optional<std::size_t> other;  ///< That of a node where it is another one.

    /// The other one, if there is such.
    [[nodiscard]] std::optional<std::size_t> number(std::size_t asked) const {
        return other || !as_asked ? other : std::optional{asked};
    }
};
/// By the views of the key that has it.
[[nodiscard]] permits_memory remembered_permits(const node_views& views, std::size_t asked);

class semaphore_status_operation final : public read_operation<semaphore_status> {
  public:
    semaphore_status_operation(manager_impl& manager, semaphore of,
                               completion<error_code, semaphore_status> handler);

  private:
    void begin() override;
    void on_views(std::vector<node_views> of_each);

    semaphore of_;
};

class list_semaphores_operation final : public read_operation<std::vector<semaphore>> {
  public:
    list_semaphores_operation(manager_impl& manager, std::string pattern, std::size_t limit,
                              diagnostics* details,
                              completion<error_code, std::vector<semaphore>> handler);

  private:
    void begin() override;

    std::string pattern_;
    std::size_t limit_;
    diagnostics* details_;
};

}  // namespace redlock::manager
