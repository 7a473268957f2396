#include "bench/sizes.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <stdexcept>

#include "bench/sizes_page.hpp"
#include "bench/sizes_report.hpp"

namespace bench {

namespace {

std::vector<size_part> parts_of(series_suite suite) {
    if (suite == series_suite::shapes) {
        return {costs_part(), readers_part(), permits_part(), changes_part()};
    }
    return {nodes_part(),      in_flight_part(), held_part(),  one_name_part(),
            many_names_part(), managers_part(),  shares_part()};
}

const char* name_of(series_suite suite) {
    return suite == series_suite::shapes ? "shapes" : "sizes";
}

const char* title_of(series_suite suite) {
    return suite == series_suite::shapes ? "What the shapes of locks cost"
                                         : "What the library does as the numbers grow";
}

bool is_asked(const std::string& key, const series_request& asked) {
    return asked.series.empty() ||
           std::find(asked.series.begin(), asked.series.end(), key) != asked.series.end();
}

/// What cannot be measured fails its series alone: the others may still tell something.
size_series measured_series(const size_part& part, const std::vector<redlock::endpoint>& nodes,
                            const series_request& asked) {
    size_series series = part.describe();
    if (!asked.json) {
        print_size_head(series);
    }
    try {
        if (nodes.size() < part.fewest_nodes) {
            throw std::runtime_error(fmt::format("wants {} servers", part.fewest_nodes));
        }
        part.measure(nodes, asked.plan, [&](size_line line) {
            series.lines.push_back(std::move(line));
            if (!asked.json) {
                print_size_line(series, series.lines.back());
            }
        });
        part.judge(series);
    } catch (const std::exception& problem) {
        series.bounds.push_back({fmt::format("measured to its end: {}", problem.what()), false});
    }
    if (!asked.json) {
        print_size_bounds(series);
    }
    return series;
}

}  // namespace

std::string size_name(const std::string& series, std::size_t size, std::size_t number) {
    return fmt::format("redlock-bench:{}:{}:{}:{:07}", series, ::getpid(), size, number);
}

std::vector<std::string> series_keys(series_suite suite) {
    std::vector<std::string> result;
    for (const size_part& each : parts_of(suite)) {
        result.push_back(each.describe().key);
    }
    return result;
}

bool run_series(const std::vector<redlock::endpoint>& nodes, const series_request& asked) {
    std::vector<size_series> all;
    for (const size_part& part : parts_of(asked.suite)) {
        if (is_asked(part.describe().key, asked)) {
            all.push_back(measured_series(part, nodes, asked));
        }
    }
    if (asked.json) {
        print_series_json(name_of(asked.suite), all);
    }
    if (!asked.html.empty()) {
        write_series_page(asked.html, title_of(asked.suite), all);
    }
    return std::all_of(all.begin(), all.end(),
                       [](const size_series& each) { return each.passed(); });
}

}  // namespace bench
