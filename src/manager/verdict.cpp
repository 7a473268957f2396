#include "manager/verdict.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <utility>

#include "core/quorum.hpp"
#include "driver/votes.hpp"

namespace redlock::manager {

namespace {

using std::chrono::milliseconds;

/// What one of several servers behind one URL says is not what the next connection finds.
bool says_nothing(const node_status& view) {
    return view.error || view.vote_error == node_errc::several_servers;
}

/// What the nodes say of one token.
struct claim {
    core::node_set granted;
    std::vector<std::optional<milliseconds>> leases;
    lock_mode mode = lock_mode::exclusive;
    fencing_token fencing;
    std::string label;
    std::string proclaimed;
    std::uint64_t edition = 0;
};
using claims = std::map<lock_token, claim>;

void add(claims& all, node_index node, const lock_holder& said) {
    claim& its = all[said.token];
    if (its.granted.contains(node)) {
        return;
    }
    its.granted.insert(node);
    its.leases.push_back(said.remaining);
    its.fencing = std::max(its.fencing, said.fencing);
    if (its.label.empty()) {
        its.label = said.label;
    }
    if (said.mode == lock_mode::shared) {
        its.mode = lock_mode::shared;
    }
}

claims claims_in(const std::vector<node_status>& nodes) {
    claims all;
    for (const auto& view : nodes) {
        if (says_nothing(view) || view.holder.empty()) {
            continue;
        }
        if (view.mode != lock_mode::shared) {
            add(all, view.node, {view.holder, view.fencing, view.label, view.remaining});
            claim& its = all[view.holder];
            if (view.edition > its.edition) {
                its.edition = view.edition;
                its.proclaimed = view.proclaimed;
            }
        }
        for (const lock_holder& reader : view.readers) {
            add(all, view.node, reader);
        }
    }
    return all;
}

/// A quorum of them ends with the lease that leaves one too few; one without end is the last.
std::optional<milliseconds> end_of_quorum(std::vector<std::optional<milliseconds>> leases,
                                          std::size_t quorum) {
    assert(leases.size() >= quorum);
    std::sort(leases.begin(), leases.end(),
              [](const auto& a, const auto& b) { return a && (!b || *a < *b); });
    return leases[leases.size() - quorum];
}

/// The views by what they say, but for who holds it.
struct tally {
    explicit tally(const std::vector<node_status>& nodes) : quorum(core::quorum_of(nodes.size())) {
        for (const auto& view : nodes) {
            if (says_nothing(view)) {
                silent.insert(view.node);
            } else if (view.holder.empty()) {
                free.insert(view.node);
            } else if (view.mode == lock_mode::shared) {
                shared.insert(view.node);
                if (view.reader_count == 0 || view.reader_count > view.readers.size()) {
                    unlisted.insert(view.node);
                }
            }
        }
    }
    [[nodiscard]] bool is_quorum(core::node_set nodes) const { return nodes.size() >= quorum; }

    std::size_t quorum;
    core::node_set silent;
    core::node_set free;
    core::node_set shared;
    core::node_set unlisted;  ///< Which may have readers that they do not list.
};

/// Those that hold it, and how long all of them together.
void note_readers(resource_status& status, const std::vector<node_status>& nodes, const claims& all,
                  const tally& seen) {
    status.verdict = lock_verdict::held;
    status.mode = lock_mode::shared;
    status.holder = lock_token{driver::readers_marker};
    core::node_set theirs = seen.shared;
    for (const auto& [token, its] : all) {
        if (its.mode == lock_mode::shared && seen.is_quorum(its.granted)) {
            theirs = theirs | its.granted;
            status.readers.push_back({token, its.fencing, its.label,
                                      end_of_quorum(its.leases, seen.quorum), lock_mode::shared,
                                      1});
        }
    }
    std::ranges::stable_sort(status.readers, std::ranges::greater{}, &lock_holder::remaining);
    std::vector<std::optional<milliseconds>> leases;
    std::vector<std::size_t> counts;
    for (const auto& view : nodes) {
        if (theirs.contains(view.node)) {
            leases.push_back(view.remaining);
            counts.push_back(view.reader_count);
        }
    }
    status.remaining = end_of_quorum(std::move(leases), seen.quorum);
    std::ranges::sort(counts, std::ranges::greater{});
    status.reader_count = seen.unlisted.empty()
                              ? status.readers.size()
                              : std::max(status.readers.size(), counts[seen.quorum - 1]);
}

void note_holder(resource_status& status, const lock_token& token, const claim& its,
                 std::size_t quorum) {
    status.verdict = lock_verdict::held;
    status.mode = lock_mode::exclusive;
    status.holder = token;
    status.fencing = its.fencing;
    status.label = its.label;
    status.proclaimed = its.proclaimed;
    status.edition = its.edition;
    status.remaining = end_of_quorum(its.leases, quorum);
}

/// Whether it is held if the nodes in `silent` say so, and what is not listed is there.
bool may_hold(const claims& all, const tally& seen, core::node_set silent) {
    return seen.is_quorum(seen.unlisted | silent) ||
           std::ranges::any_of(all, [&](const auto& each) {
               const claim& its = each.second;
               const auto unlisted =
                   its.mode == lock_mode::shared ? seen.unlisted : core::node_set{};
               return seen.is_quorum(its.granted | unlisted | silent);
           });
}

}  // namespace

token_hold find_token(const lock_token& token, const std::vector<node_status>& nodes) {
    const tally seen{nodes};
    token_hold hold;
    hold.silent = seen.silent;
    const claims all = claims_in(nodes);
    const auto found = token.empty() ? all.end() : all.find(token);
    if (found != all.end()) {
        const claim& its = found->second;
        hold.granted = its.granted;
        hold.mode = its.mode;
        hold.fencing = its.fencing;
        hold.label = its.label;
        hold.proclaimed = its.proclaimed;
        hold.edition = its.edition;
        hold.has_quorum = seen.is_quorum(its.granted);
        if (hold.has_quorum) {
            hold.remaining = end_of_quorum(its.leases, seen.quorum);
        }
    }
    hold.may_have_quorum = seen.is_quorum(hold.granted | hold.silent);
    return hold;
}

std::vector<node_status> together(const lock_token& token,
                                  const std::vector<std::vector<node_status>>& of_each) {
    assert(!of_each.empty());
    std::vector<node_status> all = of_each.front();
    for (const auto& views : of_each) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            node_status& its = all[i];
            const node_status& more = views[i];
            if (!its.error && more.error) {
                its.error = more.error;
                its.message = more.message;
            }
            if (more.holder != token) {
                its.holder = {};
                its.mode.reset();
            }
            if (more.remaining && (!its.remaining || *more.remaining < *its.remaining)) {
                its.remaining = more.remaining;
            }
        }
    }
    return all;
}

resource_status judge(resource_name resource, std::vector<node_status> nodes) {
    resource_status status;
    status.resource = std::move(resource);
    const tally seen{nodes};
    const claims all = claims_in(nodes);
    const auto holder = std::ranges::find_if(
        all, [&](const auto& each) { return seen.is_quorum(each.second.granted); });
    const bool by_readers = holder != all.end()
                                ? holder->second.mode == lock_mode::shared
                                : seen.is_quorum(seen.shared) && may_hold(all, seen, {});
    if (by_readers) {
        note_readers(status, nodes, all, seen);
    } else if (holder != all.end()) {
        note_holder(status, holder->first, holder->second, seen.quorum);
    } else if (seen.is_quorum(seen.free)) {
        status.verdict = lock_verdict::free;
    } else {
        const bool open =
            seen.is_quorum(seen.free | seen.silent) || may_hold(all, seen, seen.silent);
        status.verdict = open && !seen.silent.empty() ? lock_verdict::unknown : lock_verdict::split;
    }
    status.nodes = std::move(nodes);
    return status;
}

}  // namespace redlock::manager
