#include "redis/connect/connection_proof.hpp"

namespace redlock::redis {

void connection_proof::begin(time_point now) noexcept {
    ready_since_ = now;
    merit_ = merit::untried;
}

void connection_proof::on_heard(time_point now) noexcept {
    silent_since_ = now;
    stalled_ = false;
}

void connection_proof::on_answer() noexcept {
    if (merit_ == merit::untried) {
        merit_ = merit::answers;
    }
}

connection_proof::silence connection_proof::look(time_point now) noexcept {
    if (silent_for(now) >= patience_in_timeouts * command_timeout_) {
        return silence::too_long;
    }
    stalled_ = stalled_ || silent_for(now) >= command_timeout_;
    return stalled_ ? silence::stalled : silence::bearable;
}

connection_proof::time_point connection_proof::next_look() const noexcept {
    return silent_since_ + (stalled_ ? patience_in_timeouts : 1) * command_timeout_;
}

bool connection_proof::earned(time_point now) const noexcept {
    return merit_ == merit::answers || (merit_ == merit::untried && has_lasted(now));
}

}  // namespace redlock::redis
