// One script with its keys and arguments, encoded once for all nodes: as EVALSHA, and as EVAL for a
// node that answers NOSCRIPT. Owns the bytes; knows nothing of connections. Immutable once built,
// so that any number of nodes may be sent it.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "scripts/scripts.hpp"

namespace redlock::driver {

/// An argument of a script: a text, which is not copied, or an integer, written as Redis reads it.
class script_argument {
  public:
    script_argument(std::string_view text) : text_(text) {}    // NOLINT(*-explicit-*)
    script_argument(const std::string& text) : text_(text) {}  // NOLINT(*-explicit-*)
    script_argument(const char* text) : text_(text) {}         // NOLINT(*-explicit-*)
    /// Not given.
    script_argument() = default;
    script_argument(std::integral auto number) {  // NOLINT(*-explicit-*)
        char* const begin = digits_.data();
        const char* const end = std::to_chars(begin, begin + digits_.size(), number).ptr;
        digits_end_ = static_cast<std::size_t>(end - begin);
    }

    [[nodiscard]] bool given() const { return digits_end_ != 0 || text_.data() != nullptr; }
    [[nodiscard]] std::string_view text() const {
        return digits_end_ != 0 ? std::string_view{digits_.data(), digits_end_} : text_;
    }

  private:
    std::string_view text_;
    std::array<char, 20> digits_{};  // a sign and 19 digits, or 20 digits
    std::size_t digits_end_ = 0;
};

class script_call {
  public:
    /// Arguments and keys at the end that are not given are left out.
    using list = std::initializer_list<script_argument>;

    script_call() = default;
    script_call(const scripts::script& script, list keys, list arguments);

    /// The command for the steady state.
    [[nodiscard]] std::string_view by_digest() const { return encoded_; }
    /// The command for a node that does not know the script; the node knows it afterwards.
    [[nodiscard]] std::string by_body() const;

  private:
    const scripts::script* script_ = nullptr;
    std::size_t argument_count_ = 0;
    std::size_t tail_ = 0;  // where the key count begins: the same in both forms
    std::string encoded_;
};

/// An integer as Redis wants it: decimal digits.
[[nodiscard]] std::string decimal(std::integral auto value) {
    return std::to_string(value);
}

}  // namespace redlock::driver
