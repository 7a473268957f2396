#include "manager/verdict.hpp"

#include <algorithm>
#include <utility>

#include "core/quorum.hpp"

namespace redlock::manager {

namespace {

/// What one of several servers behind one URL says is not what the next connection finds.
bool says_nothing(const node_status& view) {
    return view.error || view.vote_error == node_errc::several_servers;
}

}  // namespace

token_hold find_token(const lock_token& token, const std::vector<node_status>& nodes) {
    token_hold hold;
    std::vector<std::optional<std::chrono::milliseconds>> leases;
    for (const auto& view : nodes) {
        if (says_nothing(view)) {
            hold.silent.insert(view.node);
        } else if (!token.empty() && view.holder == token) {
            hold.granted.insert(view.node);
            leases.push_back(view.remaining);
            hold.fencing = std::max(hold.fencing, view.fencing);
            if (hold.label.empty()) {
                hold.label = view.label;
            }
            if (view.edition > hold.edition) {
                hold.edition = view.edition;
                hold.proclaimed = view.proclaimed;
            }
        }
    }
    const std::size_t quorum = core::quorum_of(nodes.size());
    hold.has_quorum = hold.granted.size() >= quorum;
    hold.may_have_quorum = (hold.granted | hold.silent).size() >= quorum;
    if (hold.has_quorum) {
        // The quorum ends with the lease that leaves one node too few; a lease without end is the
        // last.
        std::sort(leases.begin(), leases.end(),
                  [](const auto& a, const auto& b) { return a && (!b || *a < *b); });
        hold.remaining = leases[leases.size() - quorum];
    }
    return hold;
}

resource_status judge(resource_name resource, std::vector<node_status> nodes) {
    resource_status status;
    status.resource = std::move(resource);
    const std::size_t quorum = core::quorum_of(nodes.size());
    std::size_t free = 0;
    std::size_t silent = 0;
    bool undecided = false;
    for (const auto& view : nodes) {
        silent += says_nothing(view) ? 1U : 0U;
        free += !says_nothing(view) && view.holder.empty() ? 1U : 0U;
    }
    for (const auto& view : nodes) {
        if (says_nothing(view) || view.holder.empty()) {
            continue;
        }
        const token_hold hold = find_token(view.holder, nodes);
        if (hold.has_quorum) {
            status.verdict = lock_verdict::held;
            status.holder = view.holder;
            status.fencing = hold.fencing;
            status.label = hold.label;
            status.proclaimed = hold.proclaimed;
            status.edition = hold.edition;
            status.remaining = hold.remaining;
            break;
        }
        undecided = undecided || hold.may_have_quorum;
    }
    if (status.verdict != lock_verdict::held) {
        if (free >= quorum) {
            status.verdict = lock_verdict::free;
        } else if (undecided || free + silent >= quorum) {
            status.verdict = silent == 0 ? lock_verdict::split : lock_verdict::unknown;
        } else {
            status.verdict = lock_verdict::split;
        }
    }
    status.nodes = std::move(nodes);
    return status;
}

}  // namespace redlock::manager
