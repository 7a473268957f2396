#include "core/quorum.hpp"

namespace redlock::core {

std::string_view to_string(verdict value) noexcept {
    switch (value) {
        case verdict::pending:
            return "pending";
        case verdict::won:
            return "won";
        case verdict::lost:
            return "lost";
    }
    return "unknown";
}

verdict decide(std::size_t nodes, std::size_t in_favour, std::size_t against) {
    if (in_favour >= quorum_of(nodes)) {
        return verdict::won;
    }
    return against > tolerated_by(nodes) ? verdict::lost : verdict::pending;
}

}  // namespace redlock::core
