// All of it stands on one strict UTF-8 decoder, Boost.Locale's: no overlong forms, no surrogates,
// nothing above U+10FFFF.
#include "cli/base/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/hex.hpp>
#include <boost/locale/utf.hpp>
#include <clocale>
#include <cstdint>
#include <cwchar>
#include <iterator>
#include <limits>

namespace redlock::cli {

namespace {

struct code_point {
    std::uint32_t value = 0;
    std::size_t length = 0;  ///< Zero: not UTF-8 here.
};

code_point decode(std::string_view text) {
    namespace utf = boost::locale::utf;
    const char* end = text.data();
    const auto value = utf::utf_traits<char>::decode(end, text.data() + text.size());
    const bool valid = value != utf::illegal && value != utf::incomplete;
    return valid ? code_point{value, static_cast<std::size_t>(end - text.data())} : code_point{};
}

/// Calls `take(code_point, bytes)` for each character, and for each byte that is part of none.
template <class Take>
void for_each_character(std::string_view text, Take take) {
    while (!text.empty()) {
        const code_point next = decode(text);
        const std::string_view bytes = text.substr(0, std::max<std::size_t>(next.length, 1));
        take(next, bytes);
        text.remove_prefix(bytes.size());
    }
}

/// Changes what the reader sees without being seen itself.
bool is_treacherous(std::uint32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C ||
           (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB);
}

void append_escaped(std::string& out, std::string_view bytes) {
    for (const char c : bytes) {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    }
}

/// The bytes that are shown or cut as one: an escape of `printable`, or a character.
std::size_t unit_at(std::string_view text) {
    if (text.starts_with("\\x")) {
        return std::min<std::size_t>(text.size(), 4);
    }
    return text.starts_with("\\\\") ? 2 : std::max<std::size_t>(decode(text).length, 1);
}

struct measure {
    std::size_t bytes = 0;
    std::size_t columns = 0;
};

/// The longest beginning that takes no more than so many columns.
measure measured(std::string_view text, std::size_t most) {
    // The C library knows the widths of all characters, of the locale that is in use.
    static const ::locale_t unicode = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    const ::locale_t before = unicode == nullptr ? nullptr : ::uselocale(unicode);
    measure found;
    while (found.bytes < text.size()) {
        const std::string_view rest = text.substr(found.bytes);
        const code_point next = decode(rest);
        const int known = next.length == 0 ? 1 : ::wcwidth(static_cast<wchar_t>(next.value));
        const std::size_t bytes = unit_at(rest);
        const bool is_escape = rest.front() == '\\';
        const std::size_t columns = is_escape   ? bytes
                                    : known < 0 ? 1
                                                : static_cast<std::size_t>(known);
        if (columns > most - found.columns) {
            break;
        }
        found.bytes += bytes;
        found.columns += columns;
    }
    if (before != nullptr) {
        ::uselocale(before);
    }
    return found;
}

std::string shell_word(const std::string& word) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,=@%+";
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) {
        return word;
    }
    std::string quoted = "'";
    for (const char c : word) {
        quoted += c == '\'' ? std::string{"'\\''"} : std::string(1, c);
    }
    return quoted + "'";
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for_each_character(text, [&out](const code_point& is, std::string_view bytes) {
        if (is.length == 0 || is_treacherous(is.value)) {
            append_escaped(out, bytes);
        } else if (is.value == '\\') {
            out += "\\\\";
        } else {
            out += bytes;
        }
    });
    return out;
}

std::string json_text(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for_each_character(text, [&out](const code_point& is, std::string_view bytes) {
        if (is.length == 0) {
            append_escaped(out, bytes);
        } else {
            out += bytes;
        }
    });
    return out;
}

std::string json_quoted(std::string_view text) {
    constexpr unsigned char first_printable = 0x20;
    std::string out = "\"";
    for (const char each : json_text(text)) {
        if (each == '"' || each == '\\') {
            out += '\\';
            out += each;
        } else if (each == '\n') {
            out += "\\n";
        } else if (static_cast<unsigned char>(each) < first_printable) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned char>(each));
        } else {
            out += each;
        }
    }
    return out + "\"";
}

bool is_valid_utf8(std::string_view text) {
    bool valid = true;
    for_each_character(text, [&valid](const code_point& is, std::string_view /*bytes*/) {
        valid = valid && is.length != 0;
    });
    return valid;
}

std::string to_hex(std::string_view bytes) {
    return boost::algorithm::hex_lower(std::string{bytes});
}

std::size_t display_width(std::string_view text) {
    return measured(text, std::numeric_limits<std::size_t>::max()).columns;
}

std::string fitting(std::string_view text, std::size_t columns) {
    return std::string{text.substr(0, measured(text, columns).bytes)};
}

std::string shell_line(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words) {
        line += (line.empty() ? "" : " ") + shell_word(word);
    }
    return line;
}

}  // namespace redlock::cli
