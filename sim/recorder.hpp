// The story of one schedule, a line for everything that somebody does. Most schedules are run
// without one: whoever tells asks first whether anybody listens. Keeps text; decides nothing. One
// thread at a time.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "testing/drifting_clock.hpp"

namespace redlock::sim {

using testing::tick;

class recorder {
  public:
    /// "   12.345  client 1  ...": milliseconds of true time, who, and what.
    template <class... Parts>
    void tell(tick now, std::string_view who, std::uint64_t number, const Parts&... parts) {
        begin(now, who, number);
        (append(parts), ...);
        text_ += '\n';
    }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    void begin(tick now, std::string_view who, std::uint64_t number);
    void append(std::string_view part) { text_ += part; }
    template <std::integral Number>
    void append(Number number) {
        text_ += std::to_string(number);
    }

    std::string text_;
};

/// Milliseconds with three decimals.
[[nodiscard]] std::string shown(tick time);

}  // namespace redlock::sim
