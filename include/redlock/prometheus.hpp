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
    /// Returns the value of the label `resource` for the name of a resource, for example the part
    /// before its first colon. Called on the manager's strand: it must be quick, and any thread may
    /// call it. Without this function, or if it returns an empty text, the series have no such
    /// label. Each value makes about thirty time series, and there is no limit to the names of
    /// locks.
    std::function<std::string(std::string_view)> resource_label{};
    /// Values of that label that are kept apart. All others are counted as "other", and so are
    /// those that are longer than 128 bytes or not UTF-8, and those for which the function throws.
    std::size_t max_resource_labels = 100;
    /// Upper bounds of the buckets of `redlock_acquisition_seconds` in seconds, finite and
    /// ascending.
    std::vector<double> buckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                0.5,   1,      2.5,   5,    10,    30,   60};
};

/// Counts and times what managers report; docs/metrics.md names each metric. Give it to a manager
/// as `manager_options::events`, or call its `on_event` from an observer of your own. Several
/// managers may share one. Any thread.
class metrics_observer final : public observer {
  public:
    /// Adds its metrics to `registry`, which it keeps alive. Observers with the same options may
    /// share a registry, and count together; a registry that throws for a name that it has takes
    /// one only. Throws `std::invalid_argument` for buckets that cannot be used, without a
    /// registry, and if one of the names is taken for something else.
    explicit metrics_observer(std::shared_ptr<::prometheus::Registry> registry,
                              metrics_options options = {});
    metrics_observer(const metrics_observer&) = delete;
    metrics_observer& operator=(const metrics_observer&) = delete;
    ~metrics_observer() override;

    /// If memory runs out, the event is not counted.
    void on_event(const event& what) noexcept override;

  private:
    class state;
    std::unique_ptr<state> state_;
};

}  // namespace redlock
