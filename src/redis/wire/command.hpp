// One command on its way to a server: its bytes, the key that it is about, who hears of its reply,
// and on which terms it waits to be sent. Passed as one value down to the queue of a connection.
#pragma once

#include <cstdint>
#include <memory>
#include <redlock/clock.hpp>
#include <redlock/error.hpp>
#include <string_view>

#include "redis/wire/resp_reader.hpp"

namespace redlock::redis {

/// On which terms a command waits to be sent.
enum class delivery : std::uint8_t {
    usual,
    /// Also to a server that has stalled: it must come behind what went before. And before what
    /// comes after: it keeps its place when its time is over, sent or not.
    must_follow,
    this_connection,  ///< Not on the next one, should this one turn out to be gone.
};

/// A call that carries out several commands, each as if it had come alone, and answers with an
/// array of their replies. Static.
struct shared_call {
    std::string_view opening;  ///< Its name and its script, as two arguments in RESP.
};

/// Where a command has its keys and arguments, if it may travel in a shared call.
struct shareable {
    const shared_call* call = nullptr;  ///< Null: it travels alone.
    std::uint32_t keys_at = 0;          ///< In the command's bytes, in RESP,
    std::uint32_t keys_size = 0;
    std::uint32_t arguments_at = 0;  ///< and up to their end.
    std::size_t first_key = 0;       ///< Its hash: no two of one key are in a call.
    std::uint16_t slot = 0;          ///< Of a cluster: all in a call have the same.
    std::uint8_t keys = 0;
    std::uint8_t arguments = 0;
    char kind = 0;  ///< A letter by which the call knows what is asked for.
};

/// Receives what becomes of a command. For each command exactly one of `on_reply` and `on_failure`
/// comes last; before it, or alone if nothing was sent, `on_timeout` may come once. `tag` is the
/// caller's own, to tell its commands apart. Called on the connection's strand; may call
/// `connection::send` and `connection::stop`. The queue may hold the last reference to a sink.
struct reply_sink {
    virtual ~reply_sink() = default;

    /// The reply; `reply` is valid during the call only. May come after `on_timeout`.
    virtual void on_reply(std::uint32_t tag, const reply_view& reply) = 0;

    /// In place of `on_reply`: an error for a command that shared a call. Either the server refused
    /// the whole call, or the command failed in it. Alone it might have been carried out, or its
    /// error might have said more.
    virtual void on_refused_together(std::uint32_t tag, const reply_view& error) {
        on_reply(tag, error);
    }

    /// The deadline passed. `maybe_sent`: the server may have done it, or may yet be told if it
    /// must follow, and a late `on_reply` or an `on_failure` comes. Otherwise it was withdrawn and
    /// nothing follows.
    virtual void on_timeout(std::uint32_t tag, bool maybe_sent) = 0;

    /// No reply will ever come: the connection was lost, never came up, or was stopped.
    /// `maybe_sent`: the server may have done it.
    virtual void on_failure(std::uint32_t tag, error_code cause, bool maybe_sent) = 0;
};

struct command {
    std::string_view encoded;  ///< In RESP; valid during the call only.
    /// The first that it names: it chooses the server of a cluster. Empty if it names none.
    std::string_view key{};
    std::shared_ptr<reply_sink> sink{};
    std::uint32_t tag = 0;
    boot_clock::time_point deadline{};
    delivery how = delivery::usual;
    shareable share{};
};

}  // namespace redlock::redis
