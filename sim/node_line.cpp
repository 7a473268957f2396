// The fair line of one node, as acquire_in_line.lua keeps it; see node_model.hpp.
#include <algorithm>

#include "sim/node_model.hpp"

namespace redlock::sim {

namespace {

using place = resource_keys::place;

bool comes_before(const place& a, const place& b) {
    return a.ticket != b.ticket ? a.ticket < b.ticket : a.id < b.id;
}

void take_out(std::vector<place>& line, std::uint64_t id) {
    std::erase_if(line, [id](const place& each) { return each.id == id; });
}

/// The line while one script runs on it.
class line_visit {
  public:
    line_visit(resource_keys& keys, const place_call& with, std::int64_t now_us)
        : keys_(keys), with_(with), now_us_(now_us) {
        if (keys_.called_at_us > now_us) {
            forget_call();
        }
        const auto dead = [now_us](const place& each) { return each.deadline_us <= now_us; };
        std::erase_if(keys_.line, dead);
        me_ = {with.id, with.ticket, 0};
        for (const place& each : keys_.line) {
            last_us_ = std::max(last_us_, each.deadline_us);
            if (each.id == with.id) {
                me_ = each;
                in_line_ = true;
            }
        }
    }

    [[nodiscard]] std::int64_t ahead() const {
        return std::count_if(keys_.line.begin(), keys_.line.end(),
                             [this](const place& each) { return comes_before(each, me_); });
    }
    [[nodiscard]] const place& first() const {
        return *std::min_element(keys_.line.begin(), keys_.line.end(), comes_before);
    }
    [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(keys_.line.size()); }

    /// My place for another lease; nothing where there is no room.
    void keep_place() {
        if (!in_line_ && size() >= with_.longest) {
            return;
        }
        me_.deadline_us = now_us_ + with_.lease_ms * 1000;
        last_us_ = std::max(last_us_, me_.deadline_us);
        begin_anew_if_empty();
        take_out(keys_.line, with_.id);
        keys_.line.push_back(me_);
        prolong();
        mark();
    }
    void call(std::uint64_t id) {
        begin_anew_if_empty();
        keys_.called = id;
        keys_.called_at_us = now_us_;
        prolong();
    }
    void forget_call() { keys_.called = 0; }
    void leave(std::uint64_t id) { take_out(keys_.line, id); }
    void pass_over(std::uint64_t id) {
        leave(id);
        forget_call();
    }

  private:
    /// For those who do not look at the line.
    void mark() {
        if (keys_.fence == 0 && !keys_.marked) {
            keys_.fence_ends_ms = now_us_ / 1000 + with_.lease_ms;
        }
        keys_.marked = true;
    }
    /// A hash whose last field goes is gone, and its time to live with it.
    void begin_anew_if_empty() {
        if (keys_.line.empty() && keys_.called == 0) {
            keys_.line_ends_ms = 0;
        }
    }
    void prolong() {
        const std::int64_t lifetime_ms = (last_us_ - now_us_ + 999) / 1000;
        keys_.line_ends_ms = std::max(keys_.line_ends_ms, now_us_ / 1000 + lifetime_ms);
    }

    resource_keys& keys_;
    const place_call& with_;
    std::int64_t now_us_;
    place me_;
    std::int64_t last_us_ = 0;
    bool in_line_ = false;
};

}  // namespace

node_reply node_model::acquire_in_line(std::size_t resource, const acquire_call& with,
                                       const place_call& place, std::int64_t now_us) {
    const auto ballot = static_cast<std::int64_t>(with.ballot);
    if (ballot > now_us + with.window_us || ballot < now_us - with.window_us) {
        return {node_answer::out_of_window, now_us};
    }
    resource_keys& keys = keys_[resource];
    expire(keys, now_us);
    if (full_) {
        // Whoever would have to write finds out before it has changed anything that matters here.
        return {node_answer::refused_full};
    }
    line_visit line{keys, place, now_us};
    const std::int64_t ahead_of_me = line.ahead();
    if (keys.token != 0) {
        line.forget_call();
        line.keep_place();
        return {node_answer::busy, keys.token_ends_ms - now_us / 1000, keys.token, ahead_of_me};
    }
    const std::int64_t grace_us = place.grace_ms * 1000;
    for (std::int64_t ahead = ahead_of_me; ahead > 0; --ahead) {
        const std::uint64_t first = line.first().id;
        if (keys.called != first || now_us < keys.called_at_us + grace_us) {
            const bool calls = keys.called != first;
            line.keep_place();
            if (calls) {
                line.call(first);
            }
            const std::int64_t left_us = keys.called_at_us + grace_us - now_us;
            return {node_answer::called, std::max<std::int64_t>(1, (left_us + 999) / 1000), 0,
                    ahead};
        }
        line.pass_over(first);
        ++passed_over_;
    }
    if (is_stale(keys, with)) {
        return stale(keys, now_us);
    }
    line.leave(place.id);
    line.forget_call();
    node_reply reply = grant(keys, with, line.size() > 0, now_us);
    reply.value = line.size();
    return reply;
}

void node_model::leave_line(std::size_t resource, std::uint64_t id, std::int64_t now_us) {
    resource_keys& keys = keys_[resource];
    expire(keys, now_us);
    take_out(keys.line, id);
}

}  // namespace redlock::sim
