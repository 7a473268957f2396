// How it is found out which master of a cluster serves which slot and who the masters are: a
// survey. One server after the other is asked for the slots until one tells them; of a cluster that
// is greeted all masters are then asked who they are, and the greeting is said. Decides what comes
// next, what an answer means and when the next survey may begin; never does I/O, reads a clock or
// draws a random number. Also keeps what was found. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <redlock/clock.hpp>
#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "redis/cluster/cluster_slots.hpp"
#include "redis/server/server_identity.hpp"
#include "redis/wire/resp_reader.hpp"

namespace redlock::redis {

/// How far a survey has come, and what a question of ours is about.
enum class survey_stage : std::uint8_t { none, slots, identities, greeting };

/// What happened outside.
struct survey_event {
    enum class kind : std::uint8_t {
        answered,         ///< `who` gave `reply`.
        silent,           ///< No answer is to be expected of one that was asked.
        not_asked,        ///< What was to be sent could not be.
        head_start_over,  ///< The last that was asked for the slots has not answered.
        words,            ///< What is to be said in greeting comes next; empty: nothing more.
        lost,             ///< The connection to `who`.
        disturbed,        ///< Something is not as a survey has found it.
    };

    kind what = kind::answered;
    /// What the question was about; an answer that comes too late is left aside.
    survey_stage about = survey_stage::none;
    std::uint64_t survey = 0;  ///< The one that it was asked for.
    server_address who{};
    reply_view reply{};
    error_code cause{};
    std::string message{};  ///< For people; or the words.
};

/// What the outside must do now.
struct survey_action {
    enum class kind : std::uint8_t {
        none,
        ask_slots,       ///< `whom`, and report if that is not possible.
        ask_identities,  ///< All masters of the map, which has just been found.
        greet,           ///< All have said who they are: report the `words` for them.
        say,             ///< `message`.
        take_answer,     ///< To what was said, and report the words that come next.
        finish,          ///< All is known.
        fail,            ///< For `cause`.
    };

    kind what = kind::none;
    server_address whom{};
    /// Of `ask_slots`: when to report that it is over, if no answer has come; never if it is zero.
    std::chrono::nanoseconds head_start{};
    error_code cause{};
    std::string message{};
};

class survey_steps {
  public:
    using time_point = boot_clock::time_point;
    using nanoseconds = std::chrono::nanoseconds;

    struct pace {
        nanoseconds min;
        nanoseconds max;
    };

    /// A server that has not told the slots by then is no longer waited for alone.
    static constexpr std::chrono::milliseconds head_start{100};

    /// `password` is masked where the servers' words are shown.
    survey_steps(bool greets, pace between, std::string password);

    /// One is about to begin; what is answered to an earlier one counts no more.
    void announce() noexcept;
    /// It begins. First those are asked that are sure to answer, `lively`, then all that are known,
    /// then those that the user has `named`. Surveys in quick succession get rarer; `random`
    /// spreads those of many clients.
    [[nodiscard]] survey_action begin(const std::vector<server_address>& lively,
                                      const std::vector<server_address>& named, time_point now,
                                      std::uint64_t random);
    /// An event that belongs to another survey or stage is answered with `none`.
    [[nodiscard]] survey_action resume(const survey_event& event);
    void abandon() noexcept;
    /// As MOVED told.
    void assign(std::uint16_t slot, const server_address& where) { map_.assign(slot, where); }

    [[nodiscard]] survey_stage stage() const noexcept { return stage_; }
    [[nodiscard]] bool under_way() const noexcept { return stage_ != survey_stage::none; }
    /// Changes whenever one is announced or given up.
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
    /// When the next may begin.
    [[nodiscard]] time_point next_at() const noexcept { return next_at_; }
    [[nodiscard]] const slot_map& map() const noexcept { return map_; }
    /// The latest survey has heard from it who it is.
    [[nodiscard]] bool knows(const server_address& who) const;
    /// Of all masters together, once all have said who they are: as long as nothing of it changes,
    /// none was restarted or promoted and no slot has moved.
    [[nodiscard]] const server_identity& identity() const noexcept { return identity_; }
    /// Why the latest server that was asked for the slots was no help; for people.
    [[nodiscard]] const std::string& trouble() const noexcept { return message_; }

  private:
    [[nodiscard]] survey_action ask_next();
    [[nodiscard]] survey_action on_answer(const survey_event& event);
    [[nodiscard]] survey_action on_slots(const server_address& who, const reply_view& reply);
    [[nodiscard]] survey_action on_identity(const server_address& who, const reply_view& reply);
    [[nodiscard]] survey_action no_help(error_code cause, std::string message);
    [[nodiscard]] survey_action finish();
    [[nodiscard]] survey_action fail(error_code cause, std::string message);
    [[nodiscard]] server_identity whole_identity() const;

    bool greets_;
    pace between_;
    std::string password_;
    nanoseconds ceiling_;
    survey_stage stage_ = survey_stage::none;
    std::uint64_t number_ = 0;
    time_point last_at_{};
    time_point next_at_{};
    std::deque<server_address> candidates_;
    std::size_t asked_ = 0;  ///< Candidates that may yet answer.
    std::size_t identities_due_ = 0;
    error_code cause_;  ///< Why the latest candidate was no help.
    std::string message_;
    slot_map map_;
    /// Of the masters' present connections; by address.
    std::map<std::string, server_identity> identities_;
    server_identity identity_;
};

}  // namespace redlock::redis
