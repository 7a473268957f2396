#include "redis/make_link.hpp"

#include <utility>

#include "redis/cluster/cluster_link.hpp"
#include "redis/sentinel/master_link.hpp"

namespace redlock::redis {

std::unique_ptr<link> make_link(outside::alarm_clock& clock, connection_options options,
                                connection_events& events, std::uint64_t seed) {
    if (!options.where.cluster.empty()) {
        return std::make_unique<cluster_link>(clock, std::move(options), events, seed);
    }
    if (options.where.sentinel) {
        return std::make_unique<master_link>(clock, std::move(options), events, seed);
    }
    return std::make_unique<connection>(clock, std::move(options), events, seed);
}

}  // namespace redlock::redis
