#include "driver/key_tracking.hpp"

#include <string>
#include <utility>

#include "driver/acl_advice.hpp"
#include "driver/script_call.hpp"
#include "redis/wire/resp_writer.hpp"
#include "redis/wire/server_error.hpp"

namespace redlock::driver {

namespace {

constexpr std::string_view channel = "__redis__:invalidate";

// The tags of the subscription's commands; redirections count up from there.
constexpr std::uint32_t tag_client_id = 0;
constexpr std::uint32_t tag_subscribe = 1;
constexpr std::uint32_t first_redirection = 2;

redis::connection_options for_subscriber(redis::connection_options options) {
    options.subscriber = true;
    return options;
}

}  // namespace

key_tracking::key_tracking(outside::alarm_clock& clock, redis::connection_options options,
                           redis::link& commands, owner& told, std::uint64_t seed)
    : commands_(commands),
      connection_(*commands.single()),
      owner_(told),
      clock_(clock),
      options_(for_subscriber(std::move(options))),
      seed_(seed),
      replies_(std::make_shared<replies>(*this)),
      asked_(first_redirection) {}

key_tracking::~key_tracking() {
    stop();
}

void key_tracking::stop() {
    replies_->detach();
    on_ = false;
    wanted_ = false;
    connection_.listen(false);
    if (subscription_) {
        subscription_->stop();
    }
}

void key_tracking::want(bool yes) {
    wanted_ = yes;
    // Its end is the end of the tracking, and must not go unnoticed until the next command.
    connection_.listen(yes);
    follow_commands();
    if (!subscription_) {
        return;
    }
    subscription_->listen(yes);
    if (!yes || refused_) {
        return;
    }
    if (subscription_is(redis::connection_state::idle)) {
        subscription_->start();
    } else {
        subscription_->keep_trying();
    }
}

void key_tracking::follow_commands() {
    const bool somewhere_else = options_.where.sentinel.has_value();
    const endpoint* const there = somewhere_else ? connection_.server() : &options_.where;
    if (there == nullptr || (subscription_ && subscription_->where() == *there)) {
        return;
    }
    turn_off();
    subscriber_ = 0;
    redis::connection_options to_server = options_;
    to_server.where = *there;
    redis::connection_events& events = *this;
    subscription_ =
        std::make_unique<redis::connection>(clock_, std::move(to_server), events, seed_);
}

void key_tracking::on_ready(const redis::server_identity& /*identity*/) {
    subscribe();
}

void key_tracking::subscribe() {
    ask_subscription(tag_client_id, redis::encoded({"CLIENT", "ID"}));
    ask_subscription(tag_subscribe, redis::encoded({"SUBSCRIBE", channel}));
}

void key_tracking::ask_subscription(std::uint32_t tag, const std::string& command) {
    // If it does not take it, it has gone down again, and says so.
    static_cast<void>(subscription_->send({.encoded = command,
                                           .sink = replies_,
                                           .tag = tag,
                                           .deadline = clock_.now() + options_.command_timeout}));
}

void key_tracking::on_down(error_code cause, std::string_view message,
                           std::chrono::nanoseconds /*retry_in*/) {
    subscriber_ = 0;
    doubted_ = false;
    turn_off();
    if (cause == node_errc::permission_denied || cause == node_errc::unknown_command) {
        refused_ = true;
        owner_.on_tracking_refused(cause, message);
    } else if (wanted_) {
        subscription_->keep_trying();
    }
}

void key_tracking::on_answer(std::uint32_t tag, const redis::reply_view& reply) {
    if (tag == tag_client_id) {
        on_client_id(reply);
    } else if (tag == tag_subscribe) {
        on_subscribed(reply);
    } else {
        on_redirected(tag, reply);
    }
}

void key_tracking::on_client_id(const redis::reply_view& reply) {
    if (reply.is_error()) {
        refuse(reply, "client|id");
        return;
    }
    client_id_ = reply.integer();
}

void key_tracking::on_subscribed(const redis::reply_view& reply) {
    if (reply.is_error()) {
        refuse(reply, "subscribe");
        return;
    }
    subscriber_ = client_id_;
    redirect();
}

void key_tracking::on_commands_ready() {
    const bool was_refused = std::exchange(refused_, false);
    doubted_ = false;
    follow_commands();
    if (wanted_) {
        want(true);
    }
    if (was_refused && subscriber_ == 0 && subscription_is(redis::connection_state::ready)) {
        subscribe();
        return;
    }
    redirect();
}

void key_tracking::on_commands_down() {
    turn_off();
    if (wanted_) {
        commands_.keep_trying();
    }
}

void key_tracking::redirect() {
    if (subscriber_ == 0 || refused_ || commands_.state() != redis::connection_state::ready) {
        return;
    }
    // A second redirection replaces the first.
    ++asked_;
    // Changes that we make ourselves are no news.
    const error_code busy =
        commands_.send({.encoded = redis::encoded({"CLIENT", "TRACKING", "ON", "REDIRECT",
                                                   decimal(subscriber_), "NOLOOP"}),
                        .sink = replies_,
                        .tag = asked_,
                        .deadline = clock_.now() + options_.command_timeout,
                        .how = redis::delivery::must_follow});
    if (busy) {
        turn_off();
    }
}

void key_tracking::on_redirected(std::uint32_t asked, const redis::reply_view& reply) {
    if (asked != asked_) {
        return;
    }
    if (leads_elsewhere()) {
        // Of a server that was restarted, either connection may still be the old one, and not know
        // it. Once the subscription has been asked again, both have answered as what they are.
        if (!std::exchange(doubted_, true)) {
            ask_subscription(tag_subscribe, redis::encoded({"SUBSCRIBE", channel}));
        } else {
            owner_.on_second_server(subscription_->identity()->run_id);
            refuse(make_error_code(boost::system::errc::operation_not_supported),
                   "two connections led to two servers, of which one cannot tell what changes at "
                   "the other: is it a name with several addresses?");
        }
        return;
    }
    if (!reply.is_error()) {
        on_ = true;
        owner_.on_tracking(true);
        return;
    }
    // The subscription may have died just now: it says so itself, and is made anew.
    const node_errc cause = redis::classify(reply.text());
    if (cause == node_errc::permission_denied || cause == node_errc::unknown_command) {
        refuse(reply, "client|tracking");
    }
}

bool key_tracking::leads_elsewhere() const {
    const redis::server_identity* const here = connection_.identity();
    const redis::server_identity* const there = subscription_ ? subscription_->identity() : nullptr;
    return here != nullptr && there != nullptr && !here->run_id.empty() && !there->run_id.empty() &&
           here->run_id != there->run_id;
}

void key_tracking::refuse(const redis::reply_view& reply, std::string_view command) {
    refuse(redis::classify(reply.text()), shown_with_advice(reply.text(), {.command = command}));
}

void key_tracking::refuse(error_code cause, std::string_view message) {
    turn_off();
    if (!std::exchange(refused_, true)) {  // else it has been told, for one reason or another
        owner_.on_tracking_refused(cause, message);
    }
}

void key_tracking::turn_off() {
    ++asked_;
    if (std::exchange(on_, false)) {
        owner_.on_tracking(false);
    }
}

// ["message", channel, [key, ...]], or nil in the keys' place when all are gone.
void key_tracking::on_pushed(const redis::reply_view& message) {
    if (message.size() < 3 || message[1].text() != channel) {
        return;
    }
    const redis::reply_view keys = message[2];
    if (!keys.is_array()) {
        // Also before we know that the server tells us: it says so on the other connection, which
        // may be read later. Of single keys nobody has to hear then, since it is asked for all.
        if (!leads_elsewhere()) {
            owner_.on_key_changed({});
        }
        return;
    }
    if (!on_) {
        return;
    }
    for (const redis::reply_view key : keys) {
        // What is no key says nothing, least of all that everything is gone.
        if (key.is_text() && !key.text().empty()) {
            owner_.on_key_changed(key.text());
        }
    }
}

}  // namespace redlock::driver
