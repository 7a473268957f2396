#include "redis/sentinel/master_link.hpp"

#include <utility>

namespace redlock::redis {
namespace {

// The connection itself goes wherever the search says.
connection_options of_master(connection_options options) {
    options.where.sentinel.reset();
    return options;
}

}  // namespace

master_link::master_link(outside::alarm_clock& clock, connection_options options,
                         connection_events& events, std::uint64_t seed)
    : search_(std::make_shared<master_search>(options.where)),
      master_(clock, of_master(options), events, seed, search_),
      watch_(clock, options, master_, *search_, seed) {}

void master_link::stop() {
    watch_.stop();
    master_.stop();
}

// The Sentinels are asked first, while the master is known to be in use.
error_code master_link::send(command&& what) {
    watch_.look();
    return master_.send(std::move(what));
}

}  // namespace redlock::redis
