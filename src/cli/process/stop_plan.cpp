// The keeper comes a quarter of a slice behind redlock, so that redlock is first wherever it can
// be.
#include "cli/process/stop_plan.hpp"

#include "cli/base/exit_status.hpp"

namespace redlock::cli {

int stop_claims::status(int own) const noexcept {
    return has(stop_cause::loss) ? exit_lost : has(stop_cause::overrun) ? exit_max_hold : own;
}

stop_plan::time_point stop_plan::redlock_kills_at(time_point now) const noexcept {
    return reaction_ == on_lost::kill ? now : std::min(now + margin_, until_ - slice_);
}

std::optional<stop_plan::time_point> stop_plan::keeper_kills_at() const noexcept {
    if (reaction_ == on_lost::warn) {
        return std::nullopt;
    }
    return until_ - slice_ * 3 / 4;
}

}  // namespace redlock::cli
