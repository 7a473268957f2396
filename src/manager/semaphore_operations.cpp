#include "manager/semaphore_operations.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "manager/arguments.hpp"
#include "manager/verdict.hpp"

namespace redlock::manager {

std::vector<resource_name> slots_and_number(manager_impl& manager, const semaphore& of) {
    const driver::key_names& keys = manager.nodes().keys();
    std::vector<resource_name> names;
    names.reserve(of.permits + 1);
    for (std::size_t slot = 0; slot < of.permits; ++slot) {
        names.emplace_back(keys.slot(of.name.str(), slot));
    }
    names.emplace_back(keys.permits(of.name.str()));
    return names;
}

permits_memory remembered_permits(const node_views& views, std::size_t asked) {
    permits_memory remembered;
    for (const node_status& view : views) {
        const std::string& text = view.holder.str();
        std::size_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (view.error || error != std::errc{} || end != text.data() + text.size()) {
            continue;
        }
        if (number == asked) {
            remembered.as_asked = true;
        } else {
            remembered.other = number;
        }
    }
    return remembered;
}

semaphore_status_operation::semaphore_status_operation(
    manager_impl& manager, semaphore of, completion<error_code, semaphore_status> handler)
    : read_operation(manager, std::move(handler)), of_(std::move(of)) {}

void semaphore_status_operation::begin() {
    auto wrong = manager().check_name(of_.name);
    if (!wrong) {
        wrong = check_permits(of_.permits);
    }
    if (wrong) {
        semaphore_status refused;
        refused.message = std::move(*wrong);
        complete(errc::invalid_argument, std::move(refused));
        return;
    }
    ask_views_of_each(
        manager(), slots_and_number(manager(), of_), weak(),
        [this](core::instant, std::vector<node_views> of_each) { on_views(std::move(of_each)); });
}

void semaphore_status_operation::on_views(std::vector<node_views> of_each) {
    semaphore_status status;
    status.name = of_.name;
    status.remembered_permits = remembered_permits(of_each.back(), of_.permits).number(of_.permits);
    of_each.pop_back();
    const bool unknown = has_different_nodes(manager());
    for (node_views& views : of_each) {
        resource_status judged = judge(of_.name, std::move(views));
        judged.slot = status.slots.size();
        if (unknown) {
            judged.verdict = lock_verdict::unknown;
        }
        status.slots.push_back(std::move(judged));
    }
    complete({}, std::move(status));
}

list_semaphores_operation::list_semaphores_operation(
    manager_impl& manager, std::string pattern, std::size_t limit, diagnostics* details,
    completion<error_code, std::vector<semaphore>> handler)
    : read_operation(manager, std::move(handler)),
      pattern_(std::move(pattern)),
      limit_(limit),
      details_(details) {}

void list_semaphores_operation::begin() {
    const auto on_keys = [this](error_code error, const std::set<std::string>& keys) {
        std::map<std::string_view, std::size_t> permits;
        for (const std::string& key : keys) {
            if (const auto its = manager().nodes().keys().read_slot(key)) {
                std::size_t& most = permits[its->semaphore];
                most = std::max(most, its->slot + 1);
            }
        }
        std::vector<semaphore> semaphores;
        semaphores.reserve(permits.size());
        for (const auto& [name, number] : permits) {
            semaphores.emplace_back(name, number);
        }
        complete(error, std::move(semaphores));
    };
    look_for_keys(manager(), {pattern_, limit_, driver::listed_keys::slots}, details_, weak(),
                  on_keys);
}

}  // namespace redlock::manager
