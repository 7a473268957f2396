#include "redis/cluster/survey_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/shown_text.hpp"
#include "endpoint/server_address.hpp"
#include "redis/wire/acl_error.hpp"
#include "redis/wire/server_error.hpp"

namespace redlock::redis {
namespace {

using does = survey_action::kind;

// FNV-1a: the same for every client of whatever build.
std::uint64_t hash_of(std::string_view text) noexcept {
    constexpr std::uint64_t prime = 0x100000001b3;
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char each : text) {
        hash = (hash ^ static_cast<unsigned char>(each)) * prime;
    }
    return hash;
}

}  // namespace

survey_steps::survey_steps(bool greets, pace between, std::string password)
    : greets_(greets), between_(between), password_(std::move(password)), ceiling_(between.min) {}

void survey_steps::announce() noexcept {
    assert(!under_way());
    ++number_;
    stage_ = survey_stage::slots;
}

survey_action survey_steps::begin(const std::vector<server_address>& lively,
                                  const std::vector<server_address>& named, time_point now,
                                  std::uint64_t random) {
    assert(stage_ == survey_stage::slots);
    if (now - last_at_ > 4 * ceiling_) {
        ceiling_ = between_.min;
    }
    last_at_ = now;
    const nanoseconds most = std::exchange(ceiling_, std::min(ceiling_ * 2, between_.max));
    next_at_ = now + most / 2 +
               nanoseconds{static_cast<nanoseconds::rep>(
                   random % static_cast<std::uint64_t>(most.count() / 2 + 1))};
    identities_.clear();
    asked_ = 0;
    cause_ = {};
    message_.clear();
    candidates_.assign(lively.begin(), lively.end());
    const auto add = [this](const server_address& where) {
        if (std::find(candidates_.begin(), candidates_.end(), where) == candidates_.end()) {
            candidates_.push_back(where);
        }
    };
    for (const auto& each : map_.masters()) {
        add(each.where);
    }
    for (const auto& each : named) {
        add(each);
    }
    return ask_next();
}

survey_action survey_steps::resume(const survey_event& event) {
    using event_kind = survey_event::kind;
    switch (event.what) {
        case event_kind::disturbed:
            return greets_ && under_way() ? fail(event.cause, event.message) : survey_action{};
        case event_kind::lost:
            return under_way() && knows(event.who) ? fail(event.cause, event.message)
                                                   : survey_action{};
        case event_kind::head_start_over:
            return stage_ == survey_stage::slots ? ask_next() : survey_action{};
        case event_kind::answered:
        case event_kind::silent:
        case event_kind::not_asked:
        case event_kind::words:
            break;
    }
    const bool due = under_way() && event.survey == number_ && event.about == stage_;
    return due ? on_answer(event) : survey_action{};
}

survey_action survey_steps::on_answer(const survey_event& event) {
    using event_kind = survey_event::kind;
    if (event.what == event_kind::answered) {
        return stage_ == survey_stage::slots        ? on_slots(event.who, event.reply)
               : stage_ == survey_stage::identities ? on_identity(event.who, event.reply)
                                                    : survey_action{.what = does::take_answer};
    }
    if (event.what == event_kind::words) {
        return event.message.empty() ? finish()
                                     : survey_action{.what = does::say, .message = event.message};
    }
    return stage_ == survey_stage::slots ? no_help(event.cause, event.message)
                                         : fail(event.cause, event.message);
}

// --- the slots ---

survey_action survey_steps::ask_next() {
    if (candidates_.empty()) {
        return asked_ == 0 ? fail(cause_, message_) : survey_action{};
    }
    server_address whom = std::move(candidates_.front());
    candidates_.pop_front();
    ++asked_;
    return {.what = does::ask_slots,
            .whom = std::move(whom),
            .head_start = candidates_.empty() ? nanoseconds{} : head_start};
}

survey_action survey_steps::no_help(error_code cause, std::string message) {
    assert(asked_ > 0);
    --asked_;
    cause_ = cause;
    message_ = std::move(message);
    return ask_next();
}

survey_action survey_steps::on_slots(const server_address& who, const reply_view& reply) {
    auto found = slot_map::read(reply, who);
    if (!found) {
        return no_help(reply.is_error() ? classify(reply.text()) : node_errc::slot_unserved,
                       fmt::format("{}: {}", endpoints::to_string(who),
                                   reply.is_error() ? base::shown_text(reply.text(), password_)
                                                    : std::string{found.error()}));
    }
    map_ = std::move(*found);
    candidates_.clear();
    if (!greets_) {
        return finish();
    }
    stage_ = survey_stage::identities;
    identities_due_ = map_.masters().size();
    return {.what = does::ask_identities};
}

// --- the masters ---

bool survey_steps::knows(const server_address& who) const {
    return identities_.contains(endpoints::to_string(who));
}

survey_action survey_steps::on_identity(const server_address& who, const reply_view& reply) {
    // Without the right to ask, nothing is known, and the greeting says so.
    server_identity told = reply.is_text() ? parse_server_info(reply.text()) : server_identity{};
    if (reply.is_error()) {
        told.refused = classify(reply.text());
        told.refused_advice = advice_for_refusal(reply.text(), "info");
    }
    if (!told.role.empty() && told.role != "master") {
        return fail(node_errc::slot_unserved,
                    endpoints::to_string(who) + " is no master any more: a failover is under way?");
    }
    identities_[endpoints::to_string(who)] = std::move(told);
    assert(identities_due_ > 0);
    if (--identities_due_ != 0) {
        return {};
    }
    stage_ = survey_stage::greeting;
    identity_ = whole_identity();
    return {.what = does::greet};
}

server_identity survey_steps::whole_identity() const {
    server_identity whole;
    std::string ids;
    std::string all;
    bool complete = !identities_.empty();
    std::optional<conditional_delete> deletes;
    whole.promoted = false;
    for (const auto& each : map_.masters()) {
        ids += each.id + '\n';
        const auto found = identities_.find(endpoints::to_string(each.where));
        if (found == identities_.end()) {
            complete = false;
            continue;
        }
        const server_identity& one = found->second;
        complete = complete && !one.incarnation().empty();
        whole.promoted = whole.promoted || one.promoted;
        whole.redis_version = one.redis_version;
        // Any of them may be asked.
        deletes = !deletes || deletes == one.deletes ? one.deletes : conditional_delete::none;
        if (one.refused) {
            whole.refused = one.refused;
            whole.refused_advice = one.refused_advice;
        }
        all += fmt::format("{} {} {} {}\n", each.id, one.incarnation(), one.flushed,
                           map_.slots_of(each));
    }
    whole.deletes =
        complete ? deletes.value_or(conditional_delete::none) : conditional_delete::none;
    whole.run_id = fmt::format("cluster-{:016x}", hash_of(ids));
    whole.role = "master";
    whole.flushed = true;
    whole.replication_id = complete ? fmt::format("{:016x}", hash_of(all)) : std::string{};
    return whole;
}

// --- the end ---

survey_action survey_steps::finish() {
    stage_ = survey_stage::none;
    if (!greets_) {
        identity_ = whole_identity();
    }
    return {.what = does::finish};
}

survey_action survey_steps::fail(error_code cause, std::string message) {
    abandon();
    return {.what = does::fail,
            .cause = cause ? cause : error_code{node_errc::not_connected},
            .message = std::move(message)};
}

void survey_steps::abandon() noexcept {
    ++number_;
    stage_ = survey_stage::none;
    candidates_.clear();
}

}  // namespace redlock::redis
