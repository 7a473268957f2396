// One schedule from its first event to its verdict: clients, nodes and network live through a plan,
// then everything calms down, everybody who still lives must get the lock once more, and nothing
// may be left. Its memory is used again for the next. One thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/servers.hpp"
#include "sim/stage.hpp"

namespace redlock::sim {

class world {
  public:
    world();
    world(const world&) = delete;
    world& operator=(const world&) = delete;
    ~world();

    /// What the plan's schedule breaks first, if anything. `listener` may be null.
    std::optional<violation> run(const plan& with, coverage& seen, recorder* listener);

    /// How many events the last run had.
    [[nodiscard]] std::uint64_t events() const { return events_; }

  private:
    void begin(const plan& with, coverage& seen, recorder* listener);
    void live();
    [[nodiscard]] bool later(const event& what);
    void happen(const event& what);
    void happen_to_client(const event& what);
    void begin_item(std::size_t index);
    void end_item(const event& what);
    void calm_down();
    void look_for_starved();
    void look_for_forgotten();
    void look_for_leftovers();
    [[nodiscard]] bool all_idle() const;
    void cut(std::uint8_t client, std::uint8_t node, bool carried_out, tick noticed_after);

    stage on_;
    network between_;
    servers nodes_;
    std::vector<std::unique_ptr<process>> clients_;
    random_stream random_;
    std::uint64_t events_ = 0;
    tick must_be_idle_at_ = no_tick;
    tick quiet_at_ = no_tick;  ///< When all that was ever sent has arrived.
};

}  // namespace redlock::sim
