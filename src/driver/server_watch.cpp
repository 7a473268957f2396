#include "driver/server_watch.hpp"

#include <fmt/format.h>

namespace redlock::driver {

namespace {

/// Surely: the uptime is a difference of two clock readings in whole seconds, and may be one too
/// many.
bool ran_already_at(core::instant then, const redis::server_identity& who, core::instant now) {
    return who.uptime && now - (*who.uptime - std::chrono::seconds{1}) < then;
}

}  // namespace

void server_watch::met(const redis::server_identity& who, core::instant now) {
    if (who.run_id.empty()) {
        return;
    }
    const bool another = !last_run_id_.empty() && who.run_id != last_run_id_;
    // A promoted replica ran beside its master, and is rightly reached in its place.
    if (another && !who.promoted && ran_already_at(last_met_, who, now)) {
        met_both(last_run_id_, who.run_id, now);
    }
    last_run_id_ = who.run_id;
    last_met_ = now;
}

void server_watch::met_both(const std::string& one, const std::string& other, core::instant now) {
    held_until_ = core::saturating_add(now, memory_);
    message_ = fmt::format(
        "more than one server answers behind this URL (run_id {} and {}), so that a lock would be "
        "known to one of them only: give a URL that leads to one server, whatever connects",
        one, other);
}

}  // namespace redlock::driver
