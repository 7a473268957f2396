// Looks at all nodes at once and is done when the last one has been seen, or has not answered.
// Meanwhile the nodes are asked to tell of changed keys, as they are for waiters. Strand only; must
// not outlive the pool and the clock.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/node_set.hpp"
#include "doctor/node_examination.hpp"
#include "driver/key_watches.hpp"
#include "outside/alarm_clock.hpp"

namespace redlock::doctor {

class examination final : private node_examination::owner,
                          private driver::key_watches::watcher,
                          private outside::alarm {
  public:
    /// `terms.unused` is filled in here.
    examination(driver::node_pool& pool, outside::alarm_clock& clock, examination_terms terms);
    ~examination() override;

    /// `done` is called once, with one entry a node in their order, never from inside. It may
    /// destroy this.
    void start(std::function<void(std::vector<node_health>)> done);

  private:
    void on_examined(node_index node) override;
    void on_awaits_tracking(node_index node) override;
    void on_key_changed(node_index node) override;
    void on_tracking_refused(node_index node) override;
    void on_alarm(core::instant now) override;
    void report();

    driver::node_pool& pool_;
    outside::alarm_clock& clock_;
    examination_terms terms_;
    core::node_set pending_;
    bool started_ = false;
    std::vector<std::shared_ptr<node_examination>> nodes_;
    std::function<void(std::vector<node_health>)> done_;
    driver::key_watches::watch watch_;
};

}  // namespace redlock::doctor
