// Each event becomes one or two counts. The registry is asked only when a series is new: it
// compares all labels, and events come thousands of times a second.
#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/locale/utf.hpp>
#include <chrono>
#include <cmath>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <redlock/error.hpp>
#include <redlock/prometheus.hpp>
#include <stdexcept>
#include <utility>

#include "prometheus/series.hpp"

namespace redlock {

namespace {

namespace prom = ::prometheus;
using metrics::counters_by_label;

constexpr std::string_view other = "other";
constexpr std::size_t longest_label = 128;

/// A word for a label: there are few of them, and none is made of a message.
std::string_view reason_of(const error_code& error) {
    if (error.category() == lock_category()) {
        return to_string(static_cast<errc>(error.value()));
    }
    if (error.category() == node_category()) {
        return to_string(static_cast<node_errc>(error.value()));
    }
    return error == boost::asio::error::operation_aborted ? "cancelled" : other;
}

prom::Family<prom::Counter>& counter(prom::Registry& in, const char* name, const char* help) {
    return prom::BuildCounter().Name(name).Help(help).Register(in);
}

/// The families, as docs/metrics.md lists them.
struct families {
    explicit families(prom::Registry& in)
        : acquisitions(counter(in, "redlock_acquisitions_total",
                               "Acquisitions that ended, by their result.")),
          seconds(prom::BuildHistogram()
                      .Name("redlock_acquisition_seconds")
                      .Help("Time from the call until the lock was acquired, waiting included.")
                      .Register(in)),
          failed_attempts(counter(in, "redlock_failed_attempts_total",
                                  "Attempts of acquisitions that did not win, by the reason.")),
          wake_ups(counter(in, "redlock_wake_ups_total",
                           "Times that news of a change made a waiter try again.")),
          extensions(
              counter(in, "redlock_extensions_total", "Extensions that ended, by their result.")),
          releases(counter(in, "redlock_releases_total", "Releases that ended, by their result.")),
          lost(counter(in, "redlock_lost_locks_total", "Locks lost before they were released.")),
          late_grants(counter(in, "redlock_late_grants_total",
                              "Grants that came too late and were given back.")),
          node_events(counter(in, "redlock_node_events_total",
                              "What happened to the connection to a node, by the event.")),
          node_failures(
              counter(in, "redlock_node_failures_total", "Failures of a node, by the reason.")) {}

    prom::Family<prom::Counter>& acquisitions;
    prom::Family<prom::Histogram>& seconds;
    prom::Family<prom::Counter>& failed_attempts;
    prom::Family<prom::Counter>& wake_ups;
    prom::Family<prom::Counter>& extensions;
    prom::Family<prom::Counter>& releases;
    prom::Family<prom::Counter>& lost;
    prom::Family<prom::Counter>& late_grants;
    prom::Family<prom::Counter>& node_events;
    prom::Family<prom::Counter>& node_failures;
};

/// The series of one value of the label `resource`.
struct resource_series {
    resource_series(families& of, const prom::Labels& its, const std::vector<double>& buckets)
        : acquisitions(of.acquisitions, its, "result"),
          seconds(of.seconds.Add(its, buckets)),
          failed_attempts(of.failed_attempts, its, "reason"),
          wake_ups(of.wake_ups.Add(its)),
          extensions(of.extensions, its, "result"),
          releases(of.releases, its, "result"),
          lost(of.lost.Add(its)),
          late_grants(of.late_grants.Add(its)) {
        // A series that begins with the first failure never increases by it.
        for (const errc each : {errc::contended, errc::timed_out, errc::no_quorum}) {
            acquisitions.add(to_string(each));
        }
        releases.add(to_string(errc::lost));
        releases.add(to_string(errc::indeterminate));
    }

    void count(const event& what);

    counters_by_label acquisitions;
    prom::Histogram& seconds;
    counters_by_label failed_attempts;
    prom::Counter& wake_ups;
    counters_by_label extensions;
    counters_by_label releases;
    prom::Counter& lost;
    prom::Counter& late_grants;
};

void resource_series::count(const event& what) {
    switch (what.kind) {
        case event_kind::acquired:
            acquisitions.count("acquired");
            seconds.Observe(std::chrono::duration<double>(what.elapsed).count());
            break;
        case event_kind::acquire_failed:
            acquisitions.count(reason_of(what.error));
            break;
        case event_kind::attempt_failed:
            failed_attempts.count(reason_of(what.error));
            break;
        case event_kind::woken:
            wake_ups.Increment();
            break;
        case event_kind::extended:
            extensions.count("extended");
            break;
        case event_kind::extend_failed:
            extensions.count(reason_of(what.error));
            break;
        case event_kind::lost:
            lost.Increment();
            break;
        case event_kind::released:
            releases.count("released");
            break;
        case event_kind::handed_over:
            releases.count("handed_over");
            break;
        case event_kind::release_failed:
            releases.count(reason_of(what.error));
            break;
        case event_kind::late_grant_released:
            late_grants.Increment();
            break;
        case event_kind::node_ready:
        case event_kind::node_down:
        case event_kind::node_refused:
        case event_kind::node_without_vote:
        case event_kind::tracking_refused:
        case event_kind::node_unverified:
            break;  // `node_series` counts them.
    }
}

/// The word of a node's event; empty of a lock's.
std::string_view node_event(event_kind kind) {
    switch (kind) {
        case event_kind::node_ready:
            return "ready";
        case event_kind::node_down:
            return "down";
        case event_kind::node_refused:
            return "refused";
        case event_kind::node_without_vote:
            return "without_vote";
        case event_kind::tracking_refused:
            return "tracking_refused";
        case event_kind::node_unverified:
            return "unverified";
        default:
            return {};
    }
}

/// Whether the event means that the node cannot help for now.
bool is_failure(event_kind kind) {
    return kind == event_kind::node_down || kind == event_kind::node_refused ||
           kind == event_kind::node_without_vote;
}

/// The series of one node.
struct node_series {
    node_series(families& of, const prom::Labels& its)
        : events(of.node_events, its, "event"), failures(of.node_failures, its, "reason") {}

    void count(const event& what) {
        events.count(node_event(what.kind));
        if (is_failure(what.kind)) {
            failures.count(reason_of(what.error));
        }
    }

    counters_by_label events;
    counters_by_label failures;
};

/// Prometheus refuses all metrics of a process if one of them has a label in another encoding.
bool is_utf8(std::string_view text) {
    namespace utf = boost::locale::utf;
    for (auto at = text.begin(); at != text.end();) {
        const auto code = utf::utf_traits<char>::decode(at, text.end());
        if (code == utf::illegal || code == utf::incomplete) {
            return false;
        }
    }
    return true;
}

bool is_fit(std::string_view label) {
    return label.size() <= longest_label && is_utf8(label);
}

void check(const std::vector<double>& buckets) {
    const bool all_finite =
        std::ranges::all_of(buckets, [](double each) { return std::isfinite(each); });
    if (!all_finite ||
        std::ranges::adjacent_find(buckets, std::ranges::greater_equal{}) != buckets.end()) {
        throw std::invalid_argument{"metrics_options::buckets must be finite and ascend"};
    }
}

}  // namespace

class metrics_observer::state {
  public:
    state(std::shared_ptr<prom::Registry> registry, metrics_options options)
        : registry_(std::move(registry)), options_(std::move(options)), families_(*registry_) {
        if (!options_.resource_label) {
            series_of("");
        }
    }

    void count(const event& what) {
        if (node_event(what.kind).empty()) {
            std::string label = label_of(what.resource);  // before the lock: it is the user's code
            const std::lock_guard alone{mutex_};
            series_of(std::move(label)).count(what);
        } else {
            const std::lock_guard alone{mutex_};
            series_of_node(what.node_name).count(what);
        }
    }

  private:
    [[nodiscard]] std::string label_of(std::string_view resource) const {
        if (!options_.resource_label) {
            return {};
        }
        try {
            std::string label = options_.resource_label(resource);
            return is_fit(label) ? label : std::string{other};
        } catch (...) {
            return std::string{other};
        }
    }

    resource_series& series_of(std::string label) {
        if (const auto known = resources_.find(label); known != resources_.end()) {
            return known->second;
        }
        if (label != other && !label.empty()) {
            if (kept_apart_ >= options_.max_resource_labels) {
                return series_of(std::string{other});
            }
            ++kept_apart_;
        }
        const auto its = label.empty() ? prom::Labels{} : prom::Labels{{"resource", label}};
        return resources_.try_emplace(std::move(label), families_, its, options_.buckets)
            .first->second;
    }

    node_series& series_of_node(std::string_view name) {
        const auto known = nodes_.find(name);
        return known != nodes_.end() ? known->second
                                     : nodes_
                                           .try_emplace(std::string{name}, families_,
                                                        prom::Labels{{"node", std::string{name}}})
                                           .first->second;
    }

    std::shared_ptr<prom::Registry> registry_;
    metrics_options options_;
    families families_;
    std::mutex mutex_;
    std::map<std::string, resource_series, std::less<>> resources_;
    std::size_t kept_apart_ = 0;  ///< of these: labels that are neither empty nor "other"
    std::map<std::string, node_series, std::less<>> nodes_;
};

metrics_observer::metrics_observer(std::shared_ptr<prom::Registry> registry,
                                   metrics_options options) {
    if (!registry) {
        throw std::invalid_argument{"metrics_observer needs a registry"};
    }
    check(options.buckets);
    state_ = std::make_unique<state>(std::move(registry), std::move(options));
}

metrics_observer::~metrics_observer() = default;

void metrics_observer::on_event(const event& what) noexcept {
    try {
        state_->count(what);
    } catch (const std::exception&) {
        return;  // No memory: locks matter more than their count.
    }
}

}  // namespace redlock
