#include "manager/queue_places.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace redlock::manager {

/// Never handed a lease: it is one of a single name.
class queue_places::place final : public successor {
  public:
    place(queue_places& all, const resource_name& name) : all_(all), name_(name) {}

    void join() {
        const bool first = all_.manager_.queues().join(*this, name_);
        stage_ = first ? stage::first : stage::behind_others;
        if (first) {
            all_.ring_in(holds_up);
        }
    }
    /// Leaves the queue if it is its first, or comes to its end if it had left.
    void change() {
        if (stage_ == stage::away) {
            join();
        } else if (stage_ == stage::first) {
            leave();
            all_.ring_in(stays_away);
        }
    }
    [[nodiscard]] bool is_first() const { return stage_ == stage::first; }
    void leave() {
        stage_ = stage::away;
        all_.manager_.queues().leave(*this);
    }

  private:
    enum class stage : std::uint8_t {
        away,
        behind_others,  ///< Or behind a holder.
        first,
    };

    void compete() override {
        stage_ = stage::first;
        all_.ring_in(holds_up);
        all_.look_if_first();
    }
    [[nodiscard]] core::acquisition::taking takes_over(core::instant /*now*/) const override {
        return core::acquisition::taking::not_at_all;
    }
    [[nodiscard]] std::chrono::milliseconds lease_time() const override { return {}; }
    [[nodiscard]] core::duration stop_margin() const override { return {}; }
    void take_over(held_lock& /*from*/, won_lease /*won*/) override {
        assert(false && "it may not take over");
    }

    queue_places& all_;
    const resource_name& name_;
    stage stage_ = stage::away;
};

queue_places::queue_places(manager_impl& manager, std::span<const resource_name> names,
                           std::function<void(bool)> look)
    : manager_(manager), look_(std::move(look)), turn_by_(manager.clock().now() + waits_for_turn) {
    for (const resource_name& each : names) {
        places_.emplace_back(*this, each).join();
    }
    if (are_first()) {
        turn_by_ = core::never;
    } else {
        ring_in(waits_for_turn);
    }
}

bool queue_places::are_first() const {
    return std::ranges::all_of(places_, &place::is_first);
}

queue_places::~queue_places() {
    manager_.clock().cancel(*this);
    for (place& each : places_) {
        each.leave();
    }
}

void queue_places::look_if_first() {
    const bool may_begin = are_first();
    if (may_begin) {
        turn_by_ = core::never;
    }
    look_(may_begin);
}

/// One alarm is enough for all: it may come too early for a place.
void queue_places::ring_in(core::duration span) {
    manager_.clock().set_no_later(*this, manager_.clock().now() + span);
}

void queue_places::on_alarm(core::instant now) {
    for (place& each : places_) {
        each.change();
    }
    if (now >= turn_by_) {
        turn_by_ = core::never;
        look_(true);
    }
}

}  // namespace redlock::manager
