// What a connection has proved since it was made, and what its server's silence means: whether it
// was worth making, whether it may be replaced at once when it turns out to be gone, when it has
// stalled and when it is given up. Judges what is reported, at the times that it is given. Pure;
// one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <redlock/clock.hpp>

namespace redlock::redis {

/// Silence after which a server is given up, in command timeouts.
inline constexpr int patience_in_timeouts = 10;

class connection_proof {
  public:
    using time_point = boot_clock::time_point;
    using nanoseconds = std::chrono::nanoseconds;

    /// A server that answered so recently is not looked at before the next command: its goodbye
    /// would still be on its way, and no look would find it.
    static constexpr std::chrono::microseconds just_answered{10};

    /// What the present connection has been good for.
    enum class merit : std::uint8_t {
        untried,
        answers,  ///< A command was answered.
        loads,    ///< One was answered with LOADING: nothing more is to be sent there.
    };
    /// How long something has been due without a complete answer.
    enum class silence : std::uint8_t { bearable, stalled, too_long };

    /// A connection that has lasted for `lasting` was worth making, whatever it was used for.
    connection_proof(nanoseconds command_timeout, nanoseconds lasting) noexcept
        : command_timeout_(command_timeout), lasting_(lasting) {}

    // --- what happens ---

    /// A connection is ready.
    void begin(time_point now) noexcept;
    /// Something was sent while no answer was due.
    void on_asked(time_point now) noexcept { silent_since_ = now; }
    /// The server has said something complete. Bytes alone are no answer: a server may drip them
    /// for ever.
    void on_heard(time_point now) noexcept;
    /// That was the answer to a command.
    void on_answer() noexcept;
    /// That was LOADING.
    void on_loading() noexcept { merit_ = merit::loads; }
    /// It is gone, and another is made in its place at once.
    void on_replaced() noexcept { spare_ = false; }
    /// It is gone, or stopped.
    void on_ended() noexcept { stalled_ = false; }
    /// To be asked at `next_look` while an answer is due.
    [[nodiscard]] silence look(time_point now) noexcept;

    // --- what that means ---

    [[nodiscard]] bool loads() const noexcept { return merit_ == merit::loads; }
    [[nodiscard]] bool stalled() const noexcept { return stalled_; }
    [[nodiscard]] time_point next_look() const noexcept;
    /// For how long nothing has been heard.
    [[nodiscard]] nanoseconds silent_for(time_point now) const noexcept {
        return now - silent_since_;
    }
    [[nodiscard]] bool has_just_answered(time_point now) const noexcept {
        return merit_ == merit::answers && now - silent_since_ <= just_answered;
    }
    [[nodiscard]] bool has_lasted(time_point now) const noexcept {
        return now - ready_since_ >= lasting_;
    }
    /// It was worth making, so that the next attempt need not wait long. A server that loads its
    /// data answers some commands, and will not answer the others any sooner.
    [[nodiscard]] bool earned(time_point now) const noexcept;
    /// Found to be gone before its next use, it may be replaced without a pause. Once even if it
    /// has not earned that; a server that lets everybody in and hangs up would be tried again
    /// without end.
    [[nodiscard]] bool may_be_replaced(time_point now) const noexcept {
        return spare_ || earned(now);
    }

  private:
    nanoseconds command_timeout_;
    nanoseconds lasting_;
    time_point ready_since_{};
    time_point silent_since_{};
    merit merit_ = merit::untried;
    bool stalled_ = false;
    bool spare_ = true;  ///< The one free replacement has not been used yet.
};

}  // namespace redlock::redis
