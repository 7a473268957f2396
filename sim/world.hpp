// One schedule: a plan carried out in a simulated world, with real clients on real scripts. Trouble
// first, then calm, in which everybody must get the lock once more and nothing may be left behind.
// One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sim/stage.hpp"
#include "testing/scripts.hpp"

namespace redlock::sim {

class client;
class witness;

class world {
  public:
    world();
    ~world();
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    /// What the plan's schedule breaks first, if anything. `listener` may be null.
    std::optional<violation> run(const plan& the_plan, coverage& seen, recorder* listener);

    /// How many events the last run had.
    [[nodiscard]] std::uint64_t events() const { return events_; }

  private:
    class schedule;

    testing::scripts engine_;  ///< One for all schedules: it compiles each script once.
    std::uint64_t events_ = 0;
};

}  // namespace redlock::sim
