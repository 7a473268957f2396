// What a series of sizes is: lines of figures under named columns, what is plotted of them, and the
// bounds by which the series judges itself. Knows neither how it was measured nor how it is shown.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace bench {

/// A figure that does not apply to its line.
inline constexpr double no_figure = std::numeric_limits<double>::quiet_NaN();

struct size_column {
    std::string key;  ///< In the JSON.
    std::string head;
    int decimals = 0;
};

/// One plot: the column `y` over the column `x`. With `by`, a curve for each value of that column.
struct size_plot {
    std::string title;
    std::size_t x = 0;
    std::size_t y = 0;
    std::optional<std::size_t> by{};
};

struct size_line {
    std::vector<double> figures;  ///< As many as there are columns.
    std::size_t errors = 0;
    std::string error{};  ///< The last one.
    std::string label{};  ///< What the line is about, where a number does not tell.
};

struct size_bound {
    std::string text;  ///< What must be so, and what was seen.
    bool held = false;
};

struct size_series {
    std::string key;  ///< In the JSON and for --series.
    std::string title;
    std::string note;          ///< How it is measured.
    std::string label_head{};  ///< Above the labels of the lines; empty: they have none.
    std::vector<size_column> columns;
    std::vector<size_plot> plots;
    std::vector<size_line> lines{};
    std::vector<size_bound> bounds{};

    [[nodiscard]] bool passed() const;
    /// The first line whose first figure is `size`; null if none is.
    [[nodiscard]] const size_line* line_of(double size) const;
    /// Adds a bound: `figure` is at most, or at least, `limit`.
    void at_most(const std::string& what, double figure, double limit, int decimals);
    void at_least(const std::string& what, double figure, double limit, int decimals);
    /// Adds the bound that what is spent on each of 100,000 is nearly what it is on each of 10,000.
    void grows_little(const std::string& what, std::size_t column);
};

/// Receives each line as soon as it is measured.
using size_sink = std::function<void(size_line line)>;

}  // namespace bench
