// Holds acquisitions back until the nodes have had a fair chance to be connected, once in a
// manager's life; how long that is core::warm_up decides. Strand only; owned by the manager.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/warm_up.hpp"
#include "driver/node_pool.hpp"
#include "outside/alarm_clock.hpp"

namespace redlock::manager {

class opening final : private outside::alarm {
  public:
    /// Both outlive this.
    opening(driver::node_pool& nodes, outside::alarm_clock& clock) : nodes_(nodes), clock_(clock) {}

    [[nodiscard]] bool is_open() const { return open_; }
    /// Calls `begin` when rounds may begin; only while it is not open. The first call starts to
    /// connect. `begin` must see for itself whether it is still wanted.
    void when_open(std::function<void()> begin);

  private:
    void on_alarm(core::instant now) override;
    void begin_to_connect();
    void rearm();

    driver::node_pool& nodes_;
    outside::alarm_clock& clock_;
    std::optional<core::warm_up> warm_up_;
    bool open_ = false;
    std::vector<std::function<void()>> waiting_;
};

}  // namespace redlock::manager
