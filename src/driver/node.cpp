#include "driver/node.hpp"

#include <chrono>
#include <iterator>
#include <utility>

#include "redis/cluster_link.hpp"
#include "redis/connection.hpp"

namespace redlock::driver {

namespace {

/// More than this many lost releases of one node are left to their leases.
constexpr std::size_t max_owed = 4096;
/// So long a node that has no vote is not asked again.
constexpr std::chrono::seconds between_greetings{1};

redis::connection_options for_commands(redis::connection_options options, bool guarded) {
    options.greets = guarded;
    return options;
}

refusal unknown_incarnation(const redis::server_identity& identity) {
    return {identity.refused ? identity.refused : error_code{node_errc::bad_reply},
            "whether it was restarted cannot be told: " + (identity.refused_advice.empty()
                                                               ? "INFO says too little of it"
                                                               : identity.refused_advice)};
}

}  // namespace

/// Carries the answer back, unless the node is gone by then.
class node::second_greeting final : public redis::reply_sink {
  public:
    explicit second_greeting(node& asked) : asked_(&asked) {}
    void forget() { asked_ = nullptr; }

  private:
    void on_reply(std::uint32_t /*tag*/, const redis::reply_view& reply) override {
        if (asked_ != nullptr) {
            asked_->on_greeted(reply);
        }
    }
    // What is not answered leaves everything as it was.
    void on_timeout(std::uint32_t /*tag*/, bool /*maybe_sent*/) override {}
    void on_failure(std::uint32_t /*tag*/, error_code /*cause*/, bool /*maybe_sent*/) override {}

    node* asked_;
};

node::node(boost::asio::any_io_executor strand, node_index index, redis::connection_options options,
           std::optional<guard_terms> terms, node_events& events, std::uint64_t seed)
    : index_(index),
      name_(options.where.to_string()),
      verified_(!options.where.tls || options.where.tls->verify),
      events_(events),
      terms_(terms),
      second_greeting_(std::make_shared<second_greeting>(*this)) {
    redis::connection_events& told = *this;
    auto for_link = for_commands(options, terms_.has_value());
    if (!options.where.cluster.empty()) {
        link_ = std::make_unique<redis::cluster_link>(strand, std::move(for_link), told, seed);
        return;
    }
    auto connection = std::make_unique<redis::connection>(strand, std::move(for_link), told, seed);
    key_tracking::owner& told_of_keys = *this;
    // Another seed, or both would try again at the same instants.
    tracking_.emplace(std::move(strand), std::move(options), *connection, told_of_keys, ~seed);
    link_ = std::move(connection);
}

node::~node() {
    second_greeting_->forget();
}

void node::connect() {
    if (!std::exchange(started_, true)) {
        link_->start();
    }
}

error_code node::send(std::string_view encoded, std::shared_ptr<redis::reply_sink> sink,
                      core::instant deadline, redis::delivery how) {
    if (retired_) {
        return errc::closed;
    }
    connect();
    // With an identifier of the user's own, a lock that is tried for anew has the token of before:
    // the release of the first try must not come behind the second.
    send_owed();
    return link_->send(encoded, std::move(sink), static_cast<std::uint32_t>(index_), deadline, how);
}

error_code node::send_to_part(std::size_t part, std::string_view encoded,
                              std::shared_ptr<redis::reply_sink> sink, core::instant deadline) {
    if (retired_) {
        return errc::closed;
    }
    connect();
    return link_->send_to_part(part, encoded, std::move(sink), static_cast<std::uint32_t>(index_),
                               deadline);
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

void node::send_when_ready(std::string encoded, std::shared_ptr<redis::reply_sink> sink,
                           core::instant until, core::duration timeout) {
    if (retired_ || link_->state() == redis::connection_state::stopped ||
        owed_.size() >= max_owed) {
        return;
    }
    owed_.push_back({std::move(encoded), std::move(sink), until, timeout});
    link_->keep_trying();
}

std::string node::greeting(const redis::server_identity& identity) {
    identity_ = identity;
    greeted_at_ = boot_clock::now();
    // An answer to what was asked before is about another.
    second_greeting_->forget();
    second_greeting_ = std::make_shared<second_greeting>(*this);
    if (!identity.incarnation().empty()) {
        return encode_hello(identity, *terms_);
    }
    events_.on_node_greeted(*this, {std::nullopt, unknown_incarnation(identity)});
    return {};
}

void node::on_greeted(const redis::reply_view& reply) {
    events_.on_node_greeted(*this, parse_hello(reply, *terms_));
}

void node::greet_again() {
    if (terms_ && connected() && boot_clock::now() - greeted_at_ >= between_greetings) {
        greet();
    }
}

void node::greet() {
    if (identity_.incarnation().empty()) {
        return;
    }
    greeted_at_ = boot_clock::now();
    // A failure says nothing new of the node, and the next one who needs its vote asks again. Only
    // on this connection: behind the next one there may be a server that was started just now, and
    // what we know of this one would vouch for it.
    static_cast<void>(send(encode_hello(identity_, *terms_), second_greeting_,
                           greeted_at_ + std::chrono::seconds{10},
                           redis::delivery::this_connection));
}

void node::stop() {
    owed_.clear();
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
    tracking_refusal_.clear();
    if (tracking_) {
        tracking_->on_commands_ready();
    }
    send_owed();
    events_.on_node_ready(*this);
}

// Each for itself: of a cluster, some servers may be out of reach.
void node::send_owed() {
    if (owed_.empty() || retired_) {
        return;
    }
    const core::instant now = boot_clock::now();
    std::deque<owed> still;
    for (; !owed_.empty(); owed_.pop_front()) {
        owed& next = owed_.front();
        if (next.until <= now ||
            !link_->send(next.encoded, next.sink, static_cast<std::uint32_t>(index_),
                         now + next.timeout, redis::delivery::must_follow)) {
            continue;
        }
        still.push_back(std::move(next));
        if (link_->state() == redis::connection_state::waiting_to_retry) {
            owed_.pop_front();
            break;  // the others would fare no better
        }
    }
    owed_.insert(owed_.begin(), std::make_move_iterator(still.begin()),
                 std::make_move_iterator(still.end()));
}

void node::on_down(error_code cause, std::string_view message,
                   std::chrono::nanoseconds /*retry_in*/) {
    run_id_.clear();
    // A cluster goes on with commands, and with what was asked before: nothing of it may count.
    identity_ = {};
    second_greeting_->forget();
    second_greeting_ = std::make_shared<second_greeting>(*this);
    if (tracking_) {
        tracking_->on_commands_down();
    }
    events_.on_node_down(*this, cause, message);
    drop_outdated(boot_clock::now());
    if (!owed_.empty()) {
        link_->keep_trying();
    }
}

// Either way something may have changed that nobody told.
void node::on_tracking(bool /*on*/) {
    events_.on_node_key_changed(*this, {});
}

void node::on_key_changed(std::string_view key) {
    if (key.empty() && terms_ && connected()) {
        // The whole data set is gone, and with it what the server's uptime was good for.
        identity_.flushed = true;
        events_.on_node_greeted(
            *this, {std::nullopt, {node_errc::quarantined, "its data set was flushed"}});
        greet();
    }
    events_.on_node_key_changed(*this, key);
}

void node::on_tracking_refused(error_code cause, std::string_view message) {
    tracking_refusal_ = message;
    events_.on_node_tracking_refused(*this, cause, message);
}

void node::drop_outdated(core::instant now) {
    std::erase_if(owed_, [now](const owed& entry) { return entry.until <= now; });
}

}  // namespace redlock::driver
