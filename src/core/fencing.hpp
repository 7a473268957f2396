// Which fencing token an attempt carries. A ballot is proposed by the client and accepted by the
// nodes only above all they have accepted before, so that tokens grow across independent nodes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

namespace redlock::core {

/// Ballots are handed to Lua as numbers, which are exact below this.
inline constexpr std::uint64_t ballot_limit = std::uint64_t{1} << 53;

/// The ballots one acquisition reserves: the first is the holder's fencing token, the nodes store
/// the last. One wide unless others of the process wait to be handed the lock. Zero: a lock without
/// fencing, or one of another library.
struct ballot_block {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    /// What a release must raise the fence to so that nothing of this block can appear afterwards:
    /// above the last, since an equal ballot would still be accepted by a heal.
    [[nodiscard]] std::uint64_t bar() const;
    friend bool operator==(const ballot_block&, const ballot_block&) = default;
};

/// The block for a new attempt: above the largest fence known, and near the nodes' clocks.
/// `wall_us`: the client's wall clock, microseconds since the epoch; `offset_us`: how far the
/// nodes' clocks are ahead of it, as far as known. Empty when no ballot below the limit is left.
/// It is `width` wide, but only one if it would begin more than `longest_lead_us` ahead of the
/// nodes' clocks: wide blocks that are given back unused must not drive the fence out of the nodes'
/// window.
[[nodiscard]] std::optional<ballot_block> next_block(std::uint64_t largest_fence,
                                                     std::int64_t wall_us, std::int64_t offset_us,
                                                     std::uint64_t width = 1,
                                                     std::uint64_t longest_lead_us = ballot_limit);

/// Our wall clock when a node was asked and when its answer came, in microseconds since the epoch.
struct wall_span {
    std::int64_t asked_us = 0;
    std::int64_t answered_us = 0;
    /// How far ahead the nodes' clocks were believed to be until now.
    std::int64_t offset_us = 0;
};

/// How far a node's clock is ahead of ours, if it showed `node_us` at some time within `during`:
/// what explains it and is nearest to what was believed, since a question that was long on its way
/// tells little. Any numbers: what cannot be expressed is cut off.
[[nodiscard]] std::int64_t offset_of(std::int64_t node_us, wall_span during);

/// The offset to believe of those that nodes reported: the median, so that a minority of wild
/// clocks does not pull it away. `offsets_us` is reordered. Zero for none.
[[nodiscard]] std::int64_t believed_offset(std::span<std::int64_t> offsets_us);

/// Whether a fence is so far ahead of its node's clock that each ballot is either not above it or
/// out of the window.
[[nodiscard]] bool out_of_reach(std::uint64_t fence, std::int64_t node_us, std::int64_t window_us);

/// Remembers the largest fence seen of each resource for as long as it matters: a fence that the
/// clock has passed is no better than the clock, and one that is too far ahead comes from a clock
/// that was wrong. No ballot above that would be accepted; one below it still wins a majority
/// without the node that has it. Bounded by the rate of acquisitions times the clocks' distance,
/// and by `capacity`: a forgotten fence costs one more round trip, nothing else.
class fence_memory {
  public:
    static constexpr std::size_t usual_capacity = 4096;

    /// `window_us`: how far a ballot may be from a node's clock. A fence is believed for twice
    /// that: the nodes may be a window ahead of us, and the fence a window ahead of them.
    explicit fence_memory(std::size_t capacity = usual_capacity,
                          std::int64_t window_us = std::int64_t{1} << 60)
        : capacity_(capacity), window_us_(window_us) {}

    /// `now_us`: the nodes' clocks as far as known now, which may not be what they seemed to be
    /// when the fence was noted.
    [[nodiscard]] std::uint64_t largest(const std::string& resource, std::int64_t now_us) const;
    void note(const std::string& resource, std::uint64_t fence, std::int64_t now_us);
    /// What led to a ballot that the nodes' clocks refused: it would lead there again.
    void forget(const std::string& resource) { fences_.erase(resource); }
    [[nodiscard]] std::size_t size() const { return fences_.size(); }

  private:
    [[nodiscard]] bool believes(std::uint64_t fence, std::int64_t now_us) const;
    void forget_passed(std::int64_t now_us);

    std::size_t capacity_;
    std::int64_t window_us_;
    std::unordered_map<std::string, std::uint64_t> fences_;
};

}  // namespace redlock::core
