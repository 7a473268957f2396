// The places of an acquisition of several names in the queues of its process, one for each name. It
// asks the nodes without waiting for its turn; where a place is the first, nobody behind it asks
// before it has. So a lock that is given back here is not taken by others of the process again and
// again before the acquisition can look. It may not hold others up for long: of its other names one
// may be held for hours, or by somebody who waits behind this place. So it goes away after a while,
// and comes to the end of the queue later. Strand only.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <span>

#include "manager/held_lock.hpp"
#include "manager/manager_impl.hpp"
#include "outside/alarm_clock.hpp"

namespace redlock::manager {

class queue_places final : private outside::alarm {
  public:
    /// For so long a place that is the first of its queue holds those behind it up,
    static constexpr std::chrono::milliseconds holds_up{200};
    /// and for so long at most it is away afterwards.
    static constexpr std::chrono::milliseconds stays_away{2000};

    /// Stands at the end of each queue, of all at once: two of these are in the same order wherever
    /// both stand. `look` is called when a lock was given back here and this is the first behind
    /// it, from inside of what gives it back. The manager outlives it.
    queue_places(manager_impl& manager, std::span<const resource_name> names,
                 std::function<void()> look);
    ~queue_places() override;

  private:
    class place;

    void on_alarm(core::instant now) override;
    void ring_in(core::duration span);

    manager_impl& manager_;
    std::function<void()> look_;
    std::list<place> places_;
};

}  // namespace redlock::manager
