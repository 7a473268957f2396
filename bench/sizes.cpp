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

const std::vector<size_part>& size_parts() {
    static const std::vector<size_part> parts{nodes_part(),    in_flight_part(),  held_part(),
                                              one_name_part(), many_names_part(), managers_part(),
                                              shares_part()};
    return parts;
}

bool is_asked(const std::string& key, const sizes_request& asked) {
    return asked.series.empty() ||
           std::find(asked.series.begin(), asked.series.end(), key) != asked.series.end();
}

/// What cannot be measured fails its series alone: the others may still tell something.
size_series measured_series(const size_part& part, const std::vector<redlock::endpoint>& nodes,
                            const sizes_request& asked) {
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

const std::vector<std::string>& size_series_keys() {
    static const std::vector<std::string> keys = [] {
        std::vector<std::string> result;
        for (const size_part& each : size_parts()) {
            result.push_back(each.describe().key);
        }
        return result;
    }();
    return keys;
}

bool run_sizes(const std::vector<redlock::endpoint>& nodes, const sizes_request& asked) {
    std::vector<size_series> all;
    for (const size_part& part : size_parts()) {
        if (is_asked(part.describe().key, asked)) {
            all.push_back(measured_series(part, nodes, asked));
        }
    }
    if (asked.json) {
        print_sizes_json(all);
    }
    if (!asked.html.empty()) {
        write_sizes_page(asked.html, all);
    }
    return std::all_of(all.begin(), all.end(),
                       [](const size_series& each) { return each.passed(); });
}

}  // namespace bench
