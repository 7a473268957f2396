#include "driver/token.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/number.hpp"

namespace redlock::driver {

namespace {

/// "00" to "ff".
constexpr auto hex_pairs = [] {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<std::array<char, 2>, 256> pairs{};
    for (std::size_t byte = 0; byte < pairs.size(); ++byte) {
        pairs[byte] = {digits[byte / 16], digits[byte % 16]};
    }
    return pairs;
}();

/// The number before the dash, if it is one of our tokens.
std::optional<std::uint64_t> number_in_token(std::string_view token) {
    const auto dash = token.find('-');
    if (dash == std::string_view::npos || token.size() - dash - 1 != random_digits ||
        token.find_first_not_of("0123456789abcdef", dash + 1) != std::string_view::npos) {
        return std::nullopt;
    }
    return base::number_in<std::uint64_t>(token.substr(0, dash));
}

}  // namespace

written_token::written_token(std::uint64_t ballot, std::uint64_t random_high,
                             std::uint64_t random_low) {
    // By hand: there is one for each command, and a general formatter takes ten times as long.
    const fmt::format_int digits{ballot};
    char* end = std::copy_n(digits.data(), digits.size(), text_.data());
    *end++ = '-';
    for (std::uint64_t random : {random_high, random_low}) {
        for (std::size_t pair = 0; pair < random_digits / 4; ++pair, random <<= 8U) {
            end = std::copy_n(hex_pairs[random >> 56U].data(), 2, end);
        }
    }
    view_ = {text_.data(), end};
}

bool is_unfenced_token(std::string_view token) {
    return number_in_token(token) == 0U;
}

std::uint64_t fencing_in_token(std::string_view token) {
    return number_in_token(token).value_or(0);
}

}  // namespace redlock::driver
