// One endpoint as the locks see it: its link, who it turned out to be, whether it has heard of our
// settings, and what it must still get once it is reachable. Decides nothing about locks. Strand
// only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/instant.hpp"
#include "driver/deferred_commands.hpp"
#include "driver/greeting.hpp"
#include "driver/key_tracking.hpp"
#include "driver/second_meeting.hpp"
#include "driver/server_watch.hpp"
#include "redis/connect/connection.hpp"
#include "redis/link.hpp"
#include "redis/wire/detachable_sink.hpp"
#include "redlock/error.hpp"
#include "redlock/types.hpp"

namespace redlock::driver {

class node;

/// Told what becomes of a node. Called on the strand.
struct node_events {
    /// Before it is ready and whenever it is asked again: what remains of its quarantine, which
    /// only counts if it is guarded, or why it must not vote at all.
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

/// What all clients of a node must have in common, and whether its restarts are waited out.
struct node_terms {
    guard_terms settings;
    bool guarded = false;
    key_names keys{};
};

class node final : private redis::connection_events, private key_tracking::owner {
  public:
    node(outside::alarm_clock& clock, node_index index, redis::connection_options options,
         const node_terms& terms, node_events& events, std::uint64_t seed);
    ~node();

    [[nodiscard]] node_index index() const { return index_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    /// Empty until the node told it, and when it refuses to.
    [[nodiscard]] const std::string& run_id() const { return run_id_; }
    /// Whether whoever answers there must prove to be the right one, as far as TLS is asked for.
    [[nodiscard]] bool verified() const { return verified_; }
    /// By which command it deletes a key if that has a certain value.
    [[nodiscard]] redis::conditional_delete deletes() const {
        return forgoes_native_ ? redis::conditional_delete::none : identity_.deletes;
    }
    /// It refuses that command.
    void forgo_native() { forgoes_native_ = true; }
    /// It has answered a script that acquires, on the present connection: so the user has the right
    /// to scripts, and a lock that is taken without one can be given back.
    void note_script_ran() { runs_scripts_ = true; }
    [[nodiscard]] bool runs_scripts() const { return runs_scripts_; }
    /// It cannot carry out requests for different locks in one call.
    void forgo_sharing() { forgoes_sharing_ = true; }
    /// Set while this node is the same server as one before it in the list.
    [[nodiscard]] bool refused() const { return refused_; }
    void refuse(bool yes) { refused_ = yes; }

    [[nodiscard]] bool guarded() const { return terms_.guarded; }
    /// It was a replica: the master before it may still answer others.
    [[nodiscard]] bool promoted() const { return guarded() && identity_.promoted; }

    /// A vote is to be asked for, right after this: the node hears of our settings first, on the
    /// same connection, and leaves them for those who come later. Nothing else does that, so that
    /// reading writes nothing. True: its answer is still to come on a connection that is ready.
    bool announce_vote(core::instant now);
    [[nodiscard]] bool answer_comes() const { return announced_; }
    /// It has, on the present connection.
    [[nodiscard]] bool introduced() const { return introduced_; }
    /// The node was made to forget the settings of its clients.
    void forget_introduction() { introduced_ = false; }

    /// Starts to connect, if it has not yet.
    void connect();
    [[nodiscard]] bool connected() const {
        return link_->state() == redis::connection_state::ready;
    }

    /// Everything goes over one connection at a time, so that nothing overtakes what was sent
    /// before it and has neither been answered nor failed. A cluster may send either of two to
    /// another server first.
    [[nodiscard]] bool keeps_order() const { return connection_ != nullptr; }

    /// As redis::link::send; the tag is the node's index.
    [[nodiscard]] error_code send(redis::command&& what);
    /// As redis::link::send_to_part.
    [[nodiscard]] error_code send_to_part(std::size_t part, redis::command&& what);
    [[nodiscard]] std::size_t parts() const { return link_->parts(); }
    /// Asks again whether it may vote, unless that was asked a moment ago: somebody may have
    /// vouched for it.
    void greet_again(hello_form form = hello_form::records);
    /// Sends it as soon as the node is reachable again, unless that takes too long: for what a
    /// broken connection lost.
    void send_when_ready(deferred_command&& what, worth lost);
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
    /// Whether more than one connection leads to the same server.
    enum class meeting : std::uint8_t { due, under_way, over };
    using later_answers = redis::detachable_sink<node>;
    friend later_answers;

    [[nodiscard]] bool may_greet(const redis::server_identity& identity) override;
    [[nodiscard]] std::string greeting(const redis::server_identity& identity) override;
    void on_greeted(const redis::reply_view& reply) override;
    [[nodiscard]] std::string next_greeting() override;
    [[nodiscard]] std::string_view greeting_key() const override { return terms_.keys.epoch(); }
    [[nodiscard]] bool expects_vote(core::instant now) const;
    [[nodiscard]] bool is_replica() const;
    [[nodiscard]] refusal why_not_itself(core::instant now) const;
    [[nodiscard]] bool is_out_of_question(core::instant now) const;
    void greet(hello_form form);
    void ask_later(std::string_view encoded, std::string_view key, std::uint32_t what);
    void on_answer(std::uint32_t what, const redis::reply_view& reply);
    void on_silence(std::uint32_t what);
    void take_answer(hello_form form, const redis::reply_view& reply);
    void begin_anew();
    void meet_again();
    void forget_meeting();
    void on_met_again(const std::string& run_id);
    void on_second_server(const std::string& run_id) override;
    void on_ready(const redis::server_identity& identity) override;
    void on_down(error_code cause, std::string_view message,
                 std::chrono::nanoseconds retry_in) override;
    void on_tracking(bool on) override;
    void on_key_changed(std::string_view key) override;
    void on_tracking_refused(error_code cause, std::string_view message) override;
    void send_deferred();

    node_index index_;
    std::string name_;
    bool verified_;
    node_events& events_;
    std::string run_id_;
    node_terms terms_;
    redis::server_identity identity_;
    core::instant greeted_at_;
    hello_form said_ = hello_form::reads;  // last, as part of connecting
    core::duration announced_for_;         // no vote waits longer for a connection
    core::instant vote_until_ = core::instant::min();
    bool introduced_ = false;
    bool announced_ = false;  // on a connection that was ready already; its answer is due
    std::shared_ptr<later_answers> later_answers_;  ///< To what is asked on this connection.
    bool may_be_several_;
    server_watch servers_;
    redis::connection_options once_more_;
    outside::alarm_clock& clock_;
    std::uint64_t seed_;
    meeting meeting_ = meeting::due;
    std::string suspect_;  // the run id of another server, if this one still answers
    std::string tracking_refusal_;
    bool refused_ = false;
    bool forgoes_native_ = false;  // These three on the present connection.
    bool forgoes_sharing_ = false;
    bool runs_scripts_ = false;
    bool started_ = false;
    bool retired_ = false;
    deferred_commands deferred_;
    std::unique_ptr<redis::link> link_;
    redis::connection* connection_;  ///< The single one of `link_`; none of a cluster.
    std::unique_ptr<second_meeting> second_meeting_;
    /// Not of a cluster, whose masters would each need a subscription.
    std::optional<key_tracking> tracking_;
    bool told_no_tracking_ = false;
};

}  // namespace redlock::driver
