#include "core/quarantine.hpp"

#include <algorithm>

#include "core/validity.hpp"

namespace redlock::core {

std::chrono::milliseconds quarantine_time(std::chrono::milliseconds longest_lease,
                                          std::chrono::milliseconds clock_window,
                                          std::chrono::milliseconds clock_step) {
    using namespace std::chrono_literals;
    const auto leases_over =
        longest_lease + std::chrono::ceil<std::chrono::milliseconds>(drift_of(longest_lease));
    // More than twice: a ballot at one end of the window, the node's clock at the other.
    const auto ballots_over = 2 * clock_window + 1ms;
    return std::max(leases_over, ballots_over) + clock_step;
}

void quarantine::on_greeted(node_index node, std::chrono::milliseconds remaining, instant now) {
    votes_from_[node] = remaining > std::chrono::milliseconds{0}
                            ? saturating_add(now, duration{remaining} + drift_of(remaining))
                            : instant::min();
}

}  // namespace redlock::core
