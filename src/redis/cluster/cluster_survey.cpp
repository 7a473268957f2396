// How a cluster link carries out its surveys, and what makes one due: a slot that turns out to have
// moved or a master to be gone. What comes next survey_steps decides; see cluster_shell.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "endpoint/server_address.hpp"
#include "redis/cluster/cluster_shell.hpp"
#include "redis/wire/resp_writer.hpp"

namespace redlock::redis {
namespace {

using namespace std::chrono_literals;

/// What the owner says in greeting; empty if nothing more.
survey_event words(std::uint64_t survey, std::string said) {
    return {.what = survey_event::kind::words,
            .about = survey_stage::greeting,
            .survey = survey,
            .message = std::move(said)};
}

}  // namespace

// --- what is reported ---

void cluster_link::question::on_reply(std::uint32_t /*tag*/, const reply_view& reply) {
    if (!told_ || !reply.is_error()) {
        shell_->on_told(about_, survey_, asked_.get(), reply);
    }
}

void cluster_link::question::on_timeout(std::uint32_t tag, bool /*maybe_sent*/) {
    on_failure(tag, node_errc::no_answer, false);
}

void cluster_link::question::on_failure(std::uint32_t /*tag*/, error_code cause,
                                        bool /*maybe_sent*/) {
    if (!std::exchange(told_, true)) {
        shell_->on_silent(about_, survey_, asked_.get(), cause);
    }
}

// Whoever it is now, what was known of it does not hold.
void cluster_link::shell::on_member_ready(const member& which) {
    const bool was_counted = state_ == connection_state::ready && map().has(which.where());
    if (options_.greets && (was_counted || steps_.knows(which.where()))) {
        disturb(node_errc::connection_lost,
                endpoints::to_string(which.where()) + " was connected to anew");
    }
}

void cluster_link::shell::on_member_down(const member& which, error_code cause) {
    note(which.trouble());
    if (!map().has(which.where())) {
        return;
    }
    if (state_ == connection_state::ready) {
        const std::string trouble = which.trouble();
        step_down(cause, trouble);
        disturb(cause, trouble);
    } else {
        perform(steps_.resume({.what = survey_event::kind::lost,
                               .who = which.where(),
                               .cause = cause,
                               .message = which.trouble()}));
    }
}

// The server that was asked for the slots may not have heard of a move that we were told of.
void cluster_link::shell::on_answer_of(const member& which) {
    if (options_.greets && state_ == connection_state::ready && !steps_.knows(which.where())) {
        disturb(node_errc::slot_unserved,
                endpoints::to_string(which.where()) + " was not known yet");
    }
}

void cluster_link::shell::slot_moved(const slot_refusal& told) {
    if (!told.where.host.empty()) {
        steps_.assign(told.slot, told.where);
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
    if (options_.greets && steps_.under_way()) {
        perform(steps_.resume({.what = survey_event::kind::disturbed,
                               .cause = cause,
                               .message = std::move(message)}));
        return;
    }
    if (options_.greets) {
        step_down(cause, std::move(message));
    }
    if (state_ != connection_state::stopped) {
        want_survey();
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

void cluster_link::shell::want_survey() {
    if (!steps_.under_way()) {
        survey_due_ = true;
        arm();
    }
}

// Not from inside whatever asks for it, since it may fail at once.
void cluster_link::shell::survey_soon() {
    if (steps_.under_way()) {
        return;
    }
    survey_due_ = false;
    steps_.announce();
    if (state_ != connection_state::ready) {
        state_ = connection_state::connecting;
    }
    boost::asio::post(clock_.strand(), [self = shared_from_this(), survey = steps_.number()] {
        if (survey == self->steps_.number()) {
            self->begin_survey();
        }
    });
}

void cluster_link::shell::begin_survey() {
    if (options_.greets) {
        // New servers may be found, whose answers must not count before they have said who they
        // are.
        step_down(node_errc::slot_unserved, "its slots are looked up again");
        if (steps_.stage() != survey_stage::slots) {
            return;  // The owner has ended it.
        }
    }
    std::vector<server_address> lively;
    for (const auto& each : members_) {
        if (map().has(each->where()) && each->link().state() == connection_state::ready &&
            !each->link().stalled()) {
            lively.push_back(each->where());
        }
    }
    perform(steps_.begin(lively, options_.where.cluster, clock_.now(), random_()));
}

void cluster_link::shell::perform(survey_action next) {
    using kind = survey_action::kind;
    if (next.what != kind::none) {
        next_candidate_at_ = time_point::max();
    }
    while (next.what == kind::ask_slots) {
        next = ask_for_slots(next);
    }
    switch (next.what) {
        case kind::ask_identities:
            perform(ask_identities());
            break;
        case kind::greet: {
            const std::uint64_t survey = steps_.number();
            std::string hello = events_->greeting(steps_.identity());
            perform(steps_.resume(words(survey, std::move(hello))));
            break;
        }
        case kind::say:
            perform(say_greeting(next.message));
            break;
        case kind::finish:
            finish_survey();
            break;
        case kind::fail:
            fail_survey(next.cause, std::move(next.message));
            break;
        case kind::ask_slots:
        case kind::take_answer:
        case kind::none:
            break;
    }
}

error_code cluster_link::shell::ask(survey_stage about, const member_ptr& whom,
                                    std::initializer_list<std::string_view> words) {
    const error_code refused = whom->link().send(
        {.encoded = encoded(words),
         .sink = std::make_shared<question>(shared_from_this(), about, steps_.number(), whom),
         .deadline = clock_.now() + options_.connect_timeout + options_.command_timeout});
    if (refused) {
        note(whom->trouble());
    }
    return refused;
}

survey_action cluster_link::shell::not_asked(error_code cause) {
    return steps_.resume({.what = survey_event::kind::not_asked,
                          .about = steps_.stage(),
                          .survey = steps_.number(),
                          .cause = cause,
                          .message = message_});
}

survey_action cluster_link::shell::ask_for_slots(const survey_action& what) {
    const member_ptr whom = member_at(what.whom);
    const error_code refused = whom == nullptr
                                   ? error_code{node_errc::slot_unserved}
                                   : ask(survey_stage::slots, whom, {"CLUSTER", "SLOTS"});
    if (refused) {
        return not_asked(refused);
    }
    if (what.head_start != 0ns) {
        next_candidate_at_ = clock_.now() + what.head_start;
        arm();
    }
    return {};
}

survey_action cluster_link::shell::ask_identities() {
    for (const auto& each : map().masters()) {
        const member_ptr whom = member_at(each.where);
        const error_code refused = whom == nullptr
                                       ? error_code{node_errc::slot_unserved}
                                       : ask(survey_stage::identities, whom, {"INFO", "all"});
        if (refused) {
            return not_asked(refused);
        }
    }
    return {};
}

survey_action cluster_link::shell::say_greeting(const std::string& hello) {
    command what{.encoded = hello,
                 .sink = std::make_shared<question>(shared_from_this(), survey_stage::greeting,
                                                    steps_.number(), nullptr),
                 .deadline = clock_.now() + options_.command_timeout};
    const cluster_route route{.slot = slot_of(events_->greeting_key())};
    const error_code refused = dispatch(
        *std::make_shared<relay>(shared_from_this(), std::move(what), route, steps_.number()));
    return refused ? not_asked(refused) : survey_action{};
}

void cluster_link::shell::on_told(survey_stage about, std::uint64_t survey, const member* who,
                                  const reply_view& reply) {
    survey_action next = steps_.resume({.what = survey_event::kind::answered,
                                        .about = about,
                                        .survey = survey,
                                        .who = who == nullptr ? server_address{} : who->where(),
                                        .reply = reply});
    if (survey == steps_.number() && steps_.stage() == survey_stage::slots) {
        note(steps_.trouble());  // Others are asked, and may be silent.
    }
    if (next.what == survey_action::kind::take_answer) {
        events_->on_greeted(reply);
        // The owner may have ended the survey.
        next = survey == steps_.number() ? steps_.resume(words(survey, events_->next_greeting()))
                                         : survey_action{};
    }
    perform(std::move(next));
}

void cluster_link::shell::on_silent(survey_stage about, std::uint64_t survey, const member* who,
                                    error_code cause) {
    if (survey != steps_.number() || about == survey_stage::none) {
        return;
    }
    if (who != nullptr) {
        note(who->trouble());
    }
    perform(steps_.resume({.what = survey_event::kind::silent,
                           .about = about,
                           .survey = survey,
                           .cause = cause,
                           .message = message_}));
}

void cluster_link::shell::finish_survey() {
    surveyed_ = true;
    const bool news = state_ != connection_state::ready || announce_;
    state_ = connection_state::ready;
    announce_ = false;
    if (news) {
        events_->on_ready(steps_.identity());
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
    survey_due_ = false;
    boost::asio::post(clock_.strand(), [self = shared_from_this()] { self->forget_unused(); });
    surveyed_ = true;
    state_ = connection_state::waiting_to_retry;
    cause_ = cause;
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
                         std::max<nanoseconds>(steps_.next_at() - clock_.now(), 0ns));
    }
}

}  // namespace redlock::redis
