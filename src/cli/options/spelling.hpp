// Which known word somebody may have meant by a word that is not known. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redlock::cli {

/// How many letters have to be put in, left out, changed or swapped with their neighbour to turn
/// one word into the other.
[[nodiscard]] std::size_t edit_distance(std::string_view one, std::string_view other);

/// The word of `known` that is like `word`: it begins with it, or differs by a letter in three.
/// The first of several that are as like; none if none is. Leading dashes do not count.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 const std::vector<std::string>& known);

/// "; did you mean WORD?", or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string>& known);

}  // namespace redlock::cli
