// What a node has of a lock of several names.
#include <algorithm>

#include "sim/witness.hpp"

namespace redlock::sim {

/// Of several names those that the token of the request has there.
std::size_t witness::names_held(testing::simulated_node& where, const seen& asked) const {
    return static_cast<std::size_t>(std::ranges::count_if(asked.of->names, [&](auto each) {
        return where.text_at(std::string{each}) == argument(asked.what, *asked.of, 1);
    }));
}

/// A node gives all names or none, and takes for a lock only what is whole.
void witness::look_for_parts(testing::simulated_node& where, const seen& asked, bool has_it) {
    const std::size_t has = names_held(where, asked);
    if (has != (has_it ? asked.of->names.size() : asked.had)) {
        on_.judge.condemn(check::in_part, on_.now(),
                          on_.number_of(std::string{argument(asked.what, *asked.of, 1)}),
                          where.number());
    }
}

}  // namespace redlock::sim
