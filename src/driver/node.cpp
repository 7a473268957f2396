#include "driver/node.hpp"

#include <chrono>
#include <utility>

#include "redis/make_link.hpp"

namespace redlock::driver {

namespace {

// A cluster that is not guarded need not be heard out anew whenever one of its servers changes.
redis::connection_options for_commands(redis::connection_options options, bool guarded) {
    options.greets = guarded || options.where.cluster.empty();
    return options;
}

}  // namespace

node::node(outside::alarm_clock& clock, node_index index, redis::connection_options options,
           const node_terms& terms, node_events& events, std::uint64_t seed)
    : index_(index),
      name_(options.where.to_string()),
      verified_(!options.where.tls || options.where.tls->verify),
      events_(events),
      terms_(terms),
      announced_for_(options.connect_timeout + options.command_timeout),
      later_answers_(std::make_shared<later_answers>(*this)),
      // Sentinels and clusters name the servers themselves, and a socket in the file system leads
      // to one.
      may_be_several_(options.where.transport == endpoint::transport_kind::tcp &&
                      !options.where.sentinel && options.where.cluster.empty()),
      servers_(terms.settings.quarantine()),
      once_more_(options),
      clock_(clock),
      seed_(seed),
      link_(redis::make_link(clock, for_commands(options, terms.guarded), *this, seed)),
      connection_(link_->single()) {
    if (connection_ != nullptr) {
        key_tracking::owner& told_of_keys = *this;
        // Another seed, or both would try again at the same instants.
        tracking_.emplace(clock, std::move(options), *link_, told_of_keys, ~seed);
    }
}

node::~node() {
    later_answers_->detach();
}

void node::connect() {
    if (!std::exchange(started_, true)) {
        link_->start();
    }
}

error_code node::send(redis::command&& what) {
    if (retired_) {
        return errc::closed;
    }
    connect();
    // With an identifier of the user's own, a lock that is tried for anew has the token of before:
    // the release of the first try must not come behind the second.
    send_deferred();
    what.tag = static_cast<std::uint32_t>(index_);
    if (forgoes_sharing_) {
        what.share.call = nullptr;
    }
    return link_->send(std::move(what));
}

error_code node::send_to_part(std::size_t part, redis::command&& what) {
    if (retired_) {
        return errc::closed;
    }
    connect();
    what.tag = static_cast<std::uint32_t>(index_);
    return link_->send_to_part(part, std::move(what));
}

void node::track_keys(bool yes) {
    if (tracking_) {
        tracking_->want(yes);
    } else if (yes && !std::exchange(told_no_tracking_, true)) {
        events_.on_node_tracking_refused(
            *this, make_error_code(boost::system::errc::operation_not_supported),
            "a cluster is not asked to tell of changed keys: waiters look again and again");
    }
}

void node::send_when_ready(deferred_command&& what, worth lost) {
    if (!retired_ && link_->state() != redis::connection_state::stopped &&
        deferred_.push(std::move(what), lost)) {
        link_->keep_trying();
    }
}

void node::stop() {
    deferred_.clear();
    second_meeting_.reset();
    if (tracking_) {
        tracking_->stop();
    }
    link_->stop();
}

const std::string& node::last_error_message() const {
    return link_->last_error_message();
}

void node::on_ready(const redis::server_identity& identity) {
    run_id_ = identity.run_id;
    forgoes_native_ = forgoes_sharing_ = runs_scripts_ = false;
    tracking_refusal_.clear();
    if (tracking_) {
        tracking_->on_commands_ready();
    }
    send_deferred();
    if (connection_ == nullptr && !guarded()) {
        greet(expects_vote(clock_.now()) ? hello_form::records : hello_form::reads);
    }
    events_.on_node_ready(*this);
}

void node::send_deferred() {
    if (deferred_.empty() || retired_) {
        return;
    }
    using sending = deferred_commands::sending;
    const core::instant now = clock_.now();
    deferred_.send_all(now, [&](const deferred_command& next) {
        if (!link_->send({.encoded = next.encoded,
                          .key = next.key,
                          .sink = next.sink,
                          .tag = static_cast<std::uint32_t>(index_),
                          .deadline = now + next.timeout,
                          .how = redis::delivery::must_follow})) {
            return sending::done;
        }
        return link_->state() == redis::connection_state::waiting_to_retry ? sending::none
                                                                           : sending::not_this;
    });
}

void node::on_down(error_code cause, std::string_view message,
                   std::chrono::nanoseconds /*retry_in*/) {
    run_id_.clear();
    // A cluster goes on with commands, and with what was asked before: nothing of it may count.
    begin_anew();
    forget_meeting();
    identity_ = {};
    if (tracking_) {
        tracking_->on_commands_down();
    }
    events_.on_node_down(*this, cause, message);
    deferred_.drop_outdated(clock_.now());
    if (!deferred_.empty()) {
        link_->keep_trying();
    }
}

// Either way something may have changed that nobody told.
void node::on_tracking(bool /*on*/) {
    events_.on_node_key_changed(*this, {});
}

void node::on_key_changed(std::string_view key) {
    if (key.empty() && connected() && !is_out_of_question(clock_.now())) {
        // The whole data set is gone, and with it what the server's uptime was good for.
        identity_.flushed = true;
        if (guarded()) {
            events_.on_node_greeted(
                *this, {std::nullopt, {node_errc::quarantined, "its data set was flushed"}});
        }
        greet(introduced_ ? hello_form::records : hello_form::reads);
    }
    events_.on_node_key_changed(*this, key);
}

void node::on_tracking_refused(error_code cause, std::string_view message) {
    tracking_refusal_ = message;
    events_.on_node_tracking_refused(*this, cause, message);
}

}  // namespace redlock::driver
