#include "prometheus/series.hpp"

#include <algorithm>

namespace redlock::metrics {

::prometheus::Counter& counters_by_label::series(std::string_view value) {
    auto found = std::ranges::find(known_, value, [](const auto& each) { return each.first; });
    if (found == known_.end()) {
        auto labels = common_;
        labels.emplace(label_, value);
        found = known_.insert(found, {value, &family_->Add(labels)});
    }
    return *found->second;
}

}  // namespace redlock::metrics
