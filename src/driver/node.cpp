#include "driver/node.hpp"

#include <utility>

namespace redlock::driver {

namespace {

/// More than this many lost releases of one node are left to their leases.
constexpr std::size_t max_owed = 4096;

}  // namespace

node::node(boost::asio::any_io_executor strand, node_index index, redis::connection_options options,
           node_events& events, std::uint64_t seed)
    : index_(index),
      name_(options.where.to_string()),
      events_(events),
      connection_(strand, options, *this, seed),
      // Another seed, or both would try again at the same instants.
      tracking_(strand, std::move(options), connection_, *this, ~seed) {}

void node::connect() {
    if (!std::exchange(started_, true)) {
        connection_.start();
    }
}

error_code node::send(std::string_view encoded, std::shared_ptr<redis::reply_sink> sink,
                      core::instant deadline, bool must_follow) {
    if (retired_) {
        return errc::closed;
    }
    connect();
    return connection_.send(encoded, std::move(sink), static_cast<std::uint32_t>(index_), deadline,
                            must_follow);
}

void node::send_when_ready(std::string encoded, std::shared_ptr<redis::reply_sink> sink,
                           core::instant until, core::duration timeout) {
    if (retired_ || connection_.state() == redis::connection_state::stopped ||
        owed_.size() >= max_owed) {
        return;
    }
    owed_.push_back({std::move(encoded), std::move(sink), until, timeout});
    connection_.keep_trying();
}

void node::stop() {
    owed_.clear();
    tracking_.stop();
    connection_.stop();
}

const std::string& node::last_error_message() const {
    return connection_.last_error_message();
}

void node::on_ready(const redis::server_identity& identity) {
    run_id_ = identity.run_id;
    tracking_.on_commands_ready();
    events_.on_node_ready(*this);
    const core::instant now = boot_clock::now();
    drop_outdated(now);
    while (!owed_.empty()) {
        owed next = std::move(owed_.front());
        owed_.pop_front();
        if (send(next.encoded, next.sink, now + next.timeout, true)) {
            owed_.push_front(std::move(next));
            return;
        }
    }
}

void node::on_down(error_code cause, std::string_view message,
                   std::chrono::nanoseconds /*retry_in*/) {
    run_id_.clear();
    tracking_.on_commands_down();
    events_.on_node_down(*this, cause, message);
    drop_outdated(boot_clock::now());
    if (!owed_.empty()) {
        connection_.keep_trying();
    }
}

// Either way something may have changed that nobody told.
void node::on_tracking(bool /*on*/) {
    events_.on_node_key_changed(*this, {});
}

void node::on_key_changed(std::string_view key) {
    events_.on_node_key_changed(*this, key);
}

void node::on_tracking_refused(error_code cause, std::string_view message) {
    events_.on_node_tracking_refused(*this, cause, message);
}

void node::drop_outdated(core::instant now) {
    std::erase_if(owed_, [now](const owed& entry) { return entry.until <= now; });
}

}  // namespace redlock::driver
