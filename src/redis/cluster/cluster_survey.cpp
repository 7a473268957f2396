// How a cluster link finds out which master serves which slot and who the masters are: a survey.
// One begins with the link, and again whenever a slot turns out to have moved or a master to be
// gone; see cluster_shell.hpp. Surveys in quick succession get rarer.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/shown_text.hpp"
#include "endpoint/server_address.hpp"
#include "redis/cluster/cluster_shell.hpp"
#include "redis/wire/acl_error.hpp"
#include "redis/wire/resp_writer.hpp"
#include "redis/wire/server_error.hpp"

namespace redlock::redis {
namespace {

using namespace std::chrono_literals;

// A server that has not told the slots by then is no longer waited for alone.
constexpr std::chrono::nanoseconds head_start = 100ms;

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

// --- what is reported ---

void cluster_link::question::on_reply(std::uint32_t /*tag*/, const reply_view& reply) {
    if (!told_ || !reply.is_error()) {
        shell_->on_told(what_, survey_, asked_.get(), reply);
    }
}

void cluster_link::question::on_timeout(std::uint32_t tag, bool /*maybe_sent*/) {
    on_failure(tag, node_errc::no_answer, false);
}

void cluster_link::question::on_failure(std::uint32_t /*tag*/, error_code cause,
                                        bool /*maybe_sent*/) {
    if (!std::exchange(told_, true)) {
        shell_->on_silent(what_, survey_, asked_.get(), cause);
    }
}

// Whoever it is now, what was known of it does not hold.
void cluster_link::shell::on_member_ready(const member& which) {
    const bool was_counted = state_ == connection_state::ready && map_.has(which.where());
    if (options_.greets &&
        (was_counted || identities_.contains(endpoints::to_string(which.where())))) {
        disturb(node_errc::connection_lost,
                endpoints::to_string(which.where()) + " was connected to anew");
    }
}

void cluster_link::shell::on_member_down(const member& which, error_code cause) {
    note(which.trouble());
    if (!map_.has(which.where())) {
        return;
    }
    if (state_ == connection_state::ready) {
        const std::string trouble = which.trouble();
        step_down(cause, trouble);
        disturb(cause, trouble);
    } else if (identities_.contains(endpoints::to_string(which.where())) && stage_ != stage::none) {
        fail_survey(cause, which.trouble());
    }
}

// The server that was asked for the slots may not have heard of a move that we were told of.
void cluster_link::shell::on_answer_of(const member& which) {
    if (options_.greets && state_ == connection_state::ready &&
        !identities_.contains(endpoints::to_string(which.where()))) {
        disturb(node_errc::slot_unserved,
                endpoints::to_string(which.where()) + " was not known yet");
    }
}

void cluster_link::shell::slot_moved(const slot_refusal& told) {
    if (!told.where.host.empty()) {
        map_.assign(told.slot, told.where);
    }
    disturb(node_errc::slot_unserved,
            fmt::format("slot {} has moved to {}", told.slot, endpoints::to_string(told.where)));
}

// Something is not as the last survey found it. If we greet, nothing counts from now on, and this
// is told before anything else is.
void cluster_link::shell::disturb(error_code cause, std::string message) {
    if (state_ == connection_state::stopped || state_ == connection_state::waiting_to_retry) {
        return;  // The next survey is the next sender's.
    }
    if (options_.greets && stage_ != stage::none) {
        fail_survey(cause, std::move(message));
        return;
    }
    if (options_.greets) {
        step_down(cause, std::move(message));
    }
    if (state_ != connection_state::stopped && stage_ == stage::none) {
        survey_due_ = true;
        arm();
    }
}

void cluster_link::shell::step_down(error_code cause, std::string message) {
    if (state_ == connection_state::ready) {
        state_ = connection_state::connecting;
        cause_ = cause;
        message_ = std::move(message);
        events_->on_down(cause_, std::string{message_}, 0ns);
    }
}

// --- a survey ---

// Not from inside whatever asks for it, since it may fail at once.
void cluster_link::shell::survey_soon() {
    if (stage_ != stage::none) {
        return;
    }
    survey_due_ = false;
    stage_ = stage::slots;
    if (state_ != connection_state::ready) {
        state_ = connection_state::connecting;
    }
    boost::asio::post(clock_.strand(), [self = shared_from_this(), survey = ++survey_] {
        if (survey == self->survey_) {
            self->begin_survey();
        }
    });
}

void cluster_link::shell::begin_survey() {
    if (options_.greets) {
        // New servers may be found, whose answers must not count before they have said who they
        // are.
        step_down(node_errc::slot_unserved, "its slots are looked up again");
        if (state_ == connection_state::stopped) {
            return;
        }
    }
    const time_point now = clock_.now();
    if (now - last_survey_ > 4 * ceiling_) {
        ceiling_ = options_.backoff_min;
    }
    last_survey_ = now;
    next_survey_ = now + next_delay();
    identities_.clear();
    asked_ = 0;
    candidates_.clear();
    const auto add = [this](const server_address& where) {
        if (std::find(candidates_.begin(), candidates_.end(), where) == candidates_.end()) {
            candidates_.push_back(where);
        }
    };
    // First those that are sure to answer.
    for (const auto& each : members_) {
        if (map_.has(each->where()) && each->link().state() == connection_state::ready &&
            !each->link().stalled()) {
            add(each->where());
        }
    }
    for (const auto& each : map_.masters()) {
        add(each.where);
    }
    for (const auto& each : options_.where.cluster) {
        add(each);
    }
    ask_next_for_slots();
}

void cluster_link::shell::ask_next_for_slots() {
    next_candidate_at_ = time_point::max();
    while (!candidates_.empty()) {
        const member_ptr whom = member_at(candidates_.front());
        candidates_.pop_front();
        if (whom == nullptr) {
            cause_ = node_errc::slot_unserved;
            continue;
        }
        const time_point now = clock_.now();
        const error_code refused = whom->link().send(
            encoded({"CLUSTER", "SLOTS"}),
            std::make_shared<question>(shared_from_this(), question::kind::slots, survey_, whom), 0,
            now + options_.connect_timeout + options_.command_timeout);
        if (!refused) {
            ++asked_;
            next_candidate_at_ = candidates_.empty() ? time_point::max() : now + head_start;
            arm();
            return;
        }
        cause_ = refused;
        note(whom->trouble());
    }
    if (asked_ == 0) {
        fail_survey(cause_, message_);
    }
}

void cluster_link::shell::on_told(question::kind what, std::uint64_t survey, const member* who,
                                  const reply_view& reply) {
    if (survey != survey_ || state_ == connection_state::stopped) {
        return;
    }
    if (what == question::kind::slots && stage_ == stage::slots) {
        auto found = slot_map::read(reply, who->where());
        if (found) {
            adopt(std::move(*found));
            return;
        }
        cause_ = reply.is_error() ? classify(reply.text()) : node_errc::slot_unserved;
        note(fmt::format("{}: {}", endpoints::to_string(who->where()),
                         reply.is_error() ? base::shown_text(reply.text(), options_.where.password)
                                          : std::string{found.error()}));
        --asked_;
        ask_next_for_slots();
    } else if (what == question::kind::info && stage_ == stage::identities) {
        take_identity(*who, reply);
    } else if (what == question::kind::hello && stage_ == stage::greeting) {
        events_->on_greeted(reply);
        if (survey == survey_) {
            say_greeting(events_->next_greeting());
        }
    }
}

void cluster_link::shell::on_silent(question::kind what, std::uint64_t survey, const member* who,
                                    error_code cause) {
    if (survey != survey_ || state_ == connection_state::stopped ||
        what == question::kind::nothing) {
        return;
    }
    if (who != nullptr) {
        note(who->trouble());
    }
    if (what != question::kind::slots) {
        fail_survey(cause, message_);
    } else if (stage_ == stage::slots) {
        cause_ = cause;
        --asked_;
        ask_next_for_slots();
    }
}

void cluster_link::shell::adopt(slot_map found) {
    map_ = std::move(found);
    candidates_.clear();
    next_candidate_at_ = time_point::max();
    if (options_.greets) {
        ask_identities();
    } else {
        finish_survey();
    }
}

void cluster_link::shell::ask_identities() {
    stage_ = stage::identities;
    const std::uint64_t survey = survey_;
    const time_point until = clock_.now() + options_.connect_timeout + options_.command_timeout;
    identities_due_ = map_.masters().size();
    for (const auto& each : map_.masters()) {
        const member_ptr whom = member_at(each.where);
        if (whom == nullptr) {
            fail_survey(node_errc::slot_unserved, message_);
            return;
        }
        const error_code refused = whom->link().send(
            encoded({"INFO", "all"}),
            std::make_shared<question>(shared_from_this(), question::kind::info, survey, whom), 0,
            until);
        if (refused) {
            fail_survey(refused, whom->trouble());
            return;
        }
    }
}

void cluster_link::shell::take_identity(const member& who, const reply_view& reply) {
    // Without the right to ask, nothing is known, and the greeting says so.
    server_identity told = reply.is_text() ? parse_server_info(reply.text()) : server_identity{};
    if (reply.is_error()) {
        told.refused = classify(reply.text());
        told.refused_advice = advice_for_refusal(reply.text(), "info");
    }
    if (!told.role.empty() && told.role != "master") {
        fail_survey(
            node_errc::slot_unserved,
            endpoints::to_string(who.where()) + " is no master any more: a failover is under way?");
        return;
    }
    identities_[endpoints::to_string(who.where())] = std::move(told);
    if (--identities_due_ == 0) {
        greet();
    }
}

// As long as nothing of it changes, no master was restarted or promoted and no slot has moved; and
// nothing is trusted beyond that.
server_identity cluster_link::shell::whole_identity() const {
    server_identity whole;
    std::string ids;
    std::string all;
    bool complete = !identities_.empty();
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
        if (one.refused) {
            whole.refused = one.refused;
            whole.refused_advice = one.refused_advice;
        }
        all += fmt::format("{} {} {} {}\n", each.id, one.incarnation(), one.flushed,
                           map_.slots_of(each));
    }
    whole.run_id = fmt::format("cluster-{:016x}", hash_of(ids));
    whole.role = "master";
    whole.flushed = true;
    whole.replication_id = complete ? fmt::format("{:016x}", hash_of(all)) : std::string{};
    return whole;
}

void cluster_link::shell::greet() {
    stage_ = stage::greeting;
    const std::uint64_t survey = survey_;
    identity_ = whole_identity();
    const std::string hello = events_->greeting(identity_);
    if (survey == survey_) {
        say_greeting(hello);
    }
}

void cluster_link::shell::say_greeting(const std::string& hello) {
    if (hello.empty()) {
        finish_survey();
        return;
    }
    const auto command = std::make_shared<relay>(
        shared_from_this(), hello,
        std::make_shared<question>(shared_from_this(), question::kind::hello, survey_, nullptr), 0U,
        clock_.now() + options_.command_timeout, delivery::usual,
        cluster_route{.slot = slot_of(key_of(hello).value_or(std::string_view{}))}, survey_);
    if (const error_code refused = dispatch(*command)) {
        fail_survey(refused, message_);
    }
}

void cluster_link::shell::finish_survey() {
    stage_ = stage::none;
    surveyed_ = true;
    if (!options_.greets) {
        identity_ = whole_identity();
    }
    const bool news = state_ != connection_state::ready || announce_;
    state_ = connection_state::ready;
    announce_ = false;
    if (news) {
        events_->on_ready(identity_);
    }
    if (state_ == connection_state::stopped) {
        return;
    }
    dispatch_waiting();
    // What has ended well must not keep an idle event loop waiting.
    clock_.cancel(*this);
    arm();
    // Not now, when whoever calls still refers to one of them.
    boost::asio::post(clock_.strand(), [self = shared_from_this()] { self->forget_unused(); });
}

// What it has connected to in vain is given up, or each map of a server that lies would leave its
// masters behind.
void cluster_link::shell::fail_survey(error_code cause, std::string message) {
    abandon_survey();
    boost::asio::post(clock_.strand(), [self = shared_from_this()] { self->forget_unused(); });
    surveyed_ = true;
    state_ = connection_state::waiting_to_retry;
    cause_ = cause ? cause : error_code{node_errc::not_connected};
    message_ = std::move(message);
    if (routes()) {
        dispatch_waiting();
    } else {
        for (const auto& each : std::exchange(waiting_, {})) {
            each->fail(cause_);
        }
    }
    if (state_ == connection_state::waiting_to_retry) {
        events_->on_down(cause_, std::string{message_},
                         std::max<nanoseconds>(next_survey_ - clock_.now(), 0ns));
    }
}

void cluster_link::shell::abandon_survey() noexcept {
    ++survey_;
    stage_ = stage::none;
    candidates_.clear();
    next_candidate_at_ = time_point::max();
    survey_due_ = false;
}

}  // namespace redlock::redis
