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

char* put_line_end(char* to) {
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

}  // namespace

char* put_arg(char* to, std::string_view bytes) {
    *to++ = '$';
    if (bytes.size() < 10) {  // Most of what a script is given.
        *to++ = static_cast<char>('0' + bytes.size());
    } else {
        to = std::to_chars(to, to + digits{}.size(), bytes.size()).ptr;
    }
    to = put_line_end(to);
    bytes.copy(to, bytes.size());
    return put_line_end(to + bytes.size());
}

void resp_writer::begin(std::size_t argument_count) {
    digits room{};
    *out_ += '*';
    *out_ += decimal(room, argument_count);
    *out_ += "\r\n";
}

void resp_writer::arg(std::string_view bytes) {
    // In one piece: five small appends each look whether there is room.
    const std::size_t start = out_->size();
    out_->resize(start + size_of_arg(bytes.size()));
    put_arg(out_->data() + start, bytes);
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
