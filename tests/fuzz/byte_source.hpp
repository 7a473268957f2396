// Turns the bytes of an input into decisions: so many choices, a number, an instant a little later.
// When the bytes are used up, every answer is zero and `empty` says so, so that a story that is
// told by bytes has an end. Pure; one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/instant.hpp"

namespace redlock::fuzz {

class byte_source {
  public:
    explicit byte_source(std::string_view bytes) : rest_(bytes) {}

    [[nodiscard]] bool empty() const { return rest_.empty(); }

    [[nodiscard]] std::uint8_t byte() {
        if (rest_.empty()) {
            return 0;
        }
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    [[nodiscard]] bool flag() { return (byte() & 1U) != 0; }
    /// 0 .. choices-1
    [[nodiscard]] std::size_t below(std::size_t choices) { return byte() % choices; }

    /// Eight bytes, or what is left of them.
    [[nodiscard]] std::uint64_t number() {
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i) {
            value = value << 8U | byte();
        }
        return value;
    }
    /// Mostly small, sometimes as large as can be: two bytes of which the first is a shift.
    [[nodiscard]] std::uint64_t any_size() {
        const unsigned shift = byte() % 64U;
        return static_cast<std::uint64_t>(byte()) << shift;
    }
    /// A number in [0, 1).
    [[nodiscard]] double fraction() { return static_cast<double>(byte()) / 256.0; }

    [[nodiscard]] std::string_view take(std::size_t size) {
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    [[nodiscard]] std::string_view rest() const { return rest_; }

    /// From nothing to about a minute and a half, finer where it is short.
    [[nodiscard]] core::duration span() {
        const std::uint64_t value = byte();
        const unsigned scale = byte() % 4U;
        constexpr std::uint64_t units[] = {1, 1'000, 1'000'000, 350'000'000};
        return core::duration{static_cast<core::duration::rep>(value * units[scale])};
    }

  private:
    std::string_view rest_;
};

/// A clock that only goes forward. Begins where nothing is zero or round.
class story_clock {
  public:
    [[nodiscard]] core::instant now() const { return now_; }
    core::instant pass(core::duration span) { return now_ += span; }
    core::instant pass_to(core::instant then) { return now_ = std::max(now_, then); }

  private:
    core::instant now_{std::chrono::microseconds{123'456'789}};
};

}  // namespace redlock::fuzz
