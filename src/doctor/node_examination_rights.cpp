// What may be done on a node, and whether it tells of changes; see node_examination.hpp. Each right
// is tried by the gentlest means that the server offers.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/shown_text.hpp"
#include "doctor/node_examination.hpp"
#include "driver/key_names.hpp"
#include "driver/votes.hpp"
#include "redis/wire/acl_error.hpp"
#include "redis/wire/resp_writer.hpp"
#include "redis/wire/server_error.hpp"
#include "scripts/scripts.hpp"

namespace redlock::doctor {

using redis::reply_view;

namespace {

constexpr std::string_view next_in_turn = "next in turn";

}  // namespace

// --- what we may do there ---

void node_examination::take_eval(const redis::reply_view& reply) {
    if (reply.is_integer()) {
        seen_.runs_scripts = true;
    } else if (!reply.is_error() || !missing_by_error({{"EVAL", "return 1", "0", ""}, "eval", {}},
                                                      reply.text(), pool_.keys())) {
        // The probes name a right or a command that is missing.
        seen_.runs_scripts = false;
        seen_.scripts_message = base::shown_text(reply.text());
    }
}

// Whether it takes writes at all, of which no setting tells for sure: a server looks at its memory,
// its disk and its replicas before it looks at what the command says.
void node_examination::take_write(const redis::reply_view& reply) {
    if (!reply.is_error()) {
        return;
    }
    const node_errc cause = redis::classify(reply.text());
    if (cause == node_errc::slot_unserved || cause == node_errc::out_of_memory ||
        cause == node_errc::cannot_persist || cause == node_errc::read_only) {
        writes_refused_ = {cause, base::shown_text(reply.text())};
    }
}

void node_examination::begin_probes(bool dry) {
    // One server of a cluster takes the keys of its own slots only: some name will lie elsewhere.
    const int names = in_cluster_ && !seen_.cluster ? 8 : 1;
    for (int i = 0; i < names; ++i) {
        ask_later(harmless_write(pool_.keys(), terms_.unused + std::to_string(i)),
                  into(&node_examination::take_write));
    }
    for (right_probe& probe : right_probes({.keys = pool_.keys(),
                              .unused = terms_.unused,
                              .resource = terms_.resource,
                              .guarded = pool_.at(seen_.node).guarded(),
                              .by_sentinel = seen_.by_sentinel,
                              .cluster = seen_.cluster})) {
        if (probe.use != probe_use::only_dry || dry) {
            ask_probe(probe, dry);
        }
    }
    ask_later({"CONFIG", "GET", "append*"}, into(&node_examination::take_append));
    ask_later({sampled_by_}, into(&node_examination::take_sample));
}

void node_examination::ask_probe(const right_probe& probe, bool dry) {
    if (!dry) {
        ask_later(probe.words, [this, probe](const redis::reply_view& reply) {
            take_probe(probe, reply, false);
        });
        return;
    }
    words command{"ACL", "DRYRUN", seen_.user};
    command.insert(command.end(), probe.words.begin(), probe.words.end());
    ask_later(std::move(command),
              [this, probe](const redis::reply_view& reply) { take_dry(probe, reply); });
}

// The server would take it. Whether it comes to the server is another question.
void node_examination::take_dry(const right_probe& probe, const redis::reply_view& reply) {
    auto missing = missing_by(probe, reply.text(), pool_.keys());
    if (missing && missing->by != withheld_by::hang_up) {
        note_missing(std::move(*missing));
    } else if (probe.use == probe_use::sent) {
        ask_now(probe.words,
                [this, probe](const redis::reply_view& next) { take_probe(probe, next, true); });
    }
}

void node_examination::take_probe(const right_probe& probe, const redis::reply_view& reply,
                                  bool dry) {
    auto missing =
        reply.is_error() ? missing_by_error(probe, reply.text(), pool_.keys()) : std::nullopt;
    if (!missing) {
        return;
    }
    if (probe.use == probe_use::in_script && !(missing->by == withheld_by::acl && lacks_eval())) {
        // Perhaps it is only refused on the way, where we do not send it.
        ask_now(inside_script(probe),
                [this, probe](const redis::reply_view& inside) { take_inside(probe, inside); });
        return;
    }
    if (dry && missing->by != withheld_by::hang_up) {
        missing->by = withheld_by::proxy;
        missing->rule.clear();
    }
    note_missing(std::move(*missing));
}

void node_examination::take_inside(const right_probe& probe, const redis::reply_view& reply) {
    auto missing =
        reply.is_error() ? missing_by_error(probe, reply.text(), pool_.keys()) : std::nullopt;
    // Where EVAL is lost, which has a probe of its own, nothing is known of this one.
    if (missing && missing->by != withheld_by::hang_up && !lacks_eval()) {
        note_missing(std::move(*missing));
    }
}

bool node_examination::lacks_eval() const {
    constexpr std::string_view eval = "eval";
    return std::ranges::find(seen_.missing, eval, &missing_right::what) != seen_.missing.end();
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

// --- one resource ---

/// Of a resource whose name was given: whether its fence keeps everybody out.
void node_examination::ask_for_fence() {
    const std::string& resource = terms_.resource;
    if (resource.empty()) {
        return;
    }
    const driver::key_names& keys = pool_.keys();
    ask_later({"EVAL", std::string{scripts::status.body}, "3", resource, keys.fence(resource),
               keys.holder(resource)},
              [this](const redis::reply_view& reply) {
                  const auto status = parse_status(reply, terms_.resource, pool_.keys(),
                                                   pool_.options().clock_window);
                  if (status.vote) {
                      seen_.fence_message = status.vote->fence_message;
                      seen_.key_message = status.vote->key_message;
                  }
              });
}

// --- whether it tells of changes ---

void node_examination::await_tracking() {
    if (seen_.cluster) {
        ask_the_rest();
        return;
    }
    const driver::node& asked = pool_.at(seen_.node);
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
        // The end would end the watch whose call this may be; a turn later it may.
        clock_.set(*this, pool_.now());
    }
}

void node_examination::stop_waiting() {
    if (std::exchange(awaits_tracking_, false)) {
        conclude_tracking();
    }
}

void node_examination::conclude_tracking() {
    const driver::node& asked = pool_.at(seen_.node);
    seen_.tracks_keys = asked.tracks_keys();
    if (!asked.tracks_keys()) {
        seen_.tracking_message = asked.tracking_refusal().empty() ? std::string{"no answer in time"}
                                                                  : asked.tracking_refusal();
    }
    ask_the_rest();
}

// --- what is not answered ---

// A server that is stopped answers nothing; a proxy may swallow one command and pass the rest. If
// it is one that locks can do without, one that they need is asked behind it: should its answer
// come in place of the one that is missing, the server is there.
bool node_examination::may_be_swallowed() {
    const std::string& name = asked_.command.front();
    if (!swallowed_.empty() || name == "EVAL" || name == "EVALSHA" || name == "INFO") {
        return false;
    }
    swallowed_ = name;
    asked_.take = [](const redis::reply_view& /*reply*/) {};
    return !pool_.at(seen_.node)
                .send({.encoded =
                           redis::encoded({"EVAL", fmt::format("return '{}'", next_in_turn), "0"}),
                       .sink = shared_from_this(),
                       .deadline = pool_.now() + core::duration{pool_.options().node_timeout},
                       .how = redis::delivery::must_follow});
}

void node_examination::take_after_silence(const redis::reply_view& reply) {
    if (!reply.is_text() || reply.text() != next_in_turn) {
        fail(node_errc::no_answer, "in time to " + swallowed_);  // It was only late.
        return;
    }
    note_missing({redis::rule_for_command(swallowed_).substr(1),
                  {},
                  swallowed_ == "HDEL"     ? "leaving the line at once"
                  : swallowed_ == "SCAN"   ? "`redlock list`"
                  : swallowed_ == "CLIENT" ? "being told of released locks instead of asking"
                                           : "the rest of this examination",
                  false,
                  withheld_by::silence,
                  {}});
    finish();
}

}  // namespace redlock::doctor
