// Makes names that anybody may have chosen safe to print. A resource name may hold any bytes; shown
// raw on a terminal it could move the cursor, recolour the screen or fake a line of a table. Pure;
// any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace redlock::cli {

/// For terminals and tables: control characters (C0, DEL, C1), invisible and direction-changing
/// characters, and bytes that are not UTF-8 become `\xNN`, one for each byte; a backslash becomes
/// `\\`. All else stays as it is, so what is printed can be read back without doubt.
[[nodiscard]] std::string printable(std::string_view text);

/// For JSON strings, which must be Unicode: each byte that is not part of valid UTF-8 becomes the
/// four characters `\xNN`; everything else stays, control characters being the serializer's
/// business. Where that happens, the exact bytes stand in a `..._hex` member beside it.
[[nodiscard]] std::string json_text(std::string_view text);

/// A JSON string with its quotes, of `json_text` of the bytes.
[[nodiscard]] std::string json_quoted(std::string_view text);

[[nodiscard]] bool is_valid_utf8(std::string_view text);

/// Two lower-case digits a byte.
[[nodiscard]] std::string to_hex(std::string_view bytes);

/// The words as one line for a shell, in quotes where a shell needs them.
[[nodiscard]] std::string shell_line(const std::vector<std::string>& words);

/// How many columns valid UTF-8 takes on a terminal.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// The beginning of a printable text that fits into the columns. No escape is cut in two.
[[nodiscard]] std::string fitting(std::string_view text, std::size_t columns);

}  // namespace redlock::cli
