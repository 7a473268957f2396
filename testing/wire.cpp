#include "testing/wire.hpp"

#include <algorithm>
#include <utility>

namespace redlock::testing {

namespace {

side other(side one) {
    return one == side::client ? side::server : side::client;
}

}  // namespace

void wire::send(side by, std::string_view bytes, std::function<void()> heard) {
    if (!cut_ && !from(by).closed) {
        push(by, {.bytes = std::string{bytes}, .heard = std::move(heard)});
    }
}

void wire::close(side by) {
    if (!cut_ && !std::exchange(from(by).closed, true)) {
        push(by, {.ends = true});
    }
}

void wire::push(side by, stretch what) {
    direction& way = from(by);
    const tick earliest = way.under_way.empty() ? 0 : way.under_way.back().arrives;
    what.arrives = std::max(earliest, time_->now() + weather_->delay(by));
    way.under_way.push_back(std::move(what));
    plan(by);
}

tick wire::blocked_until(side to) const {
    const tick weather = weather_->blocked_until(to);
    return to == side::client ? std::max(weather, muted_until_) : weather;
}

void wire::plan(side by) {
    direction& way = from(by);
    if (way.under_way.empty() || std::exchange(way.planned, true)) {
        return;
    }
    const tick when = std::max(way.under_way.front().arrives, blocked_until(other(by)));
    time_->at(when, [self = shared_from_this(), by] {
        self->from(by).planned = false;
        self->deliver(by);
    });
}

void wire::deliver(side by) {
    direction& way = from(by);
    while (!way.under_way.empty() && way.under_way.front().arrives <= time_->now() &&
           blocked_until(other(by)) <= time_->now()) {
        const stretch next = std::move(way.under_way.front());
        way.under_way.pop_front();
        wire_end* const end = end_of(other(by));
        if (end == nullptr) {
            continue;
        }
        if (!next.bytes.empty()) {
            end->on_bytes(next.bytes);
            if (next.heard) {
                next.heard();
            }
        } else if (next.ends) {
            end->on_end(next.resets);
        }
    }
    plan(by);
}

void wire::lose_the_rest(direction& of) {
    std::size_t bytes = 0;
    for (const stretch& each : of.under_way) {
        bytes += each.bytes.size();
    }
    std::size_t left = chance_->below(bytes + 1);
    for (stretch& each : of.under_way) {
        if (left < each.bytes.size()) {
            each.heard = nullptr;
        }
        each.bytes.resize(std::min(left, each.bytes.size()));
        left -= each.bytes.size();
    }
}

void wire::cut(bool carried_out, tick noticed_after) {
    if (std::exchange(cut_, true)) {
        return;
    }
    direction& to_server = from(side::client);
    if (!carried_out) {
        lose_the_rest(to_server);
    }
    push(side::client, {.ends = true, .resets = true});
    direction& to_client = from(side::server);
    lose_the_rest(to_client);
    push(side::server, {.ends = true, .resets = true});
    to_client.under_way.back().arrives =
        std::max(to_client.under_way.back().arrives, time_->now() + noticed_after);
}

}  // namespace redlock::testing
