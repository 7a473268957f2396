#include "cli/options/spelling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace redlock::cli {

namespace {

std::string_view without_dashes(std::string_view word) {
    return word.substr(std::min(word.find_first_not_of('-'), word.size()));
}

}  // namespace

std::size_t edit_distance(std::string_view one, std::string_view other) {
    // Rows of the usual table: the last but one, the last, and the one that is being filled.
    std::vector<std::size_t> older(other.size() + 1);
    std::vector<std::size_t> old(other.size() + 1);
    std::vector<std::size_t> now(other.size() + 1);
    std::iota(old.begin(), old.end(), std::size_t{0});
    for (std::size_t i = 1; i <= one.size(); ++i) {
        now[0] = i;
        for (std::size_t j = 1; j <= other.size(); ++j) {
            const std::size_t changed = one[i - 1] == other[j - 1] ? 0 : 1;
            now[j] = std::min({old[j] + 1, now[j - 1] + 1, old[j - 1] + changed});
            if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1]) {
                now[j] = std::min(now[j], older[j - 2] + 1);
            }
        }
        std::swap(older, old);
        std::swap(old, now);
    }
    return old[other.size()];
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
    constexpr std::size_t longest = 40;  // Nobody mistypes an option into a whole URL.
    constexpr std::size_t telling = 3;
    const std::string_view wrong = without_dashes(word);
    if (wrong.size() < 2 || wrong.size() > longest) {
        return std::nullopt;
    }
    std::optional<std::string> best;
    std::size_t fewest = std::max<std::size_t>(1, wrong.size() / 3) + 1;
    for (const std::string& each : known) {
        const std::string_view right = without_dashes(each);
        const bool begun = wrong.size() >= telling && right.starts_with(wrong);
        const std::size_t distance = begun ? 0 : edit_distance(wrong, right);
        if (right.size() > 1 && distance < fewest) {
            fewest = distance;
            best = each;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
    const auto meant = nearest(word, known);
    return meant ? fmt::format("; did you mean {}?", *meant) : std::string{};
}

}  // namespace redlock::cli
