#include "core/backing.hpp"

#include <algorithm>
#include <utility>

#include "core/quorum.hpp"

namespace redlock::core {

backing::backing(const backing& other)
    : valid_until_(other.valid_until_),
      step_(other.step_),
      nodes_(other.nodes_),
      stepped_before_(other.stepped_before_
                          ? std::make_unique<std::vector<duration>>(*other.stepped_before_)
                          : nullptr) {}

backing& backing::operator=(backing other) noexcept {
    valid_until_ = other.valid_until_;
    step_ = other.step_;
    nodes_ = other.nodes_;
    stepped_before_ = std::move(other.stepped_before_);
    return *this;
}

void backing::add(node_index node, duration stepped) {
    nodes_.insert(node);
    if (stepped == duration{0} && !stepped_before_) {
        return;
    }
    if (!stepped_before_) {
        stepped_before_ = std::make_unique<std::vector<duration>>();
    }
    stepped_before_->resize(std::max<std::size_t>(stepped_before_->size(), node + 1));
    (*stepped_before_)[node] = stepped;
}

instant backing::valid_until(const std::vector<node_clock>& clocks) const {
    const auto too_far = [&](node_index node) {
        const bool was_set = stepped_before_ && node < stepped_before_->size();
        const duration before = was_set ? (*stepped_before_)[node] : duration{0};
        return std::max(clocks[node].stepped() - before - step_, duration{0});
    };
    node_set on_time;
    nodes_.for_each([&](node_index node) {
        if (too_far(node) == duration{0}) {
            on_time.insert(node);
        }
    });
    const std::size_t quorum = quorum_of(clocks.size());
    if (on_time.size() >= quorum || nodes_.size() < quorum) {
        return valid_until_;  // Of fewer nodes it is not held yet.
    }
    // The lock ends when so many nodes have let go that the rest is no quorum.
    std::vector<duration> earlier;
    nodes_.for_each([&](node_index node) { earlier.push_back(too_far(node)); });
    const auto decisive = earlier.begin() + static_cast<std::ptrdiff_t>(quorum - 1);
    std::nth_element(earlier.begin(), decisive, earlier.end());
    return valid_until_ - *decisive;
}

}  // namespace redlock::core
