// In which order the addresses of one server are tried, and when the next: RFC 8305, "happy
// eyeballs". A family that leads nowhere costs a quarter of a second and not the whole attempt.
// Decides only: never touches a socket or a clock. One thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace redlock::outside {

/// Takes addresses from each family in turn, beginning with that of the first; within a family they
/// stay in their order. `families`: that of each address; returns their indices.
[[nodiscard]] std::vector<std::size_t> interleave(const std::vector<int>& families);

/// Of several attempts under way the first that succeeds wins.
class address_race {
  public:
    /// How long an attempt is alone before the next joins it.
    static constexpr std::chrono::milliseconds head_start{250};

    explicit address_race(std::size_t addresses = 0) : addresses_(addresses) {}

    /// To be called at first, and when the head start of the latest attempt is over. The address to
    /// try now, if one is left.
    [[nodiscard]] std::optional<std::size_t> next();
    /// An attempt failed: the address to try now, if one is left.
    [[nodiscard]] std::optional<std::size_t> failed();
    /// Whether a head start is to be waited for.
    [[nodiscard]] bool more() const noexcept { return started_ < addresses_; }
    /// Every attempt has failed.
    [[nodiscard]] bool lost() const noexcept { return running_ == 0 && !more(); }
    /// Nothing more is to be tried.
    void end() noexcept { addresses_ = started_; }

  private:
    std::size_t addresses_;
    std::size_t started_ = 0;
    std::size_t running_ = 0;
};

}  // namespace redlock::outside
