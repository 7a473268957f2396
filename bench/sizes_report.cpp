#include "bench/sizes_report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <iostream>

namespace bench {

namespace {

namespace size_json = boost::json;

constexpr std::size_t narrowest_column = 9;
constexpr std::size_t label_width = 30;

std::size_t width_of(const size_column& column) {
    return std::max(narrowest_column, column.head.size());
}

size_json::object line_as_json(const size_series& series, const size_line& line) {
    size_json::object result;
    if (!series.label_head.empty()) {
        result["label"] = line.label;
    }
    for (std::size_t at = 0; at < series.columns.size(); ++at) {
        const double figure = line.figures[at];
        const double unit = std::pow(10, series.columns[at].decimals);
        result[series.columns[at].key] = std::isfinite(figure)
                                             ? size_json::value(std::round(figure * unit) / unit)
                                             : size_json::value();
    }
    result["errors"] = line.errors;
    result["error"] = line.errors > 0 ? line.error : "";
    return result;
}

}  // namespace

std::string figure_text(double figure, int decimals) {
    if (!std::isfinite(figure)) {
        return "-";
    }
    std::string digits = fmt::format("{:.{}f}", figure, decimals);
    const std::size_t first = digits.front() == '-' ? 1 : 0;
    std::size_t left = std::min(digits.find('.'), digits.size());
    for (; left > first + 3; left -= 3) {
        digits.insert(left - 3, 1, ',');
    }
    return digits;
}

void print_size_head(const size_series& series) {
    fmt::print("{}\n{}\n\n", series.title, series.note);
    if (!series.label_head.empty()) {
        fmt::print("{:<{}}", series.label_head, label_width);
    }
    for (const size_column& each : series.columns) {
        fmt::print(" {:>{}}", each.head, width_of(each));
    }
    fmt::print("\n");
    std::fflush(stdout);
}

void print_size_line(const size_series& series, const size_line& line) {
    if (!series.label_head.empty()) {
        fmt::print("{:<{}}", line.label, label_width);
    }
    for (std::size_t at = 0; at < series.columns.size(); ++at) {
        const size_column& column = series.columns[at];
        fmt::print(" {:>{}}", figure_text(line.figures[at], column.decimals), width_of(column));
    }
    fmt::print("\n");
    if (line.errors > 0) {
        fmt::print("       errors: {} {}\n", line.errors, line.error);
    }
    std::fflush(stdout);
}

void print_size_bounds(const size_series& series) {
    for (const size_bound& each : series.bounds) {
        fmt::print("{} {}\n", each.held ? "passed:" : "FAILED:", each.text);
    }
    fmt::print("\n");
    std::fflush(stdout);
}

void print_series_json(const char* name, const std::vector<size_series>& all) {
    size_json::object sizes;
    for (const size_series& series : all) {
        size_json::array lines;
        for (const size_line& line : series.lines) {
            lines.push_back(line_as_json(series, line));
        }
        size_json::array bounds;
        for (const size_bound& each : series.bounds) {
            bounds.push_back(size_json::object{{"text", each.text}, {"passed", each.held}});
        }
        sizes[series.key] = size_json::object{{"lines", std::move(lines)},
                                              {"bounds", std::move(bounds)},
                                              {"passed", series.passed()}};
    }
    std::cout << size_json::object{{name, std::move(sizes)}} << '\n';
}

}  // namespace bench
