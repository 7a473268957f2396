// The nodes' views of one or more resources, for the operations that read them. Strand only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "driver/queries.hpp"
#include "manager/manager_impl.hpp"
#include "redlock/status.hpp"

namespace redlock::manager {

/// One entry a node, in their order.
using node_views = std::vector<node_status>;

/// Starts the query and hands the views of all nodes, with what is known of their votes, to
/// `take(started, views)`, unless `operation` is gone by then.
template <class Operation, class Take>
void ask_views(manager_impl& manager, const std::shared_ptr<driver::status_query>& query,
               const std::weak_ptr<Operation>& operation, Take take) {
    query->start([operation, take = std::move(take), started = query->started(),
                  &nodes = manager.nodes()](node_views views) mutable {
        if (const auto alive = operation.lock()) {
            for (auto& view : views) {
                auto why = nodes.why_no_vote(view.node);
                view.vote_error = why.cause;
                view.vote_message = std::move(why.message);
                view.quarantine = nodes.quarantine_left(view.node);
            }
            take(started, std::move(views));
        }
    });
}

/// The same for several resources, which are asked for at once: `take(started, views)` gets those
/// of each, in the order of `names`. Readers of a shared lock are not listed. `names`: one at
/// least.
template <class Operation, class Take>
void ask_views_of_each(manager_impl& manager, const std::vector<resource_name>& names,
                       const std::weak_ptr<Operation>& operation, Take take) {
    struct gathered {
        std::vector<node_views> views;
        std::size_t missing = 0;
        core::instant started;
        Take take;
    };
    const auto all =
        std::make_shared<gathered>(gathered{std::vector<node_views>(names.size()), names.size(),
                                            core::instant::max(), std::move(take)});
    for (std::size_t which = 0; which < names.size(); ++which) {
        const auto query = std::make_shared<driver::status_query>(
            manager.nodes(), names[which].str(), driver::readers_told::none);
        ask_views(manager, query, operation, [all, which](core::instant started, node_views views) {
            all->views[which] = std::move(views);
            all->started = std::min(all->started, started);
            if (--all->missing == 0) {
                all->take(all->started, std::move(all->views));
            }
        });
    }
}

}  // namespace redlock::manager
