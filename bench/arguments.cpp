// Reads the benchmark's few arguments.
#include "bench/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ranges>
#include <string_view>

#include "bench/sizes.hpp"

namespace bench {

namespace {

/// True if the argument names a part. The part named last is meant.
bool choose_part(std::string_view name, part& chosen) {
    if (name == "--floors") {
        chosen = part::floors;
    } else if (name == "--hand-over") {
        chosen = part::hand_over;
    } else if (name == "--frozen") {
        chosen = part::frozen;
    } else if (name == "--options") {
        chosen = part::options;
    } else if (name == "--sizes") {
        chosen = part::sizes;
    } else if (name == "--shapes") {
        chosen = part::shapes;
    } else {
        return false;
    }
    return true;
}

/// Written so that a NaN is refused too.
bool read_seconds(std::string_view text, std::optional<double>& seconds) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    seconds = number;
    return error == std::errc{} && end == text.data() + text.size() && number >= 0.5 &&
           number <= 600;
}

bool read_largest(std::string_view text, std::size_t& largest) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), largest);
    return error == std::errc{} && end == text.data() + text.size() && largest > 0;
}

/// Names between commas, each of which a series must have.
bool read_series(std::string_view text, const std::vector<std::string>& keys,
                 std::vector<std::string>& series) {
    for (const auto part : std::views::split(text, ',')) {
        series.emplace_back(part.begin(), part.end());
        if (std::find(keys.begin(), keys.end(), series.back()) == keys.end()) {
            return false;
        }
    }
    return true;
}

/// True if `name` is one of the options that only --sizes and --shapes have; it takes its value.
bool read_series_option(std::string_view name, std::string_view value, arguments& result) {
    if (name == "--largest") {
        if (!read_largest(value, result.largest)) {
            result.mistake = "--largest wants a number from 1";
        }
    } else if (name == "--series") {
        const auto keys =
            series_keys(result.chosen == part::shapes ? series_suite::shapes : series_suite::sizes);
        if (!read_series(value, keys, result.series)) {
            result.mistake = fmt::format("--series wants some of {}, with commas between them",
                                         fmt::join(keys, ", "));
        }
    } else if (name == "--html") {
        result.html = value;
    } else {
        return false;
    }
    if (result.chosen != part::sizes && result.chosen != part::shapes) {
        result.mistake = std::string{name} + " comes after --sizes or --shapes";
    }
    return true;
}

}  // namespace

const char* const usage =
    R"(usage: redlock_bench [--floors | --hand-over | --options] [--seconds S] [--callbacks]
                     [--json]
       redlock_bench --frozen [--json]
       redlock_bench --sizes [--series NAME,...] [--largest N | --large] [--seconds S]
                     [--html FILE] [--json]
       redlock_bench --shapes [--series NAME,...] [--largest N] [--seconds S]
                     [--html FILE] [--json]

Measures the library on the servers that REDLOCK_NODES names, beside two floors, and how a
lock that many want goes from one to the next (on the first three servers). Vouches for the
servers before each line (see redlock vouch), so they must be for nothing else:
    redlock local -n 5 -- redlock_bench

  --floors      only the library beside the floors
  --hand-over   only the lock that many want
  --options     only the default options beside attempts-limited ones, on resources that
                nobody else wants
  --seconds S   time for each line, from 0.5 to 600, with --hand-over to 60; unless given,
                4.5 beside the floors, 3 with --options, 5 for the lock that many want, and
                with --sizes and --shapes what each series needs
  --callbacks   beside the floors and with --options, use the library by callbacks;
                by coroutines unless given
  --frozen      what 1,000 cycles take with three healthy nodes and with one of the three
                frozen; the servers must run on this machine, under this user. Root
                keeps the processors awake meanwhile, which makes the figures steady
  --sizes       what the library does as the numbers grow: nodes (up to 9), cycles in flight,
                held locks, waiters, managers and processes. Judges each series
  --shapes      what shared locks, permits, several names at once and a downgrade cost a
                server and the client beside a plain lock. Judges each series
  --series NAME,...
                only these. With --sizes: nodes, in_flight, held, one_name, many_names,
                managers, shares; with --shapes: costs, readers, permits, changes
  --largest N   leave out lines of more in flight, held locks or waiters; 100,000 unless given
  --large       also 1,000,000 held locks
  --html FILE   also write a page with plots
  --json        print JSON, one object for each part
  --help        print this

Exit status: 0; 1 if an operation failed, two held the lock at once, a fencing token did not
grow, --frozen found a ratio above 1.1, or a series of --sizes or --shapes did not keep its bounds;
64 usage.
)";

arguments read_arguments(int count, const char* const* values) {
    arguments result;
    for (int at = 1; at < count; ++at) {
        const std::string_view name = values[at];
        if (choose_part(name, result.chosen)) {
            continue;
        }
        if (name == "--json") {
            result.json = true;
        } else if (name == "--callbacks") {
            result.how = style::callbacks;
        } else if (name == "--help" || name == "-h") {
            result.help = true;
        } else if (name == "--seconds" && at + 1 < count) {
            if (!read_seconds(values[++at], result.seconds)) {
                result.mistake = "--seconds wants a number from 0.5 to 600";
            }
        } else if (name == "--large" && result.chosen == part::sizes) {
            result.largest = 1'000'000;
        } else if (at + 1 < count && read_series_option(name, values[at + 1], result)) {
            ++at;
        } else {
            result.mistake = "unknown or incomplete argument: " + std::string{name};
        }
    }
    // Every acquisition is kept in memory until the line is over, and a second may have very many.
    if (result.seconds > 60.0 && result.chosen != part::floors && result.chosen != part::options) {
        result.mistake = "--seconds above 60 wants --floors or --options";
    }
    return result;
}

}  // namespace bench
