// What the witness answers to the judge and to the users: what it has seen of leases, places and
// votes.
#include <algorithm>
#include <string_view>

#include "sim/witness.hpp"

namespace redlock::sim {

std::optional<std::int64_t> witness::deadline_of_reader(testing::simulated_node& where,
                                                        std::uint64_t token,
                                                        const std::string& resource) const {
    for (const std::string& each : on_.tokens_at(where.number(), resource)) {
        if (on_.known_number_of(each) == token) {
            const auto deadline = where.execute({"ZSCORE", readers_key_of(resource), ":" + each});
            return number_in(deadline.words) * 1'000;
        }
    }
    return std::nullopt;
}

tick witness::kept_until(std::uint64_t token, const std::string& resource,
                         std::size_t client) const {
    std::vector<tick> ends;
    for (std::size_t node = 0; node < on_.the_plan.nodes; ++node) {
        testing::simulated_node& there = on_.in.at(node);
        const auto holder = there.text_at(resource);
        auto ends_us = there.end_of(resource);
        const std::string alone = holder ? token_of_reader_alone(*holder) : std::string{};
        if (holder && tells_of_readers(*holder) && alone.empty()) {
            ends_us = deadline_of_reader(there, token, resource);
        } else if (holder && on_.known_number_of(alone.empty() ? *holder : alone) != token) {
            ends_us = std::nullopt;
        }
        ends.push_back(heard_us_.at(client).at(node) < places_.at(node).set_to_us ? no_tick
                       : holder && ends_us ? there.when_us(*ends_us)
                                           : 0);
    }
    const auto decisive = ends.begin() + static_cast<std::ptrdiff_t>((ends.size() - 1) / 2);
    std::nth_element(ends.begin(), decisive, ends.end());
    return *decisive;
}

bool witness::has_left_place(std::size_t node, const std::string& line) const {
    const auto places = on_.in.at(node).execute({"HGETALL", line});
    for (std::size_t at = 0; at + 1 < places.items.size(); at += 2) {
        const auto& those = places_.at(node).asked_in_line;
        // A call of a place is to be gone with it.
        constexpr std::string_view called = "called ";
        std::string whose = places.items[at].words;
        if (whose.starts_with(called)) {
            whose.erase(0, called.size());
        }
        const auto asked = those.find(whose);
        if (asked != those.end() && asked->second > on_.calm_at) {
            return true;
        }
    }
    return false;
}

std::size_t witness::votes_for(std::uint64_t token) const {
    const auto at = leases_.find(token);
    if (at == leases_.end()) {
        return 0;
    }
    const lease& it = at->second;
    return static_cast<std::size_t>(
        std::count_if(it.granted.begin(), it.granted.end(),
                      [&](std::size_t each) { return !it.too_early.contains(each); }));
}

std::size_t witness::prolonged_since(std::uint64_t token, tick when) const {
    const auto at = leases_.find(token);
    if (at == leases_.end()) {
        return 0;
    }
    const auto& all = at->second.prolonged;
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [&](const auto& each) { return each.second >= when; }));
}

std::optional<tick> witness::planted_at(std::uint64_t token, std::size_t node) const {
    const auto at = leases_.find(token);
    if (at == leases_.end() || !at->second.planted.contains(node)) {
        return std::nullopt;
    }
    return at->second.planted.at(node);
}

}  // namespace redlock::sim
