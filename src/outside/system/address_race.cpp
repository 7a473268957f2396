// See address_race.hpp.
#include "outside/system/address_race.hpp"

#include <algorithm>

namespace redlock::outside {

std::vector<std::size_t> interleave(const std::vector<int>& families) {
    // The families in the order of their first address.
    std::vector<int> order;
    for (const int family : families) {
        if (std::find(order.begin(), order.end(), family) == order.end()) {
            order.push_back(family);
        }
    }
    std::vector<std::size_t> next(order.size(), 0);
    std::vector<std::size_t> taken;
    for (std::size_t turn = 0; taken.size() < families.size(); ++turn) {
        const std::size_t which = turn % order.size();
        std::size_t& at = next[which];
        while (at < families.size() && families[at] != order[which]) {
            ++at;
        }
        if (at < families.size()) {
            taken.push_back(at++);
        }
    }
    return taken;
}

std::optional<std::size_t> address_race::next() {
    if (!more()) {
        return std::nullopt;
    }
    ++running_;
    return started_++;
}

std::optional<std::size_t> address_race::failed() {
    --running_;
    return next();
}

}  // namespace redlock::outside
