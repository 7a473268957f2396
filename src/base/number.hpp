// Numbers in what somebody else has written. Pure; any thread.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace redlock::base {

/// The whole of `text` as a decimal number; nothing if it is none, or does not fit.
template <class Number>
[[nodiscard]] std::optional<Number> number_in(std::string_view text) noexcept {
    Number value{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = problem == std::errc{} && end == text.data() + text.size();
    return whole ? std::optional{value} : std::nullopt;
}

}  // namespace redlock::base
