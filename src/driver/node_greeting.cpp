// Who a node is, whether it may vote, and whether it is one server: what is asked as part of
// connecting and what is asked later; see node.hpp.
#include <chrono>
#include <utility>

#include "driver/node.hpp"
#include "redis/wire/resp_writer.hpp"

namespace redlock::driver {

namespace {

/// So long a node that has no vote is not asked again.
constexpr std::chrono::seconds between_greetings{1};
// What is asked on a connection that is ready, beside HELLO in its two forms.
constexpr std::uint32_t who_are_you = 2;

refusal unknown_incarnation(const redis::server_identity& identity) {
    return {identity.refused ? identity.refused : error_code{node_errc::bad_reply},
            "whether it was restarted cannot be told: " + (identity.refused_advice.empty()
                                                               ? "INFO says too little of it"
                                                               : identity.refused_advice)};
}

}  // namespace

// --- who it is, and whether it may vote ---

bool node::may_greet(const redis::server_identity& identity) {
    identity_ = identity;
    if (!may_be_several_) {
        return true;
    }
    const core::instant now = clock_.now();
    forget_meeting();
    servers_.met(identity, now);
    if (servers_.several(now)) {
        meeting_ = meeting::due;
        return true;
    }
    if (meeting_ == meeting::over || identity.run_id.empty()) {
        return true;
    }
    meet_again();
    return false;
}

std::string node::greeting(const redis::server_identity& identity) {
    const core::instant now = clock_.now();
    begin_anew();
    identity_ = identity;
    greeted_at_ = now;
    if (refusal why = why_not_itself(now); why.cause) {
        events_.on_node_greeted(*this, {std::nullopt, std::move(why)});
        return {};
    }
    // While it is in doubt whether this server is the only one, nothing is left there.
    said_ = suspect_.empty() && expects_vote(now) ? hello_form::records : hello_form::reads;
    return encode_hello(terms_.keys, identity_, terms_.settings, said_);
}

void node::on_greeted(const redis::reply_view& reply) {
    take_answer(said_, reply);
}

// A vote may have been asked for since the greeting began.
std::string node::next_greeting() {
    const core::instant now = clock_.now();
    if (said_ == hello_form::records || !expects_vote(now) || is_out_of_question(now)) {
        return {};
    }
    said_ = hello_form::records;
    return encode_hello(terms_.keys, identity_, terms_.settings, said_);
}

// With another server at the other end nothing holds that this one was told or has told.
void node::begin_anew() {
    later_answers_->detach();
    later_answers_ = std::make_shared<later_answers>(*this);
    announced_ = false;
    // The masters of a cluster are looked up again while commands go on.
    introduced_ = introduced_ && connection_ == nullptr;
}

bool node::announce_vote(core::instant now) {
    vote_until_ = core::saturating_add(now, announced_for_);
    if (introduced_ || announced_ || !connected() || is_out_of_question(now)) {
        return announced_;
    }
    greet(hello_form::records);
    return announced_;
}

// A cluster that has heard of our settings may be greeted anew at any time, and hears of them again
// then: a vote that is asked for later may be with another of its servers.
bool node::expects_vote(core::instant now) const {
    return now < vote_until_ || introduced_;
}

bool node::is_replica() const {
    return !identity_.role.empty() && identity_.role != "master";
}

bool node::is_out_of_question(core::instant now) const {
    return is_replica() || servers_.several(now) || !suspect_.empty() ||
           (guarded() && identity_.incarnation().empty());
}

refusal node::why_not_itself(core::instant now) const {
    if (is_replica()) {
        return {
            node_errc::read_only,
            "it is a replica, which need not know what its master has granted: name the master, "
            "or make it a master of its own (REPLICAOF NO ONE)"};
    }
    if (servers_.several(now)) {
        return {node_errc::several_servers, servers_.message()};
    }
    if (guarded() && identity_.incarnation().empty()) {
        return unknown_incarnation(identity_);
    }
    return {};
}

void node::take_answer(hello_form form, const redis::reply_view& reply) {
    if (!suspect_.empty()) {
        const core::instant now = clock_.now();
        servers_.met_both(identity_.run_id, std::exchange(suspect_, {}), now);
        meeting_ = meeting::due;
        events_.on_node_greeted(*this, {std::nullopt, why_not_itself(now)});
        return;
    }
    if (form == hello_form::records) {
        introduced_ = true;
        announced_ = false;
    }
    events_.on_node_greeted(*this, parse_hello(reply, terms_.keys, terms_.settings));
}

void node::greet_again(hello_form form) {
    const core::instant now = clock_.now();
    if (!connected()) {
        link_->keep_trying();  // what it refused may be asked for no more until it has answered
        return;
    }
    if (now - greeted_at_ < between_greetings) {
        return;
    }
    if (is_replica()) {
        greeted_at_ = now;
        ask_later(redis::encoded({"INFO", "all"}), {}, who_are_you);
    } else if (meeting_ == meeting::due && !servers_.several(now)) {
        greeted_at_ = now;
        meet_again();
    } else if (!is_out_of_question(now)) {
        greet(form);
    }
}

void node::greet(hello_form form) {
    greeted_at_ = clock_.now();
    announced_ = announced_ || form == hello_form::records;
    ask_later(encode_hello(terms_.keys, identity_, terms_.settings, form), greeting_key(),
              static_cast<std::uint32_t>(form));
}

// A failure says nothing new of the node, and the next one who needs its vote asks again. Only on
// this connection: behind the next one there may be a server that was started just now, and what we
// know of this one would vouch for it.
void node::ask_later(std::string_view encoded, std::string_view key, std::uint32_t what) {
    if (link_->send({.encoded = encoded,
                     .key = key,
                     .sink = later_answers_,
                     .tag = what,
                     .deadline = clock_.now() + std::chrono::seconds{10},
                     .how = redis::delivery::this_connection})) {
        announced_ = false;
    }
}

void node::on_answer(std::uint32_t what, const redis::reply_view& reply) {
    if (what != who_are_you) {
        take_answer(static_cast<hello_form>(what), reply);
        return;
    }
    if (reply.is_text()) {
        identity_ = redis::parse_server_info(reply.text());
        if (!is_out_of_question(clock_.now())) {
            greet(hello_form::records);
        }
    }
}

// What is not answered leaves everything as it was; the next vote announces itself again.
void node::on_silence(std::uint32_t /*what*/) {
    announced_ = false;
}

// --- whether it is the only one ---

// What came of a meeting, or may yet come of it, was about a connection that is gone.
void node::forget_meeting() {
    if (meeting_ == meeting::under_way || !suspect_.empty()) {
        second_meeting_.reset();
        meeting_ = meeting::due;
        suspect_.clear();
    }
}

// Not at the same time as the first connection: what is met there must be met while that is open.
void node::meet_again() {
    meeting_ = meeting::under_way;
    second_meeting_ = std::make_unique<second_meeting>(
        clock_, once_more_, [this](const std::string& run_id) { on_met_again(run_id); }, seed_ + 1);
    second_meeting_->start();
}

// That there are two is only certain once the first has answered after the second: it may just have
// been restarted.
void node::on_met_again(const std::string& run_id) {
    meeting_ = meeting::over;
    if (!run_id.empty() && run_id != identity_.run_id) {
        suspect_ = run_id;
    }
    if (connected()) {
        greet(suspect_.empty() ? hello_form::records : hello_form::reads);
    } else {
        connection_->greet();
    }
}

// The tracking's connection has led to another.
void node::on_second_server(const std::string& run_id) {
    const core::instant now = clock_.now();
    if (connected() && may_be_several_) {
        servers_.met_both(identity_.run_id, run_id, now);
        meeting_ = meeting::due;
        events_.on_node_greeted(*this, {std::nullopt, why_not_itself(now)});
    }
}

}  // namespace redlock::driver
