// Time series that are found again by the one label in which they differ, without asking the
// registry, which would compare all labels of all of them.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace redlock::metrics {

/// Counters of one family that differ in one label, each made when it is first wanted. One thread.
class counters_by_label {
  public:
    /// `common`: the other labels. `label` and the values that are counted are names in the
    /// program.
    counters_by_label(::prometheus::Family<::prometheus::Counter>& family,
                      ::prometheus::Labels common, std::string_view label)
        : family_(&family), common_(std::move(common)), label_(label) {}

    void count(std::string_view value) { series(value).Increment(); }
    /// Makes the series, with the value 0.
    void add(std::string_view value) { static_cast<void>(series(value)); }

  private:
    ::prometheus::Counter& series(std::string_view value);

    ::prometheus::Family<::prometheus::Counter>* family_;
    ::prometheus::Labels common_;
    std::string_view label_;
    std::vector<std::pair<std::string_view, ::prometheus::Counter*>> known_;  // few
};

}  // namespace redlock::metrics
