// What may be done on a node, and whether it tells of changes; see node_examination.hpp. Each right
// is tried by the gentlest means that the server offers.
#include <algorithm>
#include <utility>

#include "driver/node_examination.hpp"
#include "redis/acl_error.hpp"
#include "redis/server_error.hpp"

namespace redlock::driver {

using redis::reply_view;

// --- what we may do there ---

void node_examination::take_eval(const reply_view& reply) {
    if (reply.is_integer()) {
        seen_.runs_scripts = true;
    } else if (!redis::is_acl_refusal(reply.text()) && !redis::read_missing_command(reply.text()) &&
               reply.text() != closed_upon) {
        // The probes name a right or a command that is missing.
        seen_.runs_scripts = false;
        seen_.scripts_message = redis::shown_text(reply.text());
    }
}

// Whether it takes writes at all, of which no setting tells for sure: a server looks at its memory,
// its disk and its replicas before it looks at what the command says.
void node_examination::take_write(const reply_view& reply) {
    if (!reply.is_error()) {
        return;
    }
    const node_errc cause = redis::classify(reply.text());
    if (cause == node_errc::slot_unserved || cause == node_errc::out_of_memory ||
        cause == node_errc::cannot_persist || cause == node_errc::read_only) {
        writes_refused_ = {cause, redis::shown_text(reply.text())};
    }
}

void node_examination::begin_probes(bool dry) {
    // One server of a cluster takes the keys of its own slots only: some name will lie elsewhere.
    const int names = in_cluster_ && !seen_.cluster ? 8 : 1;
    for (int i = 0; i < names; ++i) {
        ask_later(harmless_write(terms_.unused + std::to_string(i)),
                  [this](const reply_view& reply) { take_write(reply); });
    }
    for (right_probe& probe : right_probes({.unused = terms_.unused,
                              .resource = terms_.resource,
                              .guarded = pool_.at(seen_.node).guarded(),
                              .by_sentinel = seen_.by_sentinel,
                              .cluster = seen_.cluster})) {
        if (probe.use != probe_use::only_dry || dry) {
            ask_probe(probe, dry);
        }
    }
}

void node_examination::ask_probe(const right_probe& probe, bool dry) {
    if (!dry) {
        ask_later(probe.words,
                  [this, probe](const reply_view& reply) { take_probe(probe, reply, false); });
        return;
    }
    words command{"ACL", "DRYRUN", seen_.user};
    command.insert(command.end(), probe.words.begin(), probe.words.end());
    ask_later(std::move(command),
              [this, probe](const reply_view& reply) { take_dry(probe, reply); });
}

// The server would take it. Whether it comes to the server is another question.
void node_examination::take_dry(const right_probe& probe, const reply_view& reply) {
    auto missing = missing_by(probe, reply.text());
    if (missing && missing->by != withheld_by::hang_up) {
        note_missing(std::move(*missing));
    } else if (probe.use == probe_use::sent) {
        ask_now(probe.words,
                [this, probe](const reply_view& next) { take_probe(probe, next, true); });
    }
}

void node_examination::take_probe(const right_probe& probe, const reply_view& reply, bool dry) {
    auto missing = reply.is_error() ? missing_by(probe, reply.text()) : std::nullopt;
    if (!missing) {
        return;
    }
    if (probe.use == probe_use::in_script && missing->by != withheld_by::acl) {
        // Perhaps it is only refused on the way, where we do not send it.
        ask_now(inside_script(probe),
                [this, probe](const reply_view& inside) { take_inside(probe, inside); });
        return;
    }
    if (dry && missing->by == withheld_by::server) {
        missing->by = withheld_by::proxy;
    }
    note_missing(std::move(*missing));
}

void node_examination::take_inside(const right_probe& probe, const reply_view& reply) {
    auto missing = reply.is_error() ? missing_by(probe, reply.text()) : std::nullopt;
    // Closed upon EVAL: that has a probe of its own, and of this one nothing is known.
    if (missing && missing->by != withheld_by::hang_up) {
        note_missing(std::move(*missing));
    }
}

void node_examination::note_missing(missing_right right) {
    const bool known =
        std::any_of(seen_.missing.begin(), seen_.missing.end(), [&](missing_right& each) {
            const bool same =
                each.what == right.what && each.rule == right.rule && each.by == right.by;
            each.essential = each.essential || (same && right.essential);
            return same;
        });
    if (!known) {
        seen_.missing.push_back(std::move(right));
    }
}

// --- whether it tells of changes ---

void node_examination::await_tracking() {
    if (seen_.cluster) {
        finish();
        return;
    }
    const node& asked = pool_.at(seen_.node);
    if (asked.tracks_keys() || !asked.tracking_refusal().empty()) {
        conclude_tracking();
        return;
    }
    awaits_tracking_ = true;
    if (owner_ != nullptr) {
        owner_->on_awaits_tracking(seen_.node);
    }
}

void node_examination::on_tracking_news() {
    if (std::exchange(awaits_tracking_, false)) {
        // The end would end the watch whose call this may be; a round trip later it may.
        ask_now({"PING"}, [](const reply_view& /*reply*/) {});
        ask_next();
    }
}

void node_examination::stop_waiting() {
    if (std::exchange(awaits_tracking_, false)) {
        conclude_tracking();
    }
}

void node_examination::conclude_tracking() {
    const node& asked = pool_.at(seen_.node);
    if (asked.tracks_keys()) {
        seen_.tracks_keys = true;
    } else {
        seen_.tracks_keys = false;
        seen_.tracking_message = asked.tracking_refusal().empty() ? std::string{"no answer in time"}
                                                                  : asked.tracking_refusal();
    }
    finish();
}

}  // namespace redlock::driver
