#include "driver/node_examination.hpp"

#include <algorithm>
#include <utility>

#include "redis/acl_error.hpp"
#include "redis/resp_writer.hpp"
#include "redis/server_error.hpp"
#include "redis/server_facts.hpp"

namespace redlock::driver {

namespace {

using namespace std::chrono_literals;
using redis::reply_view;

/// What all round trips of one node may take together.
constexpr auto longest_sampling = 2s;

server_role role_in(std::string_view word) {
    return word == "master"                       ? server_role::master
           : word == "slave" || word == "replica" ? server_role::replica
                                                  : server_role::other;
}

/// Of a refusal by the ACL: what would allow it. Else empty.
std::string rule_if_refused(const reply_view& reply, std::string_view command) {
    return redis::is_acl_refusal(reply.text()) ? redis::rule_for_command(command) : std::string{};
}

unseen_fact unseen_by(const reply_view& reply, std::string what, std::string_view command) {
    std::string why = reply.is_error() ? redis::shown_text(reply.text())
                                       : std::string{"an answer of an unexpected kind"};
    return {std::move(what), std::move(why), rule_if_refused(reply, command)};
}

core::duration at_percent(const std::vector<core::duration>& sorted, std::size_t percent) {
    return sorted[(sorted.size() * percent + 99) / 100 - 1];
}

}  // namespace

node_examination::node_examination(node_pool& pool, node_index node, const examination_terms& terms,
                                   owner& told)
    : pool_(pool), terms_(terms), owner_(&told), asked_at_(boot_clock::now()) {
    const endpoint& where = pool.where(node);
    seen_.node = node;
    seen_.name = pool.names()[node];
    seen_.user = where.user.empty() ? "default" : where.user;
    seen_.durable = where.durable;
    seen_.by_sentinel = where.sentinel.has_value();
    seen_.cluster = !where.cluster.empty();
    seen_.tls = where.tls.has_value();
    seen_.tls_verified = where.tls && where.tls->verify;
}

void node_examination::start() {
    const auto with = [this](void (node_examination::*member)(const reply_view&)) {
        return [this, member](const reply_view& reply) { (this->*member)(reply); };
    };
    ask_later({"INFO"}, with(&node_examination::take_info));
    ask_later({sampled_by_}, with(&node_examination::take_sample));
    ask_later({"CONFIG", "GET", "append*"}, with(&node_examination::take_append));
    ask_later({"EVAL", "return 1", "0"}, with(&node_examination::take_eval));
    ask_later({"ACL", "WHOAMI"}, [this](const reply_view& reply) {
        if (!reply.is_text()) {
            begin_probes(false);
            return;
        }
        seen_.user = reply.text();
        ask_now({"ACL", "DRYRUN", seen_.user, "TIME"},
                [this](const reply_view& tried) { begin_probes(tried.is_text()); });
    });
    ask_next();
}

// --- asking ---

void node_examination::ask_later(words command, taker take) {
    todo_.push_back({std::move(command), std::move(take)});
}

void node_examination::ask_now(words command, taker take) {
    todo_.push_front({std::move(command), std::move(take)});
}

void node_examination::ask_next() {
    if (todo_.empty()) {
        await_tracking();
        return;
    }
    question next = std::move(todo_.front());
    todo_.pop_front();
    take_ = std::move(next.take);
    std::string encoded;
    redis::resp_writer writer{encoded};
    writer.begin(next.command.size());
    for (const std::string& word : next.command) {
        writer.arg(std::string_view{word});
    }
    // The first may have to wait for the connection.
    const auto patience = pool_.options().node_timeout +
                          (std::exchange(first_, false) ? pool_.options().connect_timeout : 0ms);
    asked_at_ = boot_clock::now();
    asked_at_wall_us_ = node_pool::wall_us();
    if (const error_code error =
            pool_.at(seen_.node).send(encoded, shared_from_this(), asked_at_ + patience)) {
        fail(error, pool_.at(seen_.node).last_error_message());
    }
}

void node_examination::on_reply(std::uint32_t /*tag*/, const reply_view& reply) {
    if (finished_ || !take_) {
        return;
    }
    const auto keep = shared_from_this();
    std::exchange(take_, nullptr)(reply);
    if (!finished_) {
        ask_next();
    }
}

void node_examination::on_timeout(std::uint32_t /*tag*/, bool maybe_sent) {
    fail(maybe_sent ? node_errc::no_answer : node_errc::not_connected,
         maybe_sent ? std::string{} : pool_.at(seen_.node).last_error_message());
}

void node_examination::on_failure(std::uint32_t /*tag*/, error_code cause, bool /*maybe_sent*/) {
    fail(cause, pool_.at(seen_.node).last_error_message());
}

void node_examination::fail(error_code cause, std::string message) {
    if (!finished_) {
        seen_.error = cause;
        seen_.message = std::move(message);
        finish();
    }
}

void node_examination::finish() {
    if (std::exchange(finished_, true)) {
        return;
    }
    const auto keep = shared_from_this();
    todo_.clear();
    if (const std::string& run_id = pool_.at(seen_.node).run_id(); !run_id.empty()) {
        seen_.run_id = run_id;  // of a cluster: of all its masters
    }
    refusal why = pool_.why_no_vote(seen_.node);
    seen_.vote_error = why.cause;
    seen_.vote_message = std::move(why.message);
    seen_.quarantine = pool_.quarantine_left(seen_.node);
    if (owner_ != nullptr) {
        std::exchange(owner_, nullptr)->on_examined(seen_.node);
    }
}

// --- what it is ---

void node_examination::take_info(const reply_view& reply) {
    if (!reply.is_text()) {
        seen_.unseen.push_back(unseen_by(reply, "its version, role, memory and replicas", "info"));
        if (std::string rule = rule_if_refused(reply, "info");
            !rule.empty() || redis::read_missing_command(reply.text())) {
            note_missing({"info", std::move(rule),
                          "telling whether it was restarted or is listed twice",
                          pool_.at(seen_.node).guarded()});
        }
        ask_now({"ROLE"}, [this](const reply_view& role) { take_role(role); });
        return;
    }
    const redis::server_facts found = redis::parse_server_facts(reply.text());
    seen_.server = found.software;
    seen_.version = found.version;
    seen_.redis_version = found.redis_version;
    seen_.run_id = found.run_id;
    seen_.uptime = found.uptime;
    seen_.loading = found.loading;
    if (!found.role.empty()) {
        seen_.role = role_in(found.role);
    }
    if (found.max_memory) {
        seen_.memory = {*found.max_memory, found.used_memory.value_or(0), found.eviction_policy};
    }
    if (found.append_only || found.writing_fails) {
        seen_.persistence.emplace();
        seen_.persistence->append_only = found.append_only;
        seen_.persistence->writing_fails = found.writing_fails;
    }
    if (found.replicas) {
        seen_.replication.emplace();
        seen_.replication->replicas = static_cast<std::size_t>(*found.replicas);
    }
}

void node_examination::take_role(const reply_view& reply) {
    if (reply.is_array() && reply[0].is_text()) {
        seen_.role = role_in(reply[0].text());
    }
}

// --- how far it is, and what its clock says ---

void node_examination::take_sample(const reply_view& reply) {
    const core::instant now = boot_clock::now();
    // A refusal has gone there and back as well.
    samples_.push_back(now - asked_at_);
    if (reply.is_array()) {
        take_clock(reply, samples_.back());
    } else if (reply.is_error() && sampled_by_ == "TIME") {
        seen_.unseen.push_back(unseen_by(reply, "its clock", "time"));
        sampled_by_ = "PING";
    }
    sample_until_ = std::min(sample_until_, now + longest_sampling);
    if (samples_.size() < terms_.samples && now < sample_until_) {
        ask_now({sampled_by_}, [this](const reply_view& next) { take_sample(next); });
        return;
    }
    std::sort(samples_.begin(), samples_.end());
    seen_.round_trip = {at_percent(samples_, 50), at_percent(samples_, 99), samples_.size()};
}

void node_examination::take_clock(const reply_view& time, core::duration elapsed) {
    using std::chrono::duration_cast;
    using std::chrono::microseconds;
    const auto seconds = redis::number_in(time[0].text());
    const auto rest = redis::number_in(time[1].text());
    constexpr std::uint64_t year_9999 = 253'402'300'800;
    if (!seconds || !rest || *seconds > year_9999 || *rest >= 1'000'000) {
        return;
    }
    const auto half = duration_cast<microseconds>(elapsed) / 2;
    if (seen_.clock && seen_.clock->error <= half) {
        return;
    }
    const microseconds theirs{static_cast<std::int64_t>(*seconds * 1'000'000 + *rest)};
    seen_.clock = {theirs - microseconds{asked_at_wall_us_} - half, half};
}

// --- its settings ---

void node_examination::take_append(const reply_view& reply) {
    if (!reply.is_array()) {
        seen_.unseen.push_back(
            unseen_by(reply, "its settings for persistence and replicas", "config|get"));
        return;
    }
    if (!seen_.persistence) {
        seen_.persistence.emplace();
    }
    if (const auto enabled = redis::setting_in(reply, "appendonly")) {
        seen_.persistence->append_only = *enabled == "yes";
    }
    seen_.persistence->append_fsync = redis::setting_in(reply, "appendfsync").value_or("");
    // Before Redis 7 there is one pattern a command.
    ask_now({"CONFIG", "GET", "maxmemory*"},
            [this](const reply_view& next) { take_memory_settings(next); });
    ask_now({"CONFIG", "GET", "min-replicas-*"},
            [this](const reply_view& next) { take_min_replicas(next); });
    ask_now({"CONFIG", "GET", "save"}, [this](const reply_view& next) { take_save(next); });
}

void node_examination::take_save(const reply_view& reply) {
    seen_.persistence->save = redis::setting_in(reply, "save");
}

void node_examination::take_min_replicas(const reply_view& reply) {
    if (!seen_.replication) {
        return;
    }
    const auto number = [&](std::string_view name) {
        return redis::number_in(redis::setting_in(reply, name).value_or(""));
    };
    if (const auto least = number("min-replicas-to-write")) {
        seen_.replication->min_to_write = static_cast<std::size_t>(*least);
    }
    if (const auto lag = number("min-replicas-max-lag")) {
        constexpr std::uint64_t longest = 1'000'000'000;
        seen_.replication->max_lag =
            std::chrono::seconds{static_cast<std::int64_t>(std::min(*lag, longest))};
    }
}

// INFO has it too, unless it is refused.
void node_examination::take_memory_settings(const reply_view& reply) {
    const auto limit = redis::number_in(redis::setting_in(reply, "maxmemory").value_or(""));
    if (!seen_.memory && limit) {
        seen_.memory = {*limit, 0, redis::setting_in(reply, "maxmemory-policy").value_or("")};
    }
}

// --- what we may do there ---

void node_examination::take_eval(const reply_view& reply) {
    if (reply.is_integer()) {
        seen_.runs_scripts = true;
    } else if (!redis::is_acl_refusal(reply.text()) && !redis::read_missing_command(reply.text())) {
        // The probes name a right or a command that is missing.
        seen_.runs_scripts = false;
        seen_.scripts_message = redis::shown_text(reply.text());
    }
}

void node_examination::begin_probes(bool dry) {
    for (right_probe& probe : right_probes({.unused = terms_.unused,
                              .resource = terms_.resource,
                              .guarded = pool_.at(seen_.node).guarded(),
                              .by_sentinel = seen_.by_sentinel,
                              .cluster = seen_.cluster})) {
        if (probe.only_dry && !dry) {
            continue;
        }
        words command;
        if (dry) {
            command = {"ACL", "DRYRUN", seen_.user};
        }
        command.insert(command.end(), probe.words.begin(), probe.words.end());
        ask_later(std::move(command), [this, probe = std::move(probe)](const reply_view& reply) {
            take_probe(probe, reply);
        });
    }
}

void node_examination::take_probe(const right_probe& probe, const reply_view& reply) {
    if (!reply.is_error() && !reply.is_text()) {
        return;
    }
    if (auto missing = missing_by(probe, reply.text())) {
        note_missing(std::move(*missing));
    }
}

void node_examination::note_missing(missing_right right) {
    const bool known =
        std::any_of(seen_.missing.begin(), seen_.missing.end(), [&](missing_right& each) {
            const bool same = each.what == right.what && each.rule == right.rule;
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
