// Fuzz target: what a server sends, through the parser. However the bytes are cut into pieces the
// same values come out, and those that a plain reading finds; a piece is done with when the parser
// asks for more; storage stays a small multiple of what was received. One thread.
#include "redis/wire/resp_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "fuzz/memory.hpp"
#include "fuzz/target.hpp"

namespace redlock::fuzz {
namespace {

using redis::reply_view;
using redis::resp_reader;

// What an empty reader may keep, and what a byte may cost: four bytes make a value of 24, in a
// vector that doubles.
constexpr std::size_t kept_storage = std::size_t{512} * 1024;
constexpr std::size_t cost_of_a_byte = 64;

void write_value(const reply_view& value, std::string& out, std::size_t depth) {
    require(depth <= resp_reader::max_depth, "no reply is nested deeper than the limit");
    out += to_string(value.kind());
    out += ' ';
    if (value.is_integer()) {
        out += std::to_string(value.integer());
    } else if (value.is_array()) {
        out += std::to_string(value.size()) + '[';
        std::size_t at = 0;
        for (const reply_view child : value) {
            require(value[at++].kind() == child.kind(), "a child is the same by its place");
            write_value(child, out, depth + 1);
        }
        require(at == value.size(), "a walk meets every child");
        out += ']';
        require(value[value.size()].is_nil(), "beyond an array's end there is nothing");
    } else {
        out += value.text();
    }
    // The wrong questions.
    require(value.is_integer() || value.integer() == 0, "what is no integer has none");
    require(value.is_array() || (value.size() == 0 && value[0].is_nil()),
            "what is no array has no children");
    require(value.is_text() || value.is_error() || value.text().empty(),
            "what is no text has none");
    out += '\n';
}

/// The bytes by the book and by nothing but the book, told as `write_value` tells them; stops, with
/// false, at the first that is not written the one usual way, or not there.
class plain_reading {
  public:
    explicit plain_reading(std::string_view bytes) : rest_(bytes) {
        for (std::string one; value(one, 0); one.clear()) {
            told += one;
        }
    }

    std::string told;

  private:
    bool value(std::string& out, std::size_t depth) {
        const std::size_t stop = rest_.find("\r\n");
        if (stop == std::string_view::npos || stop == 0 || stop > 64) {
            return false;
        }
        const char kind = rest_.front();
        const std::string_view line = rest_.substr(1, stop - 1);
        if (line.find_first_of("\r\n") != std::string_view::npos) {
            return false;
        }
        rest_.remove_prefix(stop + 2);
        std::int64_t number = 0;
        const bool counts =
            std::from_chars(line.data(), line.data() + line.size(), number).ec == std::errc{} &&
            std::to_string(number) == line;
        switch (kind) {
            case '+':
            case '-':
                out += (kind == '+' ? "status " : "error ") + std::string{line} + '\n';
                return true;
            case ':':
                out += "integer " + std::string{line} + '\n';
                return counts;
            case '$':
                return counts && (number == -1 ? nil(out) : text(out, number));
            case '*':
                return counts && (number == -1 ? nil(out) : children(out, number, depth));
            default:
                return false;
        }
    }
    static bool nil(std::string& out) {
        out += "nil \n";
        return true;
    }
    bool text(std::string& out, std::int64_t size) {
        const auto length = static_cast<std::size_t>(size);
        if (size < 0 || length + 2 > rest_.size() || rest_.substr(length, 2) != "\r\n") {
            return false;
        }
        out += "string " + std::string{rest_.substr(0, length)} + '\n';
        rest_.remove_prefix(length + 2);
        return true;
    }
    bool children(std::string& out, std::int64_t count, std::size_t depth) {
        if (count < 0 || depth + 1 >= resp_reader::max_depth) {
            return false;
        }
        out += "array " + std::to_string(count) + '[';
        for (std::int64_t i = 0; i < count; ++i) {
            if (!value(out, depth + 1)) {
                return false;
            }
        }
        out += "]\n";
        return true;
    }

    std::string_view rest_;
};

/// Everything that the parser says of the bytes, in pieces of a size that `size_of(position)`
/// tells.
template <class SizeOf>
std::string told(std::string_view bytes, const SizeOf& size_of) {
    const memory_meter meter;
    resp_reader reader;
    std::string out;
    std::size_t given = 0;
    while (given < bytes.size()) {
        const std::size_t size = std::min(bytes.size() - given, size_of(given));
        // A copy of its own that is gone before the next one comes.
        const auto piece = std::make_unique<char[]>(size);
        std::copy_n(bytes.data() + given, size, piece.get());
        given += size;
        reader.feed({piece.get(), size});
        resp_reader::status status{};
        while ((status = reader.next()) == resp_reader::status::reply) {
            write_value(reader.current(), out, 0);
        }
        // `out` is of about the size of what it tells, and doubles.
        require(meter.grown() <= kept_storage + cost_of_a_byte * given + 2 * out.capacity(),
                "memory is bounded by what was received");
        if (status == resp_reader::status::protocol_error) {
            require(!reader.error().empty(), "an error says something");
            require(reader.next() == resp_reader::status::protocol_error, "an error is for ever");
            require(reader.current().is_nil(), "an error leaves no reply");
            reader.clear();
            require(reader.next() == resp_reader::status::need_more, "clear forgets everything");
            // Not what it says: with less at hand another thing may be found wrong first.
            return out + "wrong";
        }
        require(reader.error().empty(), "no error says nothing");
    }
    return out;
}

}  // namespace

void try_input(std::string_view bytes) {
    const std::string whole = told(bytes, [](std::size_t) { return resp_reader::max_line; });
    require(whole.starts_with(plain_reading{bytes}.told), "what is written by the book is read so");
    require(whole == told(bytes, [](std::size_t) { return std::size_t{1}; }),
            "byte for byte the same values as in one piece");
    // Pieces whose sizes come from the bytes themselves.
    const auto uneven = [bytes](std::size_t at) {
        return 1 + static_cast<std::size_t>(static_cast<unsigned char>(bytes[at])) * (at % 7) / 3;
    };
    require(whole == told(bytes, uneven), "in uneven pieces the same values as in one");
}

}  // namespace redlock::fuzz
