// Integer arithmetic only: 0.1 has no exact double, and a lease of 99.999 ms is not one of 100.
#include <array>
#include <cstdint>
#include <limits>
#include <redlock/duration.hpp>
#include <stdexcept>

namespace redlock {

namespace {

struct unit {
    std::string_view name;
    std::int64_t nanoseconds;
};

constexpr std::array<unit, 7> units{{{"", 1'000'000'000},
                                     {"us", 1'000},
                                     {"ms", 1'000'000},
                                     {"s", 1'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"h", 3'600'000'000'000},
                                     {"d", 86'400'000'000'000}}};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr std::string_view expected = "write for example 10s, 1.5s, 200ms, 2m or 1h";

duration_error refuse(std::string_view why) {
    return {std::string{why}};
}

/// value * 10 + digit, or false if it no longer fits.
bool append_digit(std::int64_t& value, char c) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const std::int64_t digit = c - '0';
    if (value > (most - digit) / 10) {
        return false;
    }
    value = value * 10 + digit;
    return true;
}

}  // namespace

boost::system::result<std::chrono::nanoseconds, duration_error> parse_duration(
    std::string_view text) {
    std::string_view rest = text;
    if (rest.empty()) {
        return refuse(expected);
    }
    if (rest.front() == '-') {
        return refuse("it must not be negative");
    }

    std::int64_t whole = 0;
    bool fits = true;
    std::size_t digits = 0;
    for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1), ++digits) {
        fits = fits && append_digit(whole, rest.front());
    }
    // Five digits after the point are kept: more would overflow for days and mean nothing.
    std::int64_t fraction = 0;
    std::int64_t scale = 1;
    if (!rest.empty() && rest.front() == '.') {
        rest.remove_prefix(1);
        for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1), ++digits) {
            if (scale < 100'000) {
                fraction = fraction * 10 + (rest.front() - '0');
                scale *= 10;
            }
        }
    }
    if (digits == 0) {
        return refuse(expected);
    }
    for (const unit& candidate : units) {
        if (rest != candidate.name) {
            continue;
        }
        if (!fits || whole > longest_duration.count() / candidate.nanoseconds) {
            return refuse("it is too long, a hundred years is the limit");
        }
        const std::int64_t part = candidate.nanoseconds * fraction / scale;
        const std::chrono::nanoseconds result{whole * candidate.nanoseconds + part};
        if (result > longest_duration) {
            return refuse("it is too long, a hundred years is the limit");
        }
        return result;
    }
    return refuse(expected);
}

void throw_exception_from_error(const duration_error& error, const boost::source_location&) {
    throw std::invalid_argument(error.message);
}

}  // namespace redlock
