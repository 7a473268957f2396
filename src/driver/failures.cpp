#include "driver/failures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace redlock::driver {

void failures::note(node_index node, error_code cause, std::string message) {
    clear(node);
    nodes_.push_back({node, cause, std::move(message)});
}

void failures::clear(node_index node) {
    std::erase_if(nodes_, [node](const node_failure& failure) { return failure.node == node; });
}

diagnostics failures::to_diagnostics(std::string message,
                                     const std::vector<std::string>& node_names) const {
    diagnostics told{std::move(message), nodes_};
    std::ranges::sort(told.nodes, {}, &node_failure::node);
    for (auto& failure : told.nodes) {
        failure.message = failure.message.empty()
                              ? node_names[failure.node]
                              : fmt::format("{}: {}", node_names[failure.node], failure.message);
    }
    return told;
}

}  // namespace redlock::driver
