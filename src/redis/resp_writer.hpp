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

/// For a command whose arguments are all known: `put_arg` writes what `resp_writer::arg` appends,
/// `size_of_arg(bytes.size())` bytes, and returns their end.
[[nodiscard]] inline std::size_t size_of_arg(std::size_t size) {
    std::size_t digits = 1;
    for (std::size_t rest = size; rest >= 10; rest /= 10) {
        ++digits;
    }
    return 1 + digits + 2 + size + 2;
}
char* put_arg(char* to, std::string_view bytes);

/// Appends one whole command.
void append_command(std::string& out, std::initializer_list<std::string_view> arguments);
/// The command alone.
[[nodiscard]] std::string encoded(std::initializer_list<std::string_view> arguments);

}  // namespace redlock::redis
