#include "core/quorum.hpp"

namespace redlock::core {

std::size_t quorum_of(std::size_t nodes) noexcept {
    return nodes / 2 + 1;
}

std::size_t tolerated_by(std::size_t nodes) noexcept {
    return nodes - quorum_of(nodes);
}

verdict decide(std::size_t nodes, std::size_t in_favour, std::size_t against) {
    if (in_favour >= quorum_of(nodes)) {
        return verdict::won;
    }
    return against > tolerated_by(nodes) ? verdict::lost : verdict::pending;
}

}  // namespace redlock::core
