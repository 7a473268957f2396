// The life of a cluster link and its clock; see cluster_shell.hpp.
#include "redis/cluster/cluster_link.hpp"

#include <algorithm>
#include <utility>

#include "redis/cluster/cluster_shell.hpp"

namespace redlock::redis {

cluster_link::shell::shell(outside::alarm_clock& clock, connection_options options,
                           connection_events& events, std::uint64_t seed)
    : clock_(clock),
      options_(std::move(options)),
      events_(&events),
      random_(seed),
      steps_(options_.greets, {.min = options_.backoff_min, .max = options_.backoff_max},
             options_.where.password) {}

void cluster_link::shell::start() {
    if (state_ == connection_state::idle) {
        survey_soon();
    }
}

void cluster_link::shell::stop() {
    if (state_ == connection_state::stopped) {
        return;
    }
    state_ = connection_state::stopped;
    events_ = nullptr;
    steps_.abandon();
    clock_.cancel(*this);
    for (const auto& each : members_) {
        each->link().stop();
    }
    auto unsent = std::exchange(waiting_, {});
    unsent.insert(unsent.end(), put_off_.begin(), put_off_.end());
    put_off_.clear();
    for (const auto& each : unsent) {
        each->fail(errc::closed);
    }
}

void cluster_link::shell::keep_trying() {
    if (state_ == connection_state::idle || state_ == connection_state::stopped) {
        return;
    }
    announce_ = true;
    for (const auto& each : members_) {
        if (map().has(each->where())) {
            each->link().keep_trying();
        }
    }
    want_survey();
}

error_code cluster_link::shell::send(command&& what, const cluster_route& route) {
    if (state_ == connection_state::idle || state_ == connection_state::stopped) {
        return errc::closed;
    }
    if (state_ == connection_state::waiting_to_retry) {
        if (clock_.now() >= steps_.next_at()) {
            survey_soon();
        } else if (!routes()) {
            return cause_ == node_errc::connection_lost ? error_code{node_errc::not_connected}
                                                        : cause_;
        }
    }
    if (what.how == delivery::this_connection && state_ != connection_state::ready) {
        return node_errc::not_connected;
    }
    const auto accepted =
        std::make_shared<relay>(shared_from_this(), std::move(what), route, steps_.number());
    if (routes()) {
        return dispatch(*accepted);
    }
    if (waiting_.size() >= options_.max_pending_commands) {
        return node_errc::unresponsive;
    }
    waiting_.push_back(accepted);
    arm();
    return {};
}

// --- time ---

cluster_link::shell::time_point cluster_link::shell::next_wake() const {
    time_point wake = next_candidate_at_;
    for (const auto& each : waiting_) {
        wake = std::min(wake, each->deadline());
    }
    for (const auto& each : put_off_) {
        wake = std::min(wake, each->retry_at);
    }
    return survey_due_ ? std::min(wake, steps_.next_at()) : wake;
}

// Moved forward only, as a connection's.
void cluster_link::shell::arm() {
    if (state_ != connection_state::stopped) {
        clock_.set_no_later(*this, next_wake());
    }
}

void cluster_link::shell::on_alarm(time_point now) {
    const auto self = shared_from_this();  // events may end the link
    expire_waiting(now);
    retry_put_off(now);
    if (now >= next_candidate_at_) {
        next_candidate_at_ = time_point::max();
        perform(steps_.resume({.what = survey_event::kind::head_start_over}));
    }
    if (survey_due_ && now >= steps_.next_at()) {
        survey_soon();
    }
    arm();
}

// --- the handle ---

cluster_link::cluster_link(outside::alarm_clock& clock, connection_options options,
                           connection_events& events, std::uint64_t seed)
    : shell_(std::make_shared<shell>(clock, std::move(options), events, seed)) {}

cluster_link::~cluster_link() {
    shell_->stop();
}

void cluster_link::start() {
    shell_->start();
}
void cluster_link::keep_trying() {
    shell_->keep_trying();
}
void cluster_link::stop() {
    shell_->stop();
}

error_code cluster_link::send(command&& what) {
    const cluster_route route{.slot = slot_of(what.key)};
    return shell_->send(std::move(what), route);
}

error_code cluster_link::send_to_part(std::size_t part, command&& what) {
    return shell_->send(std::move(what), {.part = part});
}

std::size_t cluster_link::parts() const noexcept {
    return std::max<std::size_t>(shell_->map().masters().size(), 1);
}
connection_state cluster_link::state() const noexcept {
    return shell_->state();
}
const std::string& cluster_link::last_error_message() const noexcept {
    return shell_->message();
}

}  // namespace redlock::redis
