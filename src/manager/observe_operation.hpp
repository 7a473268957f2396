// Waits for news of who has a lock: asks the nodes for it, and then those that tell of a change,
// when the sight says so. Strand only; owned by the manager until it completes.
#pragma once

#include <optional>

#include "driver/key_watches.hpp"
#include "manager/leader_sight.hpp"
#include "manager/read_operations.hpp"
#include "outside/alarm_clock.hpp"
#include "redlock/status.hpp"

namespace redlock::manager {

class observe_operation final : public read_operation<leader_view>,
                                private outside::alarm,
                                private driver::key_watches::watcher {
  public:
    observe_operation(manager_impl& manager, resource_name resource,
                      std::optional<leader_view> seen, completion<error_code, leader_view> handler);

  private:
    /// What this manager does itself.
    struct own_watcher final : driver::key_watches::watcher {
        explicit own_watcher(observe_operation& its) : of(its) {}
        void on_key_changed(node_index /*node*/) override { of.on_changed_here(); }
        observe_operation& of;
    };

    void begin() override;
    void end() override;
    void on_alarm(core::instant now) override;
    void on_key_changed(node_index node) override;
    void on_changed_here();
    void look();
    void on_view(node_status view);
    void rearm();

    resource_name resource_;
    leader_sight sight_;
    own_watcher own_watcher_{*this};
    driver::key_watches::watch lock_watch_;
    driver::key_watches::watch record_watch_;
    driver::key_watches::watch own_watch_;
};

}  // namespace redlock::manager
