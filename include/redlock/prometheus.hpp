// Metrics for Prometheus: an observer that counts and times in a registry of yours, of the library
// prometheus-cpp. Of the component `redlock::prometheus`.
#pragma once

#include <prometheus/registry.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "redlock/observer.hpp"

namespace redlock {

/// Options of `metrics_observer`.
struct metrics_options {
    /// The value of the label `resource` for the name of a resource, for example the part before
    /// its first colon; must not throw. Where it is empty, and without this function, there is no
    /// such label: each value makes about thirty time series, and names of locks are often without
    /// number.
    std::function<std::string(std::string_view)> resource_label{};
    /// Values of that label that are kept apart. Further ones are counted as "other", and so are
    /// those that are not UTF-8.
    std::size_t max_resource_labels = 100;
    /// Upper bounds of the buckets of `redlock_acquisition_seconds`, ascending, in seconds.
    std::vector<double> buckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                0.5,   1,      2.5,   5,    10,    30,   60};
};

/// Counts and times what managers report; docs/metrics.md names each metric. Give it to a manager
/// as `manager_options::events`, or call its `on_event` from an observer of your own. Several
/// managers may share one. Any thread.
class metrics_observer final : public observer {
  public:
    /// Adds its metrics to `registry`, which it keeps alive. Two in one registry count together.
    /// Throws `std::invalid_argument` for buckets that are not ascending, or without a registry.
    explicit metrics_observer(std::shared_ptr<::prometheus::Registry> registry,
                              metrics_options options = {});
    metrics_observer(const metrics_observer&) = delete;
    metrics_observer& operator=(const metrics_observer&) = delete;
    ~metrics_observer() override;

    /// What it cannot count for want of memory is left out.
    void on_event(const event& what) noexcept override;

  private:
    class state;
    std::unique_ptr<state> state_;
};

}  // namespace redlock
