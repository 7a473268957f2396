#include "doctor/node_examination.hpp"
#include "base/number.hpp"
#include "base/shown_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "doctor/server_facts.hpp"
#include "redis/wire/acl_error.hpp"
#include "redis/wire/resp_reader.hpp"
#include "redis/wire/resp_writer.hpp"

namespace redlock::doctor {

namespace {

using namespace std::chrono_literals;
using redis::reply_view;

/// What all round trips of one node may take together.
constexpr auto longest_sampling = 2s;
/// Between two looks whether a connection may be made again.
constexpr auto pause = 20ms;

core::duration patience(const manager_options& options) {
    return options.node_timeout + options.connect_timeout;
}

server_role role_in(std::string_view word) {
    return word == "master"                       ? server_role::master
           : word == "slave" || word == "replica" ? server_role::replica
                                                  : server_role::other;
}

/// Of a refusal by the ACL: what would allow it. Else empty.
std::string rule_if_refused(const redis::reply_view& reply, std::string_view command) {
    return redis::is_acl_refusal(reply.text()) ? redis::rule_for_command(command) : std::string{};
}

unseen_fact unseen_by(const redis::reply_view& reply, std::string what, std::string_view command) {
    std::string why = reply.is_error() ? base::shown_text(reply.text())
                                       : std::string{"an answer of an unexpected kind"};
    return {std::move(what), std::move(why), rule_if_refused(reply, command)};
}

/// The first key of a script, else the first argument.
std::string_view key_in(const std::vector<std::string>& command) {
    const bool script = command.front() == "EVAL" || command.front() == "EVALSHA";
    const std::size_t at = !script ? 1 : command.size() > 2 && command[2] != "0" ? 3 : 0;
    return at != 0 && at < command.size() ? std::string_view{command[at]} : std::string_view{};
}

core::duration at_percent(const std::vector<core::duration>& sorted, std::size_t percent) {
    return sorted[(sorted.size() * percent + 99) / 100 - 1];
}

}  // namespace

node_examination::node_examination(driver::node_pool& pool, outside::alarm_clock& clock,
                                   node_index node, const examination_terms& terms, owner& told)
    : pool_(pool), clock_(clock), terms_(terms), owner_(&told), asked_at_(pool.now()) {
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

void node_examination::abandon() {
    owner_ = nullptr;
    clock_.cancel(*this);
}

void node_examination::start() {
    patient_until_ = pool_.now() + patience(pool_.options());
    ask_later({"INFO"}, into(&node_examination::take_info));
    ask_later({"EVAL", "return 1", "0"}, into(&node_examination::take_eval));
    ask_for_fence();
    ask_next();
}

// What no lock needs comes last, since nothing can be asked behind what is swallowed on its way.
void node_examination::ask_the_rest() {
    tracking_seen_ = true;
    ask_later({"ACL", "WHOAMI"}, [this](const redis::reply_view& reply) {
        if (!reply.is_text()) {
            begin_probes(false);
            return;
        }
        seen_.user = reply.text();
        ask_now({"ACL", "DRYRUN", seen_.user, "TIME"},
                [this](const redis::reply_view& tried) { begin_probes(tried.is_text()); });
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
    if (todo_.empty() && !tracking_seen_) {
        await_tracking();
        return;
    }
    if (todo_.empty()) {
        finish();
        return;
    }
    asked_ = std::move(todo_.front());
    todo_.pop_front();
    ask();
}

void node_examination::ask() {
    std::string encoded;
    redis::resp_writer writer{encoded};
    writer.begin(asked_.command.size());
    for (const std::string& word : asked_.command) {
        writer.arg(std::string_view{word});
    }
    asked_at_ = pool_.now();
    asked_at_wall_us_ = pool_.wall_us();
    driver::node& whom = pool_.at(seen_.node);
    if (const error_code error = whom.send(
            {.encoded = encoded,
             .key = key_in(asked_.command),
             .sink = shared_from_this(),
             .deadline = std::max(patient_until_,
                                  asked_at_ + core::duration{pool_.options().node_timeout})})) {
        come_back(error, whom.last_error_message());
    }
}

void node_examination::answer(const redis::reply_view& reply) {
    const auto keep = shared_from_this();
    std::exchange(asked_.take, nullptr)(reply);
    if (!finished_) {
        ask_next();
    }
}

void node_examination::on_reply(std::uint32_t /*tag*/, const redis::reply_view& reply) {
    if (finished_ || !asked_.take) {
        return;
    }
    if (!swallowed_.empty()) {
        take_after_silence(reply);
        return;
    }
    answered_ = true;
    patient_until_ = {};
    answer(reply);
}

void node_examination::on_timeout(std::uint32_t /*tag*/, bool maybe_sent) {
    if (finished_ || (maybe_sent && answered_ && may_be_swallowed())) {
        return;
    }
    fail(maybe_sent ? node_errc::no_answer : node_errc::not_connected,
         !maybe_sent ? pool_.at(seen_.node).last_error_message()
         : answered_ ? "to " + (swallowed_.empty() ? asked_.command.front() : swallowed_)
                     : std::string{});
}

// A connection may end for many reasons, but hardly twice in a row because of the same question.
void node_examination::on_failure(std::uint32_t /*tag*/, error_code cause, bool maybe_sent) {
    if (finished_ || !asked_.take) {
        return;
    }
    std::string message = pool_.at(seen_.node).last_error_message();
    if (!swallowed_.empty()) {
        fail(node_errc::no_answer, "to " + swallowed_);
        return;
    }
    if (cause != node_errc::connection_lost || !maybe_sent) {
        fail(cause, std::move(message));
        return;
    }
    was_up_ = true;
    patient_until_ = pool_.now() + patience(pool_.options());
    if (++asked_.hang_ups < 2) {
        todo_.push_front(std::move(asked_));
        // A connection that has answered something is made again soon.
        asked_ = {{"PING"}, [](const redis::reply_view& /*reply*/) {}, 1};
        come_back(cause, std::move(message));
        return;
    }
    redis::resp_reader reader;
    const std::string told = fmt::format("-{}\r\n", closed_upon);
    reader.feed(told);
    static_cast<void>(reader.next());
    answer(reader.current());
}

// Of a connection that was closed the next one is not made at once.
void node_examination::come_back(error_code cause, std::string message) {
    const core::instant now = pool_.now();
    if (!was_up_ || now >= patient_until_ || owner_ == nullptr) {
        fail(cause, std::move(message));
        return;
    }
    clock_.set(*this, now + pause);
}

void node_examination::on_alarm(core::instant /*now*/) {
    if (finished_) {
        return;
    }
    if (asked_.take) {
        ask();
    } else {
        ask_next();
    }
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
    clock_.cancel(*this);
    todo_.clear();
    if (const std::string& run_id = pool_.at(seen_.node).run_id(); !run_id.empty()) {
        seen_.run_id = run_id;  // of a cluster: of all its masters
    }
    driver::refusal why = pool_.why_no_vote(seen_.node);
    if (!why.cause) {
        why = writes_refused_;
    }
    seen_.vote_error = why.cause;
    seen_.vote_message = std::move(why.message);
    seen_.quarantine = pool_.quarantine_left(seen_.node);
    if (owner_ != nullptr) {
        std::exchange(owner_, nullptr)->on_examined(seen_.node);
    }
}

// --- what it is ---

void node_examination::take_info(const redis::reply_view& reply) {
    if (!reply.is_text()) {
        seen_.unseen.push_back(unseen_by(reply, "its version, role, memory and replicas", "info"));
        ask_now({"ROLE"}, into(&node_examination::take_role));
        return;
    }
    const doctor::server_facts found = doctor::parse_server_facts(reply.text());
    seen_.server = found.mode == "sentinel" ? "Redis Sentinel" : found.software;
    in_cluster_ = found.mode == "cluster";
    seen_.version = found.version;
    seen_.redis_version = found.redis_version;
    seen_.run_id = found.run_id;
    seen_.uptime = found.uptime;
    seen_.loading = found.loading;
    if (!found.role.empty()) {
        seen_.role = role_in(found.role);
    }
    if (found.max_memory) {
        seen_.memory = {*found.max_memory, found.used_memory.value_or(0), found.eviction_policy,
                        found.evicted_keys};
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

void node_examination::take_role(const redis::reply_view& reply) {
    if (reply.is_array() && reply[0].is_text()) {
        seen_.role = role_in(reply[0].text());
    }
}

// --- how far it is, and what its clock says ---

void node_examination::take_sample(const redis::reply_view& reply) {
    const core::instant now = pool_.now();
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
        ask_now({sampled_by_}, into(&node_examination::take_sample));
        return;
    }
    std::sort(samples_.begin(), samples_.end());
    seen_.round_trip = {at_percent(samples_, 50), at_percent(samples_, 99), samples_.size()};
}

void node_examination::take_clock(const redis::reply_view& time, core::duration elapsed) {
    using std::chrono::duration_cast;
    using std::chrono::microseconds;
    const auto seconds = base::number_in<std::uint64_t>(time[0].text());
    const auto rest = base::number_in<std::uint64_t>(time[1].text());
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

void node_examination::take_append(const redis::reply_view& reply) {
    if (!reply.is_array()) {
        seen_.unseen.push_back(
            unseen_by(reply, "its settings for persistence and replicas", "config|get"));
        return;
    }
    if (!seen_.persistence) {
        seen_.persistence.emplace();
    }
    if (const auto enabled = doctor::setting_in(reply, "appendonly")) {
        seen_.persistence->append_only = *enabled == "yes";
    }
    seen_.persistence->append_fsync = doctor::setting_in(reply, "appendfsync").value_or("");
    // Before Redis 7 there is one pattern a command.
    ask_now({"CONFIG", "GET", "maxmemory*"}, into(&node_examination::take_memory_settings));
    ask_now({"CONFIG", "GET", "min-replicas-*"}, into(&node_examination::take_min_replicas));
    ask_now({"CONFIG", "GET", "save"}, into(&node_examination::take_save));
}

void node_examination::take_save(const redis::reply_view& reply) {
    seen_.persistence->save = doctor::setting_in(reply, "save");
}

void node_examination::take_min_replicas(const redis::reply_view& reply) {
    if (!seen_.replication) {
        return;
    }
    const auto number = [&](std::string_view name) {
        return base::number_in<std::uint64_t>(doctor::setting_in(reply, name).value_or(""));
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
void node_examination::take_memory_settings(const redis::reply_view& reply) {
    const auto limit =
        base::number_in<std::uint64_t>(doctor::setting_in(reply, "maxmemory").value_or(""));
    if (!seen_.memory && limit) {
        seen_.memory = {*limit, 0, doctor::setting_in(reply, "maxmemory-policy").value_or("")};
    }
}

}  // namespace redlock::doctor
