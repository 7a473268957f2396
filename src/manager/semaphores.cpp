#include "manager/semaphores.hpp"

namespace redlock::manager {

namespace {

constexpr std::size_t most_idle = 256;

bool is_idle(const std::shared_ptr<driver::semaphore_state>& semaphore) {
    return semaphore.use_count() == 1;
}

}  // namespace

std::shared_ptr<driver::semaphore_state> semaphores::find(const resource_name& name,
                                                          std::uint16_t permits,
                                                          const driver::node_pool& nodes,
                                                          std::uint16_t& in_use) {
    const auto found = known_.find(name);
    if (found != known_.end()) {
        if (found->second->permits == permits) {
            return found->second;
        }
        if (!is_idle(found->second)) {
            in_use = found->second->permits;
            return nullptr;
        }
        known_.erase(found);
    }
    if (known_.size() >= most_idle) {
        std::erase_if(known_, [](const auto& each) { return is_idle(each.second); });
    }
    auto made =
        std::make_shared<driver::semaphore_state>(name, permits, nodes.keys(), nodes.size());
    known_.emplace(name, made);
    return made;
}

}  // namespace redlock::manager
