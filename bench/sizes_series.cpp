#include "bench/sizes_series.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bench {

namespace {

// What is linear still pays for caches that do not hold it all.
constexpr double most_growth = 1.5;

}  // namespace

bool size_series::passed() const {
    return std::all_of(lines.begin(), lines.end(),
                       [](const size_line& each) { return each.errors == 0; }) &&
           std::all_of(bounds.begin(), bounds.end(),
                       [](const size_bound& each) { return each.held; });
}

const size_line* size_series::line_of(double size) const {
    const auto found = std::find_if(lines.begin(), lines.end(), [&](const size_line& each) {
        return each.figures.front() == size;
    });
    return found == lines.end() ? nullptr : &*found;
}

void size_series::at_most(const std::string& what, double figure, double limit, int decimals) {
    bounds.push_back(
        {fmt::format("{}: {:.{}f}, at most {:.{}f}", what, figure, decimals, limit, decimals),
         figure <= limit});
}

void size_series::at_least(const std::string& what, double figure, double limit, int decimals) {
    bounds.push_back(
        {fmt::format("{}: {:.{}f}, at least {:.{}f}", what, figure, decimals, limit, decimals),
         figure >= limit});
}

void size_series::grows_little(const std::string& what, std::size_t column) {
    const size_line* const many = line_of(100'000);
    const size_line* const fewer = line_of(10'000);
    if (many != nullptr && fewer != nullptr) {
        at_most(what + ", 100,000 over 10,000", many->figures[column] / fewer->figures[column],
                most_growth, 2);
    }
}

}  // namespace bench
