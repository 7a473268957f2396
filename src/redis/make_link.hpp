// Which kind of link an endpoint needs.
#pragma once

#include <cstdint>
#include <memory>

#include "redis/connect/connection.hpp"
#include "redis/link.hpp"

namespace redlock::redis {

/// Of the masters of a cluster, of the master that Sentinels name, or of one server. As the
/// constructor of a connection.
[[nodiscard]] std::unique_ptr<link> make_link(outside::alarm_clock& clock,
                                              connection_options options, connection_events& events,
                                              std::uint64_t seed);

}  // namespace redlock::redis
