#include "outside/alarm_clock.hpp"

#include <utility>

namespace redlock::outside {

using time_point = boot_clock::time_point;

alarm_clock::alarm_clock(boost::asio::any_io_executor strand)
    : strand_(std::move(strand)),
      environment_(environment_of(strand_)),
      timer_(environment_->make_timer(strand_, *this)) {}

void alarm_clock::set(alarm& entry, time_point at) {
    if (at == time_point::max() || ended_) {
        cancel(entry);
        return;
    }
    queue_.set(entry, at);
    rearm();
}

void alarm_clock::cancel(alarm& entry) {
    if (entry.is_set()) {
        queue_.cancel(entry);
        rearm();
    }
}

void alarm_clock::end() {
    ended_ = true;
    queue_.cancel_all();
    rearm();
}

void alarm_clock::on_time() {
    // The clock survives this: the wait that ended keeps its owner until it returns.
    ringing_ = true;
    const time_point now = environment_->now();
    try {
        for (std::size_t rung = 0; rung < most_in_a_turn; ++rung) {
            alarm* const due = queue_.take_due(now);
            if (due == nullptr) {
                break;
            }
            queue_.expect_next();
            due->on_alarm(now);
        }
    } catch (...) {
        // The others that are due ring once the event loop runs again.
        ringing_ = false;
        rearm();
        throw;
    }
    ringing_ = false;
    rearm();
}

void alarm_clock::on_forked() {
    if (const auto tell = std::exchange(forked_, nullptr)) {
        tell();
    }
}

void alarm_clock::rearm() {
    if (ringing_) {
        return;
    }
    const time_point earliest = queue_.earliest();
    if (earliest == time_point::max()) {
        timer_->disarm();
    } else {
        timer_->arm(earliest);
    }
}

}  // namespace redlock::outside
