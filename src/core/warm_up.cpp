#include "core/warm_up.hpp"

#include <algorithm>

#include "core/quorum.hpp"

namespace redlock::core {

warm_up::warm_up(std::size_t nodes, instant started, duration longest)
    : nodes_(nodes),
      started_(started),
      over_at_(saturating_add(started, longest)),
      pending_(node_set::all(nodes)) {}

void warm_up::on_connected(node_index node, instant now) {
    connected_.insert(node);
    settle(node, now);
}

void warm_up::on_failed(node_index node, instant now) {
    settle(node, now);
}

void warm_up::settle(node_index node, instant now) {
    pending_.erase(node);
    if (pending_.empty()) {
        over_at_ = std::min(over_at_, now);
    } else if (connected_.size() >= quorum_of(nodes_)) {
        over_at_ = std::min(over_at_, now + std::max(now - started_, grace));
    }
}

}  // namespace redlock::core
