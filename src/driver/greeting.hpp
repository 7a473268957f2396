// What a client and a node have to settle before the node may vote: whether it may have forgotten
// locks, and whether all its clients reckon alike. Encodes the question and reads the answer; what
// follows from it, core/quarantine and core/accord decide. Pure; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/accord.hpp"
#include "driver/key_names.hpp"
#include "driver/parsed.hpp"
#include "redis/server/server_identity.hpp"
#include "redis/wire/resp_reader.hpp"
#include "redlock/options.hpp"

namespace redlock::driver {

/// What all clients of a node must have in common; see core/accord.hpp.
struct guard_terms : core::shared_times {
    std::size_t nodes = 0;

    [[nodiscard]] static guard_terms of(const manager_options& options, std::size_t nodes);
    [[nodiscard]] std::chrono::milliseconds quarantine() const;
    /// As the node keeps it: "nodes=3 max_lease_time=60000 ...", times in milliseconds.
    [[nodiscard]] std::string to_string() const;
    [[nodiscard]] core::accord compared_with(std::string_view kept) const;
    /// What is different in the terms that the node keeps, for people; empty if nothing is.
    [[nodiscard]] std::string difference(std::string_view kept, const key_names& keys) const;
};

/// Whether restarts are waited out.
[[nodiscard]] bool is_guarded(const manager_options& options, std::size_t nodes);

/// Which HELLO is said.
enum class hello_form : std::uint8_t {
    reads,    ///< Writes nothing.
    records,  ///< Leaves what the node does not know yet: a vote is to be asked for.
};

/// An identity that is not known lets the settings alone be compared.
[[nodiscard]] std::string encode_hello(const key_names& keys,
                                       const redis::server_identity& identity,
                                       const guard_terms& terms, hello_form form);
[[nodiscard]] std::string encode_vouch(const key_names& keys);

/// What remains of the quarantine; a refusal if the node must not vote for us, however long. A node
/// that keeps no settings yet has none that differ.
[[nodiscard]] parsed<std::chrono::milliseconds> parse_hello(const redis::reply_view& reply,
                                                            const key_names& keys,
                                                            const guard_terms& terms);

}  // namespace redlock::driver
