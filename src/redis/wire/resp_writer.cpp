// Encodes commands; see resp_writer.hpp. Numbers are written without a detour through a string of
// their own, since several stand in every command.
#include "redis/wire/resp_writer.hpp"

#include <fmt/format.h>

namespace redlock::redis {
namespace {

char* put_line_end(char* to) {
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

// fmt's digits: they take a third of what std::to_chars does.
std::string_view text_of(const fmt::format_int& digits) {
    return {digits.data(), digits.size()};
}

/// Most of what is counted is below a hundred.
char* put_count(char* to, std::size_t count) {
    if (count < 10) {
        *to++ = static_cast<char>('0' + count);
    } else if (count < 100) {
        *to++ = static_cast<char>('0' + count / 10);
        *to++ = static_cast<char>('0' + count % 10);
    } else {
        to += text_of(fmt::format_int{count}).copy(to, longest_number);
    }
    return to;
}

}  // namespace

char* put_head(char* to, std::size_t argument_count) {
    *to++ = '*';
    return put_line_end(put_count(to, argument_count));
}

char* put_arg(char* to, std::string_view bytes) {
    *to++ = '$';
    to = put_line_end(put_count(to, bytes.size()));
    bytes.copy(to, bytes.size());
    return put_line_end(to + bytes.size());
}

char* put_arg(char* to, std::initializer_list<std::string_view> pieces) {
    std::size_t size = 0;
    for (const std::string_view piece : pieces) {
        size += piece.size();
    }
    *to++ = '$';
    to = put_line_end(put_count(to, size));
    for (const std::string_view piece : pieces) {
        to += piece.copy(to, piece.size());
    }
    return put_line_end(to);
}

char* put_arg(char* to, std::uint64_t number) {
    return put_arg(to, text_of(fmt::format_int{number}));
}

char* put_arg(char* to, std::int64_t number) {
    return put_arg(to, text_of(fmt::format_int{number}));
}

void resp_writer::begin(std::size_t argument_count) {
    const std::size_t start = out_->size();
    out_->resize(start + longest_head);
    const char* const end = put_head(out_->data() + start, argument_count);
    out_->resize(static_cast<std::size_t>(end - out_->data()));
}

void resp_writer::arg(std::string_view bytes) {
    // In one piece: five small appends each look whether there is room.
    const std::size_t start = out_->size();
    out_->resize(start + size_of_arg(bytes.size()));
    put_arg(out_->data() + start, bytes);
}

void resp_writer::signed_number(std::int64_t number) {
    arg(text_of(fmt::format_int{number}));
}

void resp_writer::unsigned_number(std::uint64_t number) {
    arg(text_of(fmt::format_int{number}));
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
