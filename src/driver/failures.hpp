// Collects why nodes did not help in one operation, cheaply while all goes well, and turns it into
// diagnostics for people when it did not. One strand at a time.
#pragma once

#include <string>
#include <vector>

#include "redlock/error.hpp"

namespace redlock::driver {

class failures {
  public:
    /// The latest cause of a node replaces an earlier one.
    void note(node_index node, error_code cause, std::string message = {});
    /// The node answered after all.
    void clear(node_index node);
    [[nodiscard]] bool empty() const { return nodes_.empty(); }
    [[nodiscard]] const std::vector<node_failure>& nodes() const { return nodes_; }

    /// In the order of the nodes, each message preceded by the node's name.
    [[nodiscard]] diagnostics to_diagnostics(std::string message,
                                             const std::vector<std::string>& node_names) const;

  private:
    std::vector<node_failure> nodes_;
};

}  // namespace redlock::driver
