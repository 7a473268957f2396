// The way from nothing to a connection that is ready, and back to the next attempt: resolve,
// connect, agree on TLS, log in, select the database, identify, greet. Where the master has to be
// discovered, the way leads first to those who may know it, one after the other until one does, and
// then to the server, which must say itself that it is a master. Decides which step is next and
// what a failure means; never does I/O, reads a clock or draws a random number. One thread at a
// time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>
#include <string>
#include <string_view>

#include "redis/connect/discovery.hpp"
#include "redis/server/server_identity.hpp"
#include "redis/wire/resp_reader.hpp"

namespace redlock::redis {

enum class connect_step : std::uint8_t {
    idle,
    resolving,
    connecting,
    securing,  ///< With TLS only.
    authenticating,
    discovering,
    selecting,
    asking_role,
    identifying,
    greeting,
    ready,
    waiting,
};

/// What happened outside.
struct connect_event {
    enum class kind : std::uint8_t {
        begin,  ///< Start, or start again: after the wait, or when `ready` turned out to be over.
        resolved,
        connected,
        secured,
        reply,
        greeted,
        hung_up,  ///< The connection ended before it was ready; `cause` and `message` say how.
        failed,   ///< Anything broke, `ready` or not; `cause` and `message` say what.
    };

    kind what = kind::begin;
    reply_view reply{};
    error_code cause{};
    std::string_view message{};
    std::uint64_t random = 0;  ///< Any number; spreads the waits of many clients.
};

/// What the outside must do now.
struct connect_action {
    enum class kind : std::uint8_t {
        none,
        resolve,
        connect,
        secure,  ///< Agree on TLS, and verify who that is.
        send,    ///< `bytes`; one reply is due.
        greet,   ///< Say whatever is to be said to this server first, and report `greeted`.
        ready,
        wait,  ///< Close, wait for `delay`, then `begin`.
    };

    kind what = kind::none;
    std::string_view bytes{};  ///< Valid until the next `resume`.
    std::chrono::nanoseconds delay{};
    /// The first action on the way to a server, be it to another one than before: leave that.
    bool anew = false;
};

class connect_steps {
  public:
    struct backoff {
        std::chrono::nanoseconds min;
        std::chrono::nanoseconds max;
    };

    /// `greets`: whether there is a greeting, for which the server is asked for all about itself.
    /// `way` finds the master; none if `where` is the server.
    connect_steps(endpoint where, backoff pause, bool greets = false,
                  std::shared_ptr<discovery> way = nullptr);

    /// The next step. An event that does not belong to the present step is answered with `none`,
    /// except `failed`, which always ends the attempt.
    [[nodiscard]] connect_action resume(const connect_event& event);

    [[nodiscard]] connect_step step() const noexcept { return step_; }
    /// The step as it reads in "no answer while ...".
    [[nodiscard]] std::string_view doing() const noexcept;
    /// Something was sent and its reply is due.
    [[nodiscard]] bool awaits_reply() const noexcept {
        return step_ == connect_step::authenticating || step_ == connect_step::discovering ||
               step_ == connect_step::selecting || step_ == connect_step::asking_role ||
               step_ == connect_step::identifying || step_ == connect_step::greeting;
    }
    /// What may be the matter if the server hangs up, or says nothing, at the present step: words
    /// to append, or none.
    [[nodiscard]] std::string hint() const;
    [[nodiscard]] const endpoint& where() const noexcept { return where_; }
    /// The single server that the present way leads to: one that is asked for the master, the
    /// master that was found, or simply `where`.
    [[nodiscard]] const endpoint& target() const noexcept { return target_; }
    /// `target` is only asked for the master.
    [[nodiscard]] bool is_discovering() const noexcept { return discovering_; }
    /// The connection was worth making: the next wait is a short one again. Being ready is not
    /// enough, since a server that answers INFO and hangs up would be tried without end.
    void proved() noexcept { ceiling_ = pause_.min; }
    /// The server is whichever is the master, and is to be left when it no longer is.
    [[nodiscard]] bool follows_master() const noexcept { return discovery_ != nullptr; }
    /// Of the present connection, known when `ready`.
    [[nodiscard]] const server_identity& identity() const noexcept { return identity_; }
    /// Why the last attempt or connection failed.
    [[nodiscard]] error_code cause() const noexcept { return cause_; }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }

  private:
    /// A proxy that does not know INFO hangs up upon it, and so does a port with TLS. Which of them
    /// it is a PING tells, which goes first on the next connection.
    enum class knock : std::uint8_t { not_needed, needed, sent, answered };

    [[nodiscard]] connect_action begin(std::uint64_t random);
    [[nodiscard]] connect_action go_on_asking(std::uint64_t random);
    [[nodiscard]] connect_action go_to_target();
    [[nodiscard]] connect_action log_in();
    [[nodiscard]] connect_action logged_in();
    [[nodiscard]] connect_action select();
    [[nodiscard]] connect_action selected();
    [[nodiscard]] connect_action identify();
    [[nodiscard]] connect_action identified(std::uint64_t random);
    [[nodiscard]] connect_action become_ready();
    [[nodiscard]] connect_action on_reply(const reply_view& reply, std::uint64_t random);
    [[nodiscard]] connect_action on_master(const reply_view& reply, std::uint64_t random);
    [[nodiscard]] connect_action on_role(const reply_view& reply, std::uint64_t random);
    [[nodiscard]] connect_action on_info(const reply_view& reply, std::uint64_t random);
    [[nodiscard]] connect_action no_master(std::string_view role, std::uint64_t random);
    [[nodiscard]] connect_action hung_up(const connect_event& event);
    [[nodiscard]] connect_action refused(const reply_view& reply, std::uint64_t random);
    [[nodiscard]] connect_action fail(error_code cause, std::string message, std::uint64_t random);
    [[nodiscard]] std::string target_address() const;
    [[nodiscard]] const way_words& words() const noexcept;
    [[nodiscard]] connect_action give_up(error_code cause, std::string message,
                                         std::uint64_t random);
    [[nodiscard]] std::chrono::nanoseconds next_delay(std::uint64_t random);

    endpoint where_;
    endpoint target_;
    std::shared_ptr<discovery> discovery_;
    bool discovering_ = false;
    bool role_unseen_ = false;  ///< ROLE is refused: INFO has to tell.
    error_code role_refused_;   ///< How,
    std::string role_advice_;   ///< and what to do about it.
    bool heard_ = false;        ///< The target has answered in plain words.
    knock knock_ = knock::not_needed;
    backoff pause_;
    bool greets_;
    std::chrono::nanoseconds
        ceiling_;  ///< Of the next wait; doubles with each failure until `proved`.
    connect_step step_ = connect_step::idle;
    server_identity identity_;
    error_code cause_;
    std::string message_;
    std::string bytes_;
};

}  // namespace redlock::redis
