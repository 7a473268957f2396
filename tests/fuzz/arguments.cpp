// Fuzz target: what stands on the command line of `redlock`, and what it shows of names that
// anybody may have chosen. Lengths of time are read exactly or refused; what is shown is Unicode
// without anything treacherous, can be read back, and hides the secrets of URLs. One thread.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <redlock/duration.hpp>
#include <string>
#include <string_view>

#include "cli/base/duration.hpp"
#include "cli/base/escape.hpp"
#include "cli/base/typed_secrets.hpp"
#include "fuzz/target.hpp"

namespace redlock::fuzz {
namespace {

using std::chrono::nanoseconds;

/// By the table of well-formed sequences in the Unicode standard.
bool is_well_formed(std::string_view text) {
    const auto byte = [&](std::size_t at) {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const auto in = [&](std::size_t at, unsigned low, unsigned high) {
        return byte(at) >= low && byte(at) <= high;
    };
    for (std::size_t at = 0; at < text.size();) {
        const unsigned first = byte(at);
        if (first <= 0x7F) {
            at += 1;
        } else if (in(at, 0xC2, 0xDF) && in(at + 1, 0x80, 0xBF)) {
            at += 2;
        } else if (in(at, 0xE0, 0xEF) && in(at + 2, 0x80, 0xBF) &&
                   in(at + 1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF)) {
            at += 3;
        } else if (in(at, 0xF0, 0xF4) && in(at + 2, 0x80, 0xBF) && in(at + 3, 0x80, 0xBF) &&
                   in(at + 1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF)) {
            at += 4;
        } else {
            return false;
        }
    }
    return true;
}

void check_plain(std::string_view text) {
    require(is_well_formed(text), "what is shown is UTF-8");
    for (const char each : text) {
        require(static_cast<unsigned char>(each) >= ' ' && each != '\x7f',
                "what is shown has no control characters");
    }
}

/// The value of a hexadecimal digit.
unsigned digit_value(char digit) {
    return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

std::string read_back(std::string_view shown) {
    std::string bytes;
    for (std::size_t i = 0; i < shown.size(); ++i) {
        if (shown[i] != '\\') {
            bytes += shown[i];
        } else if (i + 1 < shown.size() && shown[i + 1] == '\\') {
            bytes += '\\';
            i += 1;
        } else {
            require(i + 3 < shown.size() && shown[i + 1] == 'x', "an escape is \\\\ or \\xNN");
            bytes += static_cast<char>(digit_value(shown[i + 2]) << 4U | digit_value(shown[i + 3]));
            i += 3;
        }
    }
    return bytes;
}

void check_escapes(std::string_view text) {
    const std::string shown = cli::printable(text);
    check_plain(shown);
    require(read_back(shown) == text, "what is shown can be read back");
    require(cli::display_width(shown) <= shown.size(), "no character is wider than its bytes");
    // Right-to-left override, zero-width space, byte order mark, line separator.
    for (const std::string_view hidden :
         {"\xe2\x80\xae", "\xe2\x80\x8b", "\xef\xbb\xbf", "\xe2\x80\xa8"}) {
        require(shown.find(hidden) == std::string::npos, "nothing is shown that cannot be seen");
    }
    const std::string json = cli::json_text(text);
    require(is_well_formed(json), "JSON is UTF-8");
    require(cli::is_valid_utf8(text) == is_well_formed(text), "UTF-8 is what the standard says");
    require(!cli::is_valid_utf8(text) || json == text, "JSON changes nothing that is UTF-8");
    require(cli::to_hex(text).size() == 2 * text.size(), "two digits a byte");
}

void check_secrets(std::string_view text) {
    const std::string shown = cli::without_login(text);
    require(shown.size() <= text.size() + 6, "what is shown is hardly longer than it was");
    require(cli::without_login(shown) == shown, "what is hidden stays as it is");
    const std::size_t scheme = shown.find("://");
    if (scheme == std::string::npos) {
        const std::size_t sign = shown.rfind('@');
        require(sign == std::string::npos || shown.find(':') > sign,
                "no login is shown before an at-sign");
        return;
    }
    const std::string word = shown.substr(scheme + 3);
    const std::size_t sign = word.rfind('@');
    require(sign == std::string::npos || word.substr(0, sign) == "***",
            "nothing is shown between a scheme and the last at-sign");
    const std::size_t query = word.find('?');
    require(query == std::string::npos || word.substr(query) == "?***",
            "nothing is shown of a query");
}

/// What a text of digits, perhaps a point and up to five more, and a unit means; nothing if it is
/// none or too long to reckon with.
void check_duration(std::string_view text) {
    const auto found = parse_duration(text);
    if (found.has_error()) {
        check_plain(found.error().message);
        return;
    }
    require(*found >= nanoseconds{0} && *found <= longest_duration, "a duration has bounds");
    require(text.find_first_of("+-eE \t\n") == std::string_view::npos,
            "no sign, no exponent, no blank");
    const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789"));
    const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
    require(digits.size() - zeros <= 16, "a century has 16 digits in the smallest unit");
    const auto us = std::chrono::floor<std::chrono::microseconds>(*found);
    const auto again = parse_duration(std::to_string(us.count()) + "us");
    require(again && *again == us, "a duration survives being written and read");
    const auto with_zero = parse_duration("0" + std::string{text});
    require(with_zero && *with_zero == *found, "a zero in front changes nothing");
    check_plain(cli::format_duration(*found));
}

}  // namespace

void try_input(std::string_view bytes) {
    check_escapes(bytes);
    check_secrets(bytes);
    check_duration(bytes);
    // A number made of the first bytes, and what follows as its unit.
    std::uint64_t number = 0;
    for (const char each : bytes.substr(0, 6)) {
        number = number << 8U | static_cast<unsigned char>(each);
    }
    for (const char* unit : {"us", "ms", "s", "m", "h", "d", ""}) {
        check_duration(std::to_string(number) + unit);
        check_duration("0." + std::to_string(number) + unit);
    }
}

}  // namespace redlock::fuzz
