// Encodes commands as RESP arrays of bulk strings, at the end of a buffer that its owner uses again
// and again. Must never look at what it encodes: any byte may stand in an argument. Pure; any
// thread, one at a time for one buffer.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace redlock::redis {

/// Appends commands to `out`: `begin(n)`, then exactly `n` times `arg`.
class resp_writer {
  public:
    /// `out` must outlive the writer.
    explicit resp_writer(std::string& out) noexcept : out_(&out) {}

    void begin(std::size_t argument_count);
    void arg(std::string_view bytes);
    void arg(std::integral auto number) {
        if constexpr (std::is_signed_v<decltype(number)>) {
            signed_number(static_cast<std::int64_t>(number));
        } else {
            unsigned_number(static_cast<std::uint64_t>(number));
        }
    }

  private:
    void signed_number(std::int64_t number);
    void unsigned_number(std::uint64_t number);

    std::string* out_;
};

// For a command whose arguments are all known, into room that the caller has made: what they write
// is what `resp_writer` appends, and they return its end.

/// A sign and 19 digits, or 20 digits.
inline constexpr std::size_t longest_number = 20;
/// At least as many bytes as `put_head` writes.
inline constexpr std::size_t longest_head = 1 + longest_number + 2;
/// And as `put_arg` writes for a number.
inline constexpr std::size_t longest_number_arg = 1 + 2 + 2 + longest_number + 2;
/// Exactly as many bytes as `put_arg` writes for a text of that size.
[[nodiscard]] inline std::size_t size_of_arg(std::size_t size) {
    std::size_t digits = 1;
    for (std::size_t rest = size; rest >= 10; rest /= 10) {
        ++digits;
    }
    return 1 + digits + 2 + size + 2;
}
char* put_head(char* to, std::size_t argument_count);
char* put_arg(char* to, std::string_view bytes);
/// Of several pieces.
char* put_arg(char* to, std::initializer_list<std::string_view> pieces);
char* put_arg(char* to, std::uint64_t number);
char* put_arg(char* to, std::int64_t number);

/// Appends one whole command.
void append_command(std::string& out, std::initializer_list<std::string_view> arguments);
/// The command alone.
[[nodiscard]] std::string encoded(std::initializer_list<std::string_view> arguments);

}  // namespace redlock::redis
