// Judges what was seen of one node by itself: what would lose locks there, what keeps it from
// voting, what could not be seen. Pure; any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "redlock/health.hpp"

namespace redlock::doctor {

/// What the settings of all clients come to.
struct diagnosis_terms {
    bool guarded = false;  ///< Restarted nodes wait before they vote.
    std::chrono::milliseconds quarantine{};
    std::chrono::milliseconds clock_step{};
    std::chrono::milliseconds node_timeout{};
};

/// The findings of one node, in the order in which they are found.
class node_findings {
  public:
    explicit node_findings(node_index node) : node_(node) {}

    void add(finding_level level, std::string_view code, std::string what, std::string why = {},
             std::string advice = {});
    [[nodiscard]] const std::vector<finding>& all() const { return all_; }

  private:
    node_index node_;
    std::vector<finding> all_;
};

void judge_node(const node_health& node, const diagnosis_terms& terms, node_findings& found);

/// Its part about commands, keys and channels that are withheld,
void judge_rights(const node_health& node, node_findings& found);
/// and about scripts and messages.
void judge_abilities(const node_health& node, node_findings& found);

/// For the node that is well: what it is, in one line.
[[nodiscard]] std::string summary_of(const node_health& node);

/// "3.0 s", "12 ms" or "0.4 ms".
[[nodiscard]] std::string shown_time(std::chrono::nanoseconds time);

}  // namespace redlock::doctor
