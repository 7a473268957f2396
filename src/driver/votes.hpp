// From a script's reply to the core's vote: the only place that knows what the scripts' answers
// look like. A reply that fits nothing is a node that cannot be trusted, never a vote.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/acquire_round.hpp"
#include "core/extend_round.hpp"
#include "core/fencing.hpp"
#include "core/release_round.hpp"
#include "driver/acl_advice.hpp"
#include "driver/key_names.hpp"
#include "driver/parsed.hpp"
#include "redis/wire/resp_reader.hpp"
#include "redlock/error.hpp"
#include "redlock/status.hpp"

namespace redlock::driver {

/// What an error reply, or a reply of a shape that was not asked for, means. `sent`: for what an
/// ACL refused.
[[nodiscard]] refusal refusal_of(const redis::reply_view& reply, const acl_context& sent = {});

/// `during`: the client's wall clock from the question to now, to learn the node's offset from.
/// `window`: the clock window, to tell a fence that nobody can be above.
[[nodiscard]] parsed<core::acquire_vote> parse_acquire(const redis::reply_view& reply,
                                                       core::wall_span during,
                                                       std::chrono::milliseconds window,
                                                       const acl_context& sent = {});
/// The same of the command that acquires without fencing. A node that somebody has the lock on, and
/// tells no more.
[[nodiscard]] parsed<core::acquire_vote> parse_native_acquire(const redis::reply_view& reply,
                                                              const acl_context& sent = {});
/// Whether a busy node tells of no holder: its key is of another type, or empty.
[[nodiscard]] bool held_by_no_lock(const redis::reply_view& reply);
/// Stands for the holder in the status of such a key.
inline constexpr std::string_view no_lock = "(a key that is no lock)";
/// What the value of a lock key begins with while readers have the lock. Their status has it for
/// the holder.
inline constexpr std::string_view readers_marker = "redlock:shared";
/// Whether readers have the lock whose key has this value: the marker alone or, behind a blank,
/// with the reader that is alone.
[[nodiscard]] constexpr bool tells_of_readers(std::string_view value) {
    return value.starts_with(readers_marker) &&
           (value.size() == readers_marker.size() || value[readers_marker.size()] == ' ');
}
/// What a node says to an extension, and the time of its clock in microseconds since 1970.
struct extend_reply {
    core::extend_answer answer = core::extend_answer::unknown;
    std::int64_t node_us = 0;
};
[[nodiscard]] parsed<extend_reply> parse_extend(const redis::reply_view& reply,
                                                const acl_context& sent = {});
/// What a node says to a release.
struct release_reply {
    core::release_answer answer = core::release_answer::unknown;
    bool waited_for = false;  ///< Others stand in its line.
};
[[nodiscard]] parsed<release_reply> parse_release(const redis::reply_view& reply,
                                                  const acl_context& sent = {});
/// Fills all but node and name. `resource`, `keys` and `window`, the clock window, are for what is
/// said of its fence.
[[nodiscard]] parsed<node_status> parse_status(const redis::reply_view& reply,
                                               const std::string& resource, const key_names& keys,
                                               std::chrono::milliseconds window);

/// Whether an error reply means that the node surely wrote nothing, and will not.
[[nodiscard]] bool surely_not_executed(const error_code& cause);

/// What the holder key tells about a lock with a label or a token of the caller's own, or of a
/// lock whose holder has proclaimed something.
struct holder_record {
    std::uint64_t fencing = 0;
    std::string token{};
    std::string label{};
    std::string proclaimed{};
    std::uint64_t edition = 0;  ///< Counts what was proclaimed; zero: nothing yet.
};

/// "<fencing token> <length of the token> <token><label>", and from the first edition on
/// "<fencing token> <length of the token>,<length of the label>,<edition> <token><label><text>".
/// Any bytes may stand in token, label and text.
[[nodiscard]] std::string encode_holder(const holder_record& record);
[[nodiscard]] std::string encode_holder(std::uint64_t fencing, std::string_view token,
                                        const std::string& label);
[[nodiscard]] std::optional<holder_record> decode_holder(std::string_view encoded);
/// The record of a lock whose holder proclaims `text`. `before`: the one that it has; empty: none.
[[nodiscard]] std::string next_edition(std::string_view before, std::uint64_t fencing,
                                       std::string token, std::string text);

}  // namespace redlock::driver
