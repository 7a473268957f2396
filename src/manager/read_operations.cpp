#include "manager/read_operations.hpp"

#include "core/quorum.hpp"
#include "manager/arguments.hpp"
#include "manager/node_views.hpp"
#include "manager/verdict.hpp"

namespace redlock::manager {

namespace {

/// Who holds it, and all readers.
std::shared_ptr<driver::status_query> question(manager_impl& manager,
                                               const resource_name& resource) {
    return std::make_shared<driver::status_query>(manager.nodes(), resource.str(),
                                                  driver::readers_told::all);
}

}  // namespace

bool has_different_nodes(manager_impl& manager) {
    const bool different = !manager.nodes().different_nodes().empty();
    if (different) {
        manager.nodes().greet_again(driver::hello_form::reads);
    }
    return different;
}

status_operation::status_operation(manager_impl& manager, resource_name resource,
                                   completion<error_code, resource_status> handler)
    : read_operation(manager, std::move(handler)), resource_(std::move(resource)) {}

void status_operation::begin() {
    if (auto wrong = manager().check_name(resource_)) {
        resource_status refused;
        refused.message = std::move(*wrong);
        complete(errc::invalid_argument, std::move(refused));
        return;
    }
    ask_views(manager(), question(manager(), resource_), weak(),
              [this](core::instant, std::vector<node_status> views) {
                  resource_status judged = judge(resource_, std::move(views));
                  if (has_different_nodes(manager())) {
                      judged.verdict = lock_verdict::unknown;
                  }
                  complete({}, std::move(judged));
              });
}

is_locked_operation::is_locked_operation(manager_impl& manager, resource_name resource,
                                         completion<error_code, bool> handler)
    : read_operation(manager, std::move(handler)), resource_(std::move(resource)) {}

void is_locked_operation::begin() {
    if (manager().check_name(resource_)) {
        complete(errc::invalid_argument, false);
        return;
    }
    ask_views(manager(), question(manager(), resource_), weak(),
              [this](core::instant, std::vector<node_status> views) {
                  if (has_different_nodes(manager())) {
                      complete(errc::different_nodes, false);
                      return;
                  }
                  const auto verdict = judge(resource_, std::move(views)).verdict;
                  complete(
                      verdict == lock_verdict::unknown ? error_code{errc::no_quorum} : error_code{},
                      verdict == lock_verdict::held);
              });
}

void look_for_keys(manager_impl& manager, const wanted_keys& wanted, diagnostics* details,
                   std::weak_ptr<void> operation,
                   std::function<void(error_code, const std::set<std::string>&)> take) {
    const auto query =
        std::make_shared<driver::list_query>(manager.nodes(), wanted.pattern, wanted.limit,
                                             driver::list_query::most_fruitless_steps, wanted.what);
    query->start([&manager, details, operation = std::move(operation),
                  take = std::move(take)](const driver::list_query::result& found) {
        const auto alive = operation.lock();
        if (!alive) {
            return;
        }
        const bool enough = found.answered.size() >= core::quorum_of(manager.nodes().size());
        if (!enough && details != nullptr) {
            *details = manager.explain("too few nodes answered", found.why);
        }
        take(enough ? error_code{} : error_code{errc::no_quorum}, found.names);
    });
}

list_operation::list_operation(manager_impl& manager, std::string pattern, std::size_t limit,
                               diagnostics* details,
                               completion<error_code, std::vector<resource_name>> handler)
    : read_operation(manager, std::move(handler)),
      pattern_(std::move(pattern)),
      limit_(limit),
      details_(details) {}

void list_operation::begin() {
    look_for_keys(manager(), {pattern_, limit_, driver::listed_keys::locks}, details_, weak(),
                  [this](error_code error, const std::set<std::string>& keys) {
                      complete(error, {keys.begin(), keys.end()});
                  });
}

examine_operation::examine_operation(manager_impl& manager, doctor::examination_terms terms,
                                     diagnostics* details,
                                     completion<error_code, std::vector<node_health>> handler)
    : read_operation(manager, std::move(handler)), terms_(std::move(terms)), details_(details) {}

void examine_operation::begin() {
    auto wrong = terms_.resource.empty() ? complaint{} : manager().check_name(terms_.resource);
    if (wrong) {
        if (details_ != nullptr) {
            *details_ = {std::move(*wrong), {}};
        }
        complete(errc::invalid_argument, {});
        return;
    }
    examination_.emplace(manager().nodes(), manager().clock(), std::move(terms_));
    examination_->start([this](std::vector<node_health> seen) { complete({}, std::move(seen)); });
}

}  // namespace redlock::manager
