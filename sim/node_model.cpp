#include "sim/node_model.hpp"

#include <algorithm>

namespace redlock::sim {

void node_model::clear() {
    for (auto& each : keys_) {
        each.token = each.fence = each.called = 0;
        each.marked = false;
        each.line.clear();
    }
    has_epoch_ = has_configuration_ = full_ = false;
}

void node_model::expire(resource_keys& keys, std::int64_t now_us) {
    const std::int64_t now_ms = now_us / 1000;
    if (keys.token != 0 && keys.token_ends_ms < now_ms) {
        keys.token = 0;
    }
    if ((keys.fence != 0 || keys.marked) && keys.fence_ends_ms < now_ms) {
        keys.fence = 0;
        keys.marked = false;
    }
    if ((keys.called != 0 || !keys.line.empty()) && keys.line_ends_ms < now_ms) {
        keys.called = 0;
        keys.line.clear();
    }
}

node_reply node_model::acquire(std::size_t resource, const acquire_call& with,
                               std::int64_t now_us) {
    const auto ballot = static_cast<std::int64_t>(with.ballot);
    if (ballot > now_us + with.window_us || ballot < now_us - with.window_us) {
        return {node_answer::out_of_window, now_us};
    }
    resource_keys& keys = keys_[resource];
    expire(keys, now_us);
    const bool behind = is_stale(keys, with);
    const bool yields = keys.marked && with.yields;
    if (!behind && !yields && !may_write(false)) {
        return {node_answer::refused_full};
    }
    if (keys.token != 0) {
        return {node_answer::busy, keys.token_ends_ms - now_us / 1000, keys.token};
    }
    if (behind) {
        return stale(keys, now_us);
    }
    if (yields) {
        return {node_answer::called, 0, 0, 1};
    }
    return grant(keys, with, keys.marked, now_us);
}

bool node_model::is_stale(const resource_keys& keys, const acquire_call& with) {
    return keys.fence >= with.ballot;
}

node_reply node_model::stale(const resource_keys& keys, std::int64_t now_us) {
    node_reply reply{node_answer::stale, static_cast<std::int64_t>(keys.fence)};
    reply.now_us = now_us;
    reply.left_ms = keys.fence_ends_ms - now_us / 1000;
    return reply;
}

node_reply node_model::grant(resource_keys& keys, const acquire_call& with, bool marked,
                             std::int64_t now_us) {
    keys.fence_ends_ms = now_us / 1000 + with.fence_lifetime_ms;
    keys.fence = with.last;
    keys.marked = marked;
    keys.token = with.token;
    keys.token_ends_ms = now_us / 1000 + with.lease_ms;
    return {node_answer::granted};
}

node_reply node_model::extend(std::size_t resource, const extend_call& with, std::int64_t now_us) {
    resource_keys& keys = keys_[resource];
    expire(keys, now_us);
    const std::int64_t ends_ms = now_us / 1000 + with.lease_ms;
    const std::int64_t fence_ends_ms = now_us / 1000 + with.fence_lifetime_ms;
    if (keys.token == 0 && with.heal) {
        if (keys.fence > with.last) {
            return {node_answer::missing};
        }
        if (!may_write(false)) {
            return {node_answer::refused_full};
        }
        keys.token = with.token;
        keys.token_ends_ms = ends_ms;
        keys.marked = false;
        keys.fence = with.last;
        keys.fence_ends_ms = fence_ends_ms;
        return {node_answer::replanted};
    }
    if (keys.token != with.token) {
        return {keys.token != 0 ? node_answer::taken : node_answer::missing};
    }
    bool written = false;
    if (keys.token_ends_ms < ends_ms) {
        keys.token_ends_ms = ends_ms;
        written = true;
    }
    if (with.last != 0) {
        if (keys.fence < with.last) {
            if (!may_write(written)) {
                return {node_answer::refused_full};
            }
            keys.marked = false;
            keys.fence = with.last;
        }
        keys.fence_ends_ms = fence_ends_ms;
    }
    return {node_answer::extended};
}

node_reply node_model::release(std::size_t resource, const release_call& with,
                               std::int64_t now_us) {
    resource_keys& keys = keys_[resource];
    expire(keys, now_us);
    const bool removed = keys.token != 0 && keys.token == with.token;
    if (removed) {
        keys.token = 0;
    }
    // One further ahead than any ACQUIRE is accepted would lock everybody out.
    const bool usable = static_cast<std::int64_t>(with.bar) <= now_us + with.window_us;
    std::uint64_t bar = usable ? with.bar : 0;
    if (removed && with.above) {
        bar = std::max(bar, keys.fence + 1);
    }
    const std::int64_t now_ms = now_us / 1000;
    const bool higher = bar > 0 && keys.fence >= bar;
    if (keys.fence < bar) {
        if (!may_write(removed)) {
            return {node_answer::refused_full};
        }
        keys.fence = bar;
    }
    if (higher && static_cast<std::int64_t>(keys.fence) > now_us + with.window_us) {
        // It is not to last, but the bar must, until no ballot below it would be accepted.
        keys.fence_ends_ms =
            std::max(keys.fence_ends_ms, now_ms + (2 * with.window_us + 999) / 1000);
    } else if (bar > 0) {
        keys.fence_ends_ms = now_ms + with.fence_lifetime_ms;
    }
    return {removed ? node_answer::removed : node_answer::absent};
}

node_reply node_model::hello(std::uint64_t identity, std::int64_t remembers_us,
                             std::int64_t quarantine_ms, std::uint64_t configuration,
                             std::int64_t now_us) {
    // Nothing is kept for who has other settings.
    const bool records = !has_configuration_ || configuration_ == configuration;
    const bool begins = !has_epoch_ || identity_ != identity || birth_us_ > now_us;
    const std::int64_t birth_us = begins ? now_us - remembers_us : birth_us_;
    if (begins && records) {
        if (!may_write(false)) {
            return {node_answer::refused_full};
        }
        has_epoch_ = true;
        identity_ = identity;
        birth_us_ = birth_us;
    }
    if (!has_configuration_) {
        if (!may_write(begins)) {
            return {node_answer::refused_full};
        }
        has_configuration_ = true;
        configuration_ = configuration;
    }
    const std::int64_t remaining_us = birth_us + quarantine_ms * 1000 - now_us;
    const std::int64_t remaining_ms = remaining_us > 0 ? (remaining_us + 999) / 1000 : 0;
    return {node_answer::told, remaining_ms, configuration_};
}

node_reply node_model::vouch() {
    // The script deletes first, and one that has written is not refused for want of memory.
    has_configuration_ = false;
    if (!has_epoch_) {
        return {node_answer::absent};
    }
    birth_us_ = 0;
    return {node_answer::told};
}

}  // namespace redlock::sim
