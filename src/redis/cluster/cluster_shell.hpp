// Private to the cluster link: the declarations of its parts. `shell` is the link itself, `member`
// one server and the connection to it, `relay` one command on its way, `question` what the shell
// itself wants to know. cluster_link.cpp has the life cycle and the clock, cluster_relay.cpp the
// ways of the commands, cluster_survey.cpp how the slots and masters are found out. One strand.
#pragma once

#include <deque>
#include <optional>
#include <random>
#include <vector>

#include "outside/alarm_clock.hpp"
#include "redis/cluster/cluster_link.hpp"
#include "redis/cluster/survey_steps.hpp"

namespace redlock::redis {

/// Which server a command is for: that of a slot, or that of one part of all keys.
struct cluster_route {
    std::optional<std::uint16_t> slot{};
    std::size_t part = 0;
};

class cluster_link::member final : public connection_events {
  public:
    member(shell& told, outside::alarm_clock& clock, connection_options options,
           server_address address, std::uint64_t seed)
        : shell_(told), where_(std::move(address)), link_(clock, std::move(options), *this, seed) {
        link_.start();
    }

    [[nodiscard]] const server_address& where() const noexcept { return where_; }
    [[nodiscard]] connection& link() noexcept { return link_; }
    /// Its address, and why it could last not be reached.
    [[nodiscard]] std::string trouble() const;

    /// ASKING was sent here, and the command that it was for had no room behind it: it would hold
    /// for whatever comes next.
    bool asking_in_vain = false;

  private:
    void on_ready(const server_identity& identity) override;
    void on_down(error_code cause, std::string_view message,
                 std::chrono::nanoseconds retry_in) override;

    shell& shell_;
    server_address where_;
    connection link_;
};

/// Stands between a command's sink and the connections, and keeps the command's bytes, since a
/// server may send it elsewhere. Exactly what the sink was promised reaches it, however many
/// servers were asked.
class cluster_link::relay final : public reply_sink,
                                  public std::enable_shared_from_this<cluster_link::relay> {
  public:
    relay(std::shared_ptr<shell> owner, command&& what, cluster_route route, std::uint64_t survey)
        : shell_(std::move(owner)),
          encoded_(what.encoded),
          what_(std::move(what)),
          route_(route),
          survey_(survey) {
        what_.encoded = encoded_;
        what_.key = {};  // It is in the route.
        what_.share.slot = static_cast<std::uint16_t>(route.slot.value_or(0));
    }

    /// Hands it to the connection of a server, behind ASKING if that is needed. On an error the
    /// sink is not told.
    [[nodiscard]] error_code hand_to(const std::shared_ptr<member>& whom, bool asking = false);
    /// The last word: it was not carried out.
    void fail(error_code cause);
    /// Its time is over before it was handed to anybody.
    void expire();
    /// The sink hears that there is no answer yet; the command goes on nevertheless.
    void tell_late();

    [[nodiscard]] boot_clock::time_point deadline() const noexcept { return what_.deadline; }
    [[nodiscard]] delivery how() const noexcept { return what_.how; }
    [[nodiscard]] const cluster_route& route() const noexcept { return route_; }
    /// The number of surveys when it was accepted.
    [[nodiscard]] std::uint64_t survey() const noexcept { return survey_; }
    [[nodiscard]] bool late() const noexcept { return told_late_; }
    [[nodiscard]] bool may_hop() noexcept { return ++hops_ <= most_hops; }
    void begin_anew() noexcept { hops_ = 0; }

    boot_clock::time_point retry_at{};
    boot_clock::time_point give_up_at{};
    unsigned retries = 0;

  private:
    static constexpr unsigned most_hops = 5;

    /// Something of our own that goes before it.
    [[nodiscard]] error_code say_first(const std::shared_ptr<member>& whom, std::string_view word);
    void on_reply(std::uint32_t tag, const reply_view& reply) override;
    void on_refused_together(std::uint32_t tag, const reply_view& error) override;
    void on_timeout(std::uint32_t tag, bool maybe_sent) override;
    void on_failure(std::uint32_t tag, error_code cause, bool maybe_sent) override;

    std::shared_ptr<shell> shell_;
    std::string encoded_;
    command what_;
    cluster_route route_;
    std::uint64_t survey_;
    std::shared_ptr<member> at_;
    unsigned hops_ = 0;
    bool told_late_ = false;
};

/// Carries an answer to the shell, with the number of the survey that it belongs to.
class cluster_link::question final : public reply_sink {
  public:
    question(std::shared_ptr<shell> asker, survey_stage about, std::uint64_t survey,
             std::shared_ptr<member> asked)
        : shell_(std::move(asker)), about_(about), survey_(survey), asked_(std::move(asked)) {}

  private:
    void on_reply(std::uint32_t tag, const reply_view& reply) override;
    void on_timeout(std::uint32_t tag, bool maybe_sent) override;
    void on_failure(std::uint32_t tag, error_code cause, bool maybe_sent) override;

    std::shared_ptr<shell> shell_;
    survey_stage about_;
    std::uint64_t survey_;
    std::shared_ptr<member> asked_;
    bool told_ = false;  ///< That there is no answer; one may yet come.
};

class cluster_link::shell final : public std::enable_shared_from_this<cluster_link::shell>,
                                  private outside::alarm {
  public:
    using time_point = boot_clock::time_point;
    using nanoseconds = std::chrono::nanoseconds;
    using member_ptr = std::shared_ptr<member>;
    using relay_ptr = std::shared_ptr<relay>;

    shell(outside::alarm_clock& clock, connection_options options, connection_events& events,
          std::uint64_t seed);

    void start();
    void stop();
    void keep_trying();
    [[nodiscard]] error_code send(command&& what, const cluster_route& route);
    [[nodiscard]] connection_state state() const noexcept { return state_; }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    [[nodiscard]] const slot_map& map() const noexcept { return steps_.map(); }

    // What members and relays report.
    void on_member_ready(const member& which);
    void on_member_down(const member& which, error_code cause);
    /// Before an answer is handed on: it must not count if the greeting was not this server's too.
    void on_answer_of(const member& which);
    void note(std::string message) { message_ = std::move(message); }
    [[nodiscard]] time_point now() const { return clock_.now(); }
    [[nodiscard]] nanoseconds command_timeout() const noexcept { return options_.command_timeout; }
    /// A server of the cluster refused a command. True: it has been sent elsewhere, or will be.
    [[nodiscard]] bool redirect(relay& refused, const server_address& by, std::string_view text);
    void on_told(survey_stage about, std::uint64_t survey, const member* who,
                 const reply_view& reply);
    void on_silent(survey_stage about, std::uint64_t survey, const member* who, error_code cause);

  private:
    // Commands.
    [[nodiscard]] bool routes() const noexcept;
    [[nodiscard]] member_ptr member_at(const server_address& where);
    void forget_unused();
    [[nodiscard]] const server_address* server_for(const cluster_route& route) const;
    [[nodiscard]] error_code dispatch(relay& command);
    void dispatch_waiting();
    [[nodiscard]] bool may_go_on(const relay& command) const noexcept;
    [[nodiscard]] bool put_off(relay& refused);
    void retry_put_off(time_point now);
    void retry(relay& command, time_point now);
    void expire_waiting(time_point now);

    // Surveys.
    /// As soon as it may begin, even if nothing is sent.
    void want_survey();
    void survey_soon();
    void begin_survey();
    void perform(survey_action next);
    [[nodiscard]] error_code ask(survey_stage about, const member_ptr& whom,
                                 std::initializer_list<std::string_view> words);
    /// For which there is no server, or none that takes it.
    [[nodiscard]] survey_action not_asked(error_code cause);
    // Each of these returns what comes next.
    [[nodiscard]] survey_action ask_for_slots(const survey_action& what);
    [[nodiscard]] survey_action ask_identities();
    [[nodiscard]] survey_action say_greeting(const std::string& hello);
    void finish_survey();
    void fail_survey(error_code cause, std::string message);
    void disturb(error_code cause, std::string message);
    void step_down(error_code cause, std::string message);
    void slot_moved(const slot_refusal& told);

    // The clock.
    void arm();
    void on_alarm(time_point now) override;
    [[nodiscard]] time_point next_wake() const;

    outside::alarm_clock& clock_;  ///< Not touched once stopped.
    connection_options options_;
    connection_events* events_;
    std::mt19937_64 random_;
    connection_state state_ = connection_state::idle;
    error_code cause_;
    std::string message_;

    survey_steps steps_;
    std::vector<member_ptr> members_;
    std::deque<relay_ptr> waiting_;   ///< For the slots to be known.
    std::vector<relay_ptr> put_off_;  ///< For keys that are on their way.

    bool surveyed_ = false;    ///< A survey has come to an end, well or not.
    bool survey_due_ = false;  ///< One begins by itself as soon as it may.
    bool announce_ = false;    ///< Tell that it is ready even if it never was not.
    time_point next_candidate_at_ = time_point::max();
};

}  // namespace redlock::redis
