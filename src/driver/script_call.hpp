// One script with its keys and arguments, encoded once for all nodes: as EVALSHA, and as EVAL for a
// node that answers NOSCRIPT. Owns the bytes; knows nothing of connections. Immutable once built,
// so that any number of nodes may be sent it.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "scripts/scripts.hpp"

namespace redlock::driver {

class script_call {
  public:
    script_call() = default;
    script_call(const scripts::script& script, std::initializer_list<std::string_view> keys,
                std::initializer_list<std::string_view> arguments);

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
