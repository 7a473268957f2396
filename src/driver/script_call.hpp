// One script with its keys and arguments, encoded once for all nodes: as EVALSHA, and as EVAL for a
// node that answers NOSCRIPT. Owns the bytes; knows nothing of connections. Immutable once built,
// so that any number of nodes may be sent it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/recycled.hpp"
#include "driver/key_names.hpp"
#include "redis/wire/command.hpp"
#include "scripts/scripts.hpp"

namespace redlock::driver {

/// An argument of a script: a text, which is not copied, or a number, written as Redis reads it.
class script_argument {
  public:
    /// Not given.
    script_argument() = default;
    script_argument(std::string_view text)  // NOLINT(*-explicit-*)
        : kind_(text.data() != nullptr ? kind::text : kind::missing), text_(text) {}
    script_argument(const std::string& text)  // NOLINT(*-explicit-*)
        : kind_(kind::text), text_(text) {}
    script_argument(const char* text) : kind_(kind::text), text_(text) {}  // NOLINT(*-explicit-*)
    /// The pieces are not copied either, nor is the struct.
    script_argument(const key_pieces& pieces)  // NOLINT(*-explicit-*)
        : kind_(kind::pieces), pieces_(&pieces) {}
    script_argument(std::integral auto number)  // NOLINT(*-explicit-*)
        : kind_(std::cmp_less(number, 0) ? kind::negative : kind::number),
          number_(static_cast<std::uint64_t>(number)) {}

    [[nodiscard]] bool given() const { return kind_ != kind::missing; }

  private:
    friend class script_call;
    enum class kind : std::uint8_t { missing, text, pieces, number, negative };

    /// At least as many bytes as `put` writes.
    [[nodiscard]] std::size_t room() const;
    /// Writes it as RESP, one that is not given as an empty text, and returns the end.
    char* put(char* to) const;

    kind kind_ = kind::missing;
    std::string_view text_;
    const key_pieces* pieces_ = nullptr;
    std::uint64_t number_ = 0;  // of a negative one, the bits
};

class script_call {
  public:
    /// Arguments and keys at the end that are not given are left out.
    using list = std::initializer_list<script_argument>;

    script_call() = default;
    script_call(const scripts::script& script, list keys, list arguments);
    script_call(const scripts::script& script, std::span<const script_argument> keys,
                list arguments);
    /// All of them are given.
    script_call(const scripts::script& script, std::span<const script_argument> given_keys,
                std::span<const script_argument> given_arguments);

    /// The command for the steady state.
    /// The first of its keys; empty if it has none. Refers to `*this`.
    [[nodiscard]] std::string_view key() const { return {encoded_.data() + key_at_, key_size_}; }
    /// The command for a node that does not know the script; the node knows it afterwards.
    [[nodiscard]] std::string by_body() const;
    /// As commands, which share calls with others where the script is a request. They refer to
    /// `*this`, and to `body`, which is what `by_body` returned.
    [[nodiscard]] redis::command command() const;
    [[nodiscard]] redis::command command_by(const std::string& body) const;
    /// How a writer's request of this kind shares calls, by the digest of their script; where its
    /// parts are is left out. `kind`: see batch.lua.
    [[nodiscard]] static redis::shareable shared_as(char kind);
    /// What it calls; null of one that was never built.
    [[nodiscard]] const scripts::script* script() const { return script_; }

  private:
    const scripts::script* script_ = nullptr;
    redis::shareable share_;
    std::size_t argument_count_ = 0;
    std::size_t tail_ = 0;  // where the key count begins: the same in both forms
    std::size_t key_at_ = 0;
    std::size_t key_size_ = 0;
    base::recycled_string encoded_;
};

/// An integer as Redis wants it: decimal digits.
[[nodiscard]] std::string decimal(std::integral auto value) {
    return std::to_string(value);
}

}  // namespace redlock::driver
