// What answers tell of the nodes' clocks, and what that means for the locks held; as src/driver's
// node_pool and src/manager's held_lock_lease.
#include <algorithm>

#include "sim/process.hpp"

namespace redlock::sim {

/// By how much the clock of the node that answered was set in all.
core::duration process::note_time(const command& what, core::instant sent) {
    core::node_clock& clock_there = clocks_[what.node];
    if (what.node_us == 0) {
        return clock_there.stepped();
    }
    heard_us_[what.node] = what.node_us;
    if (clock_there.on_answer(what.node_us, sent, clock())) {
        on_.note(rule::clock_seen_set);
        tell("sees that the clock of node ", what.node, " was set");
        for (std::uint32_t each = 0; each < on_.holds.size(); ++each) {
            hold& it = on_.holds[each];
            if (it.client != number_ || it.at != hold::stage::held) {
                continue;
            }
            if (note_clocks(each)) {
                look_after(each);
            } else {
                on_.note(rule::kept_its_time);
            }
        }
    }
    return clock_there.stepped();
}

const core::backing& process::backing_of(hold& it) {
    return it.extended_by != none ? on_.extensions[it.extended_by].round.backing()
                                  : on_.attempts[it.by].round.backing();
}

/// True if the lease ends earlier than was known.
bool process::note_clocks(std::uint32_t number) {
    hold& it = on_.holds[number];
    const core::instant until = backing_of(it).valid_until(clocks_);
    if (until >= it.valid_until) {
        return false;
    }
    on_.note(rule::lease_shortened);
    it.valid_until = until;
    for (const std::uint32_t each : it.extensions) {
        on_.extensions[each].round.on_shortened(until);
    }
    it.renewal.on_shortened(clock(), until);
    on_.judge.shortened(it.judged, std::max(on_.now, when(until)));
    tell("has #", on_.attempts[it.by].call.token, " until ", shown(when(until)), " only");
    return true;
}

/// After an answer: of what it has heard, it must have drawn the conclusion.
void process::judge_hearing() {
    if (!on_.with->judged.hearing) {
        return;
    }
    for (std::uint32_t each = 0; each < on_.holds.size(); ++each) {
        hold& it = on_.holds[each];
        if (it.client != number_ || it.at != hold::stage::held) {
            continue;
        }
        const std::uint64_t token = on_.attempts[it.by].call.token;
        // One that is over by what it knows will be told so.
        if (const tick until = when(it.valid_until);
            until > on_.now && until > nodes_.free_at(token, it.resource, heard_us_)) {
            on_.judge.condemn(check::unheard, on_.now, it.turn.fencing());
        }
    }
}

}  // namespace redlock::sim
