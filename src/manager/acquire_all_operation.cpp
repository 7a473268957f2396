#include "manager/acquire_all_operation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/shown_text.hpp"
#include "driver/key_names.hpp"
#include "redlock/resource_names.hpp"

namespace redlock::manager {

acquire_all_operation::acquire_all_operation(manager_impl& manager,
                                             std::vector<resource_name> names,
                                             detail::acquire_request request,
                                             completion<error_code, lock>&& handler)
    : acquire_operation(manager, names.empty() ? resource_name{} : names.front(),
                        std::move(request), core::queueing::nowhere, std::move(handler)),
      names_(std::move(names)) {}

driver::refusal acquire_all_operation::check(std::span<const resource_name> names, bool clustered) {
    if (names.empty()) {
        return {errc::no_resource, "there is no resource; name at least one"};
    }
    if (names.size() > resource_names::most) {
        return {errc::too_many_resources,
                fmt::format("there are {} resources; at most {} can be acquired together",
                            names.size(), resource_names::most)};
    }
    if (const auto twice = std::ranges::adjacent_find(names); twice != names.end()) {
        return {errc::resource_twice, fmt::format("{} is named twice; name each resource once",
                                                  base::shown_text(twice->str()))};
    }
    if (clustered) {
        for (const resource_name& each : names) {
            if (!driver::share_a_slot(each.str(), names.front().str())) {
                return {errc::different_slots,
                        fmt::format("{} and {} lie in different slots of the Redis Cluster; give "
                                    "the resources names with one hash tag, such as {{bank}}.alice "
                                    "and {{bank}}.bob",
                                    base::shown_text(names.front().str()),
                                    base::shown_text(each.str()))};
            }
        }
    }
    return {};
}

std::optional<driver::refusal> acquire_all_operation::why_refused() const {
    if (auto wrong = check(names_, false); wrong.cause) {
        return wrong;
    }
    for (const resource_name& each : names_) {
        if (auto wrong = manager().check_name(each)) {
            return driver::refusal{errc::invalid_argument, std::move(*wrong)};
        }
    }
    if (auto wrong = check(names_, manager().nodes().clustered()); wrong.cause) {
        return wrong;
    }
    return why_terms_are_refused();
}

bool acquire_all_operation::waits_for_its_turn() {
    if (!its_course().attempts_are_unlimited()) {
        return false;
    }
    places_.emplace(manager(), names_, [this](bool may_begin) { look_soon(may_begin); });
    return !places_->are_first();
}

/// While a round is on its way there is no need to: what it finds out of date, its watches tell.
void acquire_all_operation::look_soon(bool may_begin) {
    if (its_course().is_queued() && may_begin) {
        compete();
    } else if (its_course().is_waiting()) {
        manager().clock().set(*this, manager().clock().now());
    }
}

std::optional<core::ballot_block> acquire_all_operation::next_block() const {
    return manager().nodes().next_block(names_);
}

driver::extras_ptr acquire_all_operation::extras_of(const driver::lock_identity& identity) const {
    return driver::extras_ptr{new driver::lock_extras{record_of(identity), names_}};
}

void acquire_all_operation::begin_watch() {
    if (!watches_.empty()) {
        return;
    }
    for (const resource_name& each : names_) {
        watches_.emplace_back(manager().nodes().watches(), each.str(), *this);
    }
}

void acquire_all_operation::let_go() {
    watches_.clear();
    places_.reset();
    acquire_operation::let_go();
}

}  // namespace redlock::manager
