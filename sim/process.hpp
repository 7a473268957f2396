// One client process: what driver and manager do around the core, on simulated connections. Every
// decision is the core's own; here only its wishes are carried out, as src/driver and src/manager
// carry them out. Knows its own clocks and what it was told, nothing else. One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/accord.hpp"
#include "core/node_clock.hpp"
#include "core/quarantine.hpp"
#include "core/wait_session.hpp"
#include "sim/network.hpp"
#include "sim/servers.hpp"
#include "sim/stage.hpp"

namespace redlock::sim {

class process {
  public:
    process(std::uint8_t number, stage& on, network& between, servers& nodes);

    void begin();

    // What happens to it.
    void on_answer(std::uint32_t command);
    void on_cut_noticed(std::uint32_t connection);
    void on_connect(std::uint8_t node);
    void on_connect_late(std::uint8_t node, std::uint32_t connection);
    void on_round_late(command_kind kind, std::uint32_t subject);
    void on_user_alarm(std::uint8_t user, std::uint32_t generation);
    void on_user_competes(std::uint8_t user);
    void on_hold_alarm(std::uint32_t hold, std::uint32_t generation);
    void on_work_done(std::uint32_t hold);
    void on_caller_extends(std::uint32_t hold, std::int64_t lease_ms);
    void on_news(std::uint8_t node, std::uint8_t resource);
    void on_tracking(std::uint8_t node, bool on);

    void want(const item& what);
    void on_next_want(std::uint8_t user);
    void cancel(std::uint8_t user);
    void vouch(std::uint8_t node);
    void release_of_another(std::uint8_t resource, std::uint64_t token);
    void set_wall_clock(std::int64_t by_us) { wall_.step(on_.now, by_us * microsecond); }
    void pause(tick until);
    void kill();

    [[nodiscard]] tick paused_until() const { return paused_until_; }
    [[nodiscard]] bool alive() const { return alive_; }
    /// Whether none of its users wants or holds anything.
    [[nodiscard]] bool idle() const;
    /// From now on whoever wants something waits for as long as it takes.
    void be_patient();

  private:
    struct owed_command {
        std::uint32_t command = none;
        core::instant until{};
    };
    struct link {
        enum class state : std::uint8_t { waiting, connecting, ready };
        state at = state::waiting;
        bool tracks = false;
        std::uint32_t connection = none;
        std::uint64_t identity = 0;
        std::int64_t remembers_us = 0;
        core::instant greeted{};
        tick pause = 0;  ///< Before the next try to connect.
        std::vector<std::uint32_t> queued;
        std::vector<owed_command> owed;
    };
    enum class user_state : std::uint8_t { idle, lined_up, attempting, waiting, holding };
    struct user {
        user_state at = user_state::idle;
        std::uint8_t number = 0;
        bool expects_contention = false;
        bool begun = false;
        bool competes = false;
        bool in_line = false;
        bool watches = false;
        std::optional<core::wait_session> session;
        item what;
        std::uint32_t attempt = none;
        std::uint32_t hold = none;
        std::uint64_t place = 0;
        std::uint64_t ticket = 0;
        std::uint32_t alarm = 0;
        int refused_in_a_row = 0;
        bool woken = false;
        std::vector<item> later;
    };
    struct line {
        std::vector<std::uint8_t> members;
        std::uint32_t holder = none;
    };

    // Time.
    [[nodiscard]] core::instant clock() const {
        return core::instant{core::duration{boot_.at(on_.now)}};
    }
    [[nodiscard]] tick when(core::instant then) const {
        return boot_.when(then.time_since_epoch().count());
    }
    [[nodiscard]] std::int64_t wall_us() const { return wall_.at(on_.now) / microsecond; }
    template <class... Parts>
    void tell(const Parts&... parts) {
        on_.tell("client", number_, parts...);
    }

    // Links.
    enum class sending : std::uint8_t { yes, unreachable };
    std::uint32_t new_command(command_kind kind, std::uint8_t node, std::uint8_t resource,
                              std::uint32_t subject);
    sending send(std::uint32_t command);
    void become_ready(std::uint8_t node);
    void fall_back(std::uint8_t node);
    void on_failure(std::uint32_t command, bool maybe_executed);
    bool withdraw(std::uint32_t command);
    void on_info(const command& what);
    void on_hello(const command& what);
    void greet_again(std::uint8_t node);
    void pay_when_ready(std::uint32_t command, core::instant until);
    [[nodiscard]] core::node_set tracking() const;
    [[nodiscard]] bool guards() const { return on_.with->guards(number_); }
    /// Settings are compared on every node. Where all are the same that needs no greeting.
    [[nodiscard]] bool greets() const { return guards() || on_.with->kind == world_kind::mixed; }
    [[nodiscard]] bool may_vote(node_index node, core::instant started) const {
        return accords_[node] && core::gives_vote(*accords_[node]) &&
               quarantine_.may_vote(node, started);
    }
    [[nodiscard]] core::accord accord_with(std::uint64_t configuration);

    // Attempts.
    void start_round(user& who);
    void send_to_all(std::uint32_t number);
    void on_acquire_answer(const command& what);
    void no_vote(std::uint32_t number, std::uint8_t node, bool maybe_executed);
    void vote(std::uint32_t number, std::uint8_t node, const core::acquire_vote& vote);
    void execute(std::uint32_t number, const core::acquire_effects& effects);
    void settle_deferred(std::uint32_t number, std::uint8_t node, core::acquire_answer answer);
    void release_stragglers(std::uint32_t number);
    void attempt_deadline(std::uint32_t number);
    void cancel_attempt(std::uint32_t number);
    void learn(attempt& it);
    void note_fence(std::uint8_t resource, std::uint64_t fence);

    // Releases.
    void give_back(std::uint32_t number, core::node_set granted, core::node_set doubtful,
                   bool final);
    void start_release(std::uint32_t release, std::uint8_t resource,
                       const core::release_targets& targets);
    std::uint32_t release_command(std::uint32_t release, std::uint8_t resource, std::uint8_t node);
    void on_release_answer(const command& what);
    void no_release(command what, bool maybe_executed, bool timed_out);
    void release_vote(std::uint32_t number, std::uint8_t node, core::release_answer answer);

    // Holds.
    std::uint32_t hold_it(user& who, std::uint32_t attempt, core::turn turn, core::instant started,
                          core::instant valid_until);
    void look_after(std::uint32_t number);
    void extend(std::uint32_t number, std::int64_t lease_ms);
    void on_extend_answer(const command& what);
    void extend_vote(std::uint32_t number, std::uint8_t node, core::extend_answer answer,
                     core::duration stepped = core::duration{0});
    core::duration note_time(const command& what, core::instant sent);
    [[nodiscard]] const core::backing& backing_of(hold& it);
    bool note_clocks(std::uint32_t hold);
    void judge_hearing();
    void on_extend_decided(std::uint32_t number);
    void uproot(std::uint32_t extension);
    void lose(std::uint32_t number);
    void release_hold(std::uint32_t number);
    bool hand_over(std::uint32_t number);
    void work(std::uint32_t number);
    void write_to_store(std::uint32_t number, tick after);
    [[nodiscard]] core::node_set granted(hold& it);
    [[nodiscard]] core::node_set doubtful(hold& it);
    [[nodiscard]] core::node_set may_be_planted(hold& it);

    // Users.
    void begin_want(user& who);
    [[nodiscard]] bool is_barred() const;
    bool fails_for_wrong_nodes(user& who);
    void begin_competing(user& who);
    void follow(user& who, const core::wait_session::step& step);
    void set_alarm(user& who, core::instant then);
    void on_attempt_decided(std::uint32_t number);
    void hand_out(user& who);
    void finish(user& who);
    void complete(user& who, core::node_set has_left);
    void leave_nodes_line(user& who, core::node_set has_left);
    [[nodiscard]] bool nodes_agree_on_time() const;
    void look_for_refusals(user& who, const attempt& it);
    /// It has no reason to think that others want it too.
    [[nodiscard]] bool is_casual(const user& who) const {
        return !who.expects_contention && unlimited(who) && who.session->wants_news();
    }
    [[nodiscard]] bool unlimited(const user& who) const { return who.what.attempts == 0; }
    [[nodiscard]] std::uint64_t block_width(const user& who);
    bool join(user& who);
    void leave(user& who);
    void go_on(std::uint8_t resource);
    void ended(std::uint32_t hold);
    user& user_of(std::uint8_t number) { return users_[number / on_.with->clients]; }

    std::uint8_t number_;
    stage& on_;
    network& between_;
    servers& nodes_;
    random_stream random_;
    drifting_clock boot_;
    drifting_clock wall_;
    bool alive_ = true;
    bool patient_ = false;
    tick paused_until_ = 0;
    std::int64_t offset_us_ = 0;
    terms terms_;
    core::quarantine quarantine_{0};
    std::array<std::optional<core::accord>, most_nodes> accords_;  ///< Empty: not told.
    core::fence_memory fences_;
    std::vector<core::node_clock> clocks_;
    std::array<std::int64_t, most_nodes> heard_us_{};  ///< The latest time that each node told.
    std::array<link, most_nodes> links_;
    std::array<line, most_resources> lines_;
    std::vector<user> users_;
    std::uint64_t places_ = 0;
};

}  // namespace redlock::sim
