// Encodes commands; see resp_writer.hpp. Numbers are written without a detour through a string of
// their own, since several stand in every command.
#include "redis/resp_writer.hpp"

#include <array>
#include <charconv>

namespace redlock::redis {
namespace {

// A sign and 19 digits, or 20 digits.
using digits = std::array<char, 20>;

template <class Number>
std::string_view decimal(digits& room, Number number) {
    const auto written = std::to_chars(room.data(), room.data() + room.size(), number);
    return {room.data(), static_cast<std::size_t>(written.ptr - room.data())};
}

void header(std::string& out, char kind, std::size_t number) {
    digits room{};
    out += kind;
    out += decimal(room, number);
    out += "\r\n";
}

}  // namespace

void resp_writer::begin(std::size_t argument_count) {
    header(*out_, '*', argument_count);
}

void resp_writer::arg(std::string_view bytes) {
    header(*out_, '$', bytes.size());
    *out_ += bytes;
    *out_ += "\r\n";
}

void resp_writer::signed_number(std::int64_t number) {
    digits room{};
    arg(decimal(room, number));
}

void resp_writer::unsigned_number(std::uint64_t number) {
    digits room{};
    arg(decimal(room, number));
}

void append_command(std::string& out, std::initializer_list<std::string_view> arguments) {
    resp_writer writer{out};
    writer.begin(arguments.size());
    for (const std::string_view argument : arguments) {
        writer.arg(argument);
    }
}

std::string encoded(std::initializer_list<std::string_view> arguments) {
    std::string out;
    append_command(out, arguments);
    return out;
}

}  // namespace redlock::redis
