// Learns from one node when a key that our scripts have read there changes: a connection of its
// own, subscribed to the node's invalidations, to which the command connection is told to redirect
// them. Opened when first wanted, kept afterwards, renewed when either connection breaks. It always
// leads to the very server that answers the commands, since a redirection to another one would fail
// or reach a stranger. Knows nothing of locks. Strand only.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "redis/connect/connection.hpp"
#include "redis/wire/detachable_sink.hpp"

namespace redlock::driver {

class key_tracking final : private redis::connection_events {
  public:
    struct owner {
        /// From now on, or not any more, changes of what is read are told. What changed in between
        /// was not.
        virtual void on_tracking(bool on) = 0;
        /// A key that was read here has changed, and must be read again for the next change to be
        /// told. Empty: any key may have.
        virtual void on_key_changed(std::string_view key) = 0;
        /// The node does not let us; not asked again until the command connection is a new one.
        virtual void on_tracking_refused(error_code cause, std::string_view message) = 0;
        /// The two connections have led to two servers, both of which answer; this is the other.
        virtual void on_second_server(const std::string& run_id) = 0;

      protected:
        ~owner() = default;
    };

    /// `commands` is the link whose reads are to be tracked, which has a single connection; both
    /// `commands` and `told` outlive this.
    key_tracking(outside::alarm_clock& clock, redis::connection_options options,
                 redis::link& commands, owner& told, std::uint64_t seed);
    key_tracking(const key_tracking&) = delete;
    key_tracking& operator=(const key_tracking&) = delete;
    ~key_tracking();

    /// Whether anybody is interested. While nobody is, what is told waits in the socket.
    void want(bool yes);
    [[nodiscard]] bool on() const { return on_; }

    /// Of the command connection.
    void on_commands_ready();
    void on_commands_down();
    void stop();

  private:
    using replies = redis::detachable_sink<key_tracking>;
    friend replies;

    void on_ready(const redis::server_identity& identity) override;
    void on_down(error_code cause, std::string_view message,
                 std::chrono::nanoseconds retry_in) override;
    void on_pushed(const redis::reply_view& message) override;

    void on_answer(std::uint32_t tag, const redis::reply_view& reply);
    /// The connections tell that they are down; a slow one may still answer.
    void on_silence(std::uint32_t /*tag*/) {}
    void on_client_id(const redis::reply_view& reply);
    void on_subscribed(const redis::reply_view& reply);
    void on_redirected(std::uint32_t asked, const redis::reply_view& reply);
    void follow_commands();
    [[nodiscard]] bool subscription_is(redis::connection_state state) const {
        return subscription_ && subscription_->state() == state;
    }
    void subscribe();
    void ask_subscription(std::uint32_t tag, const std::string& command);
    void redirect();
    [[nodiscard]] bool leads_elsewhere() const;
    void refuse(const redis::reply_view& reply, std::string_view command);
    void refuse(error_code cause, std::string_view message);
    void turn_off();

    redis::link& commands_;
    redis::connection& connection_;  ///< That of `commands_`.
    owner& owner_;
    outside::alarm_clock& clock_;
    redis::connection_options options_;
    std::uint64_t seed_;
    std::shared_ptr<replies> replies_;
    std::unique_ptr<redis::connection> subscription_;  ///< None before it is known where to.
    std::int64_t subscriber_ = 0;  // the subscription's client id, once it is subscribed
    std::int64_t client_id_ = 0;
    std::uint32_t asked_ = 0;  // counts redirections, so that a late answer is not taken for a new
    bool doubted_ = false;     // that both connections are to one server
    bool wanted_ = false;
    bool refused_ = false;
    bool on_ = false;
};

}  // namespace redlock::driver
