// The places of an acquisition of several names in the queues of its process, one for each name. It
// begins when all are the first, or when it has waited for that for a moment. Where a place is the
// first, nobody behind it asks the nodes. So nobody here takes a lock that is given back again and
// again before those can look who came earlier. A place may not hold others up for long: of the
// other names one may be held for hours, or by somebody who waits behind this place. So it goes
// away after a while, and comes to the end of the queue later. Strand only.
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
    /// For so long the acquisition waits at most for its turn.
    static constexpr std::chrono::milliseconds waits_for_turn{200};

    /// Stands at the end of each queue, of all at once: two of these are in the same order wherever
    /// both stand. `look` is called when a place has become the first of its queue, from inside of
    /// what the one before it is doing, or when the wait for that is over: with whether the
    /// acquisition may begin. The manager outlives it.
    queue_places(manager_impl& manager, std::span<const resource_name> names,
                 std::function<void(bool may_begin)> look);
    ~queue_places() override;

    /// All of them are.
    [[nodiscard]] bool are_first() const;

  private:
    class place;

    void on_alarm(core::instant now) override;
    void look_if_first();
    void ring_in(core::duration span);

    manager_impl& manager_;
    std::function<void(bool)> look_;
    core::instant turn_by_;  ///< `never` once it may begin.
    std::list<place> places_;
};

}  // namespace redlock::manager
