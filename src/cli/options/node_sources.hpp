// Node URLs as people give them: in a list or in a file, one a line. A mistake is named with its
// place, and without the URL, which may hold a password. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace redlock::cli {

/// Without the blanks around it.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// Of a list with commas. `source` is where it came from, for messages. Throws usage_error naming
/// the source and which URL is wrong.
[[nodiscard]] std::vector<std::string> urls_in_list(std::string_view text, std::string_view source);

/// Of the file that --nodes-file names. Throws usage_error naming the file and the line.
[[nodiscard]] std::vector<std::string> urls_in_file(const std::string& path);

}  // namespace redlock::cli
