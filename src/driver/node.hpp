// One endpoint as the locks see it: its link, who it turned out to be, and the releases it
// still owes an answer to. Decides nothing about locks. Strand only.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/instant.hpp"
#include "driver/greeting.hpp"
#include "driver/key_tracking.hpp"
#include "driver/script_call.hpp"
#include "redis/link.hpp"
#include "redlock/error.hpp"
#include "redlock/types.hpp"

namespace redlock::driver {

class node;

/// Told what becomes of a node. Called on the strand.
struct node_events {
    /// Of a guarded node, before it is ready and whenever it is asked again: what remains of its
    /// quarantine, or why it must not vote at all.
    virtual void on_node_greeted(node& which, const parsed<std::chrono::milliseconds>& answer) = 0;
    virtual void on_node_ready(node& which) = 0;
    virtual void on_node_down(node& which, error_code cause, std::string_view message) = 0;
    /// A key that was read there may have changed; empty: any key.
    virtual void on_node_key_changed(node& which, std::string_view key) = 0;
    /// The node does not tell of changed keys.
    virtual void on_node_tracking_refused(node& which, error_code cause,
                                          std::string_view message) = 0;

  protected:
    ~node_events() = default;
};

class node final : private redis::connection_events, private key_tracking::owner {
  public:
    /// `terms`: of a node that must be asked whether it may vote.
    node(boost::asio::any_io_executor strand, node_index index, redis::connection_options options,
         std::optional<guard_terms> terms, node_events& events, std::uint64_t seed);
    ~node();

    [[nodiscard]] node_index index() const { return index_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    /// Empty until the node told it, and when it refuses to.
    [[nodiscard]] const std::string& run_id() const { return run_id_; }
    /// Whether whoever answers there must prove to be the right one, as far as TLS is asked for.
    [[nodiscard]] bool verified() const { return verified_; }
    /// Set while this node is the same server as one before it in the list.
    [[nodiscard]] bool refused() const { return refused_; }
    void refuse(bool yes) { refused_ = yes; }

    [[nodiscard]] bool guarded() const { return terms_.has_value(); }
    /// It was a replica: the master before it may still answer others.
    [[nodiscard]] bool promoted() const { return guarded() && identity_.promoted; }

    /// Starts to connect, if it has not yet.
    void connect();
    [[nodiscard]] bool connected() const {
        return link_->state() == redis::connection_state::ready;
    }

    /// As redis::connection::send.
    [[nodiscard]] error_code send(std::string_view encoded, std::shared_ptr<redis::reply_sink> sink,
                                  core::instant deadline,
                                  redis::delivery how = redis::delivery::usual);
    /// As redis::link::send_to_part.
    [[nodiscard]] error_code send_to_part(std::size_t part, std::string_view encoded,
                                          std::shared_ptr<redis::reply_sink> sink,
                                          core::instant deadline);
    [[nodiscard]] std::size_t parts() const { return link_->parts(); }
    /// Asks a guarded node again whether it may vote, unless that was asked a moment ago: somebody
    /// may have vouched for it.
    void greet_again();
    /// Sends `encoded` as soon as the node is reachable again, unless that takes beyond `until`:
    /// for releases that a broken connection lost.
    void send_when_ready(std::string encoded, std::shared_ptr<redis::reply_sink> sink,
                         core::instant until, core::duration timeout);
    /// Whether changes of keys are wanted to be told.
    void track_keys(bool yes);
    /// Whether changes of what is read now will be told.
    [[nodiscard]] bool tracks_keys() const { return tracking_ && tracking_->on(); }
    /// Why they will not be, for people; empty if that was not refused.
    [[nodiscard]] const std::string& tracking_refusal() const { return tracking_refusal_; }
    /// Takes no more commands; what is pending goes on.
    void retire() { retired_ = true; }
    void stop();

    /// Why nothing can be sent, for people.
    [[nodiscard]] const std::string& last_error_message() const;

  private:
    struct owed {
        std::string encoded;
        std::shared_ptr<redis::reply_sink> sink;
        core::instant until;
        core::duration timeout;
    };

    class second_greeting;

    [[nodiscard]] std::string greeting(const redis::server_identity& identity) override;
    void on_greeted(const redis::reply_view& reply) override;
    void greet();
    void on_ready(const redis::server_identity& identity) override;
    void on_down(error_code cause, std::string_view message,
                 std::chrono::nanoseconds retry_in) override;
    void on_tracking(bool on) override;
    void on_key_changed(std::string_view key) override;
    void on_tracking_refused(error_code cause, std::string_view message) override;
    void send_owed();
    void drop_outdated(core::instant now);

    node_index index_;
    std::string name_;
    bool verified_;
    node_events& events_;
    std::string run_id_;
    std::optional<guard_terms> terms_;
    redis::server_identity identity_;
    core::instant greeted_at_;
    std::shared_ptr<second_greeting> second_greeting_;
    std::string tracking_refusal_;
    bool refused_ = false;
    bool started_ = false;
    bool retired_ = false;
    std::deque<owed> owed_;
    std::unique_ptr<redis::link> link_;
    /// Not of a cluster, whose masters would each need a subscription.
    std::optional<key_tracking> tracking_;
    bool told_no_tracking_ = false;
};

}  // namespace redlock::driver
