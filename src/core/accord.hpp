// Whether the clients of a node can exclude each other. Each node keeps the number of nodes and the
// settings of the first that asked for its vote (hello.lua); who comes with others learns so before
// any vote of it counts. Pure; any thread.
//
// Rules it keeps (each has a test that fails without it):
// - with other settings there is no vote: the same nodes everywhere, two majorities share one, and
//   that one serves only one kind of clients;
// - with another number of nodes there is no lock at all, whatever the others vote: with one node
//   here and three there, two majorities need not share any;
// - what cannot be read is not ours.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace redlock::core {

/// The times by which nodes and clients reckon: else a quarantine of the one does not outlast the
/// leases of the other, nor a fence the ballots.
struct shared_times {
    std::chrono::milliseconds max_lease_time{};
    std::chrono::milliseconds clock_window{};
    std::chrono::milliseconds fence_lifetime{};
    std::chrono::milliseconds clock_step{};

    friend bool operator==(const shared_times&, const shared_times&) = default;
};

/// What a client brings along.
struct client_terms {
    std::size_t nodes = 0;
    shared_times times;
};

/// What a node keeps of its clients', as far as it can be read: another version may have written
/// more or less.
struct kept_terms {
    std::optional<std::size_t> nodes;
    std::optional<shared_times> times;
};

enum class accord : std::uint8_t {
    same,
    other_settings,
    other_number,  ///< Of nodes.
};

[[nodiscard]] accord compare(const client_terms& ours, const kept_terms& theirs);

/// Whether a node that keeps such terms has a vote for us.
[[nodiscard]] constexpr bool gives_vote(accord found) {
    return found == accord::same;
}

/// Whether we must not take any lock as long as one of our nodes keeps such terms.
[[nodiscard]] bool bars_client(accord found);

}  // namespace redlock::core
