// Reads the benchmark's few arguments.
#include "bench/arguments.hpp"

#include <charconv>
#include <string_view>

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

}  // namespace

const char* const usage =
    R"(usage: redlock_bench [--floors | --hand-over | --options] [--seconds S] [--callbacks]
                     [--json]
       redlock_bench --frozen [--json]

Measures the library on the servers that REDLOCK_NODES names, beside two floors, and how a
lock that many want goes from one to the next (on the first three servers). Vouches for the
servers before each line (see redlock vouch), so they must be for nothing else:
    redlock local -n 5 -- redlock_bench

  --floors      only the library beside the floors
  --hand-over   only the lock that many want
  --options     only the default options beside attempts-limited ones, on resources that
                nobody else wants
  --seconds S   time for each line, from 0.5 to 600, with --hand-over to 60; unless given,
                4.5 beside the floors, 3 with --options and 5 for the lock that many
                want
  --callbacks   beside the floors and with --options, use the library by callbacks;
                by coroutines unless given
  --frozen      what 1,000 cycles take with three healthy nodes and with one of the three
                frozen; the servers must run on this machine, under this user. Root
                keeps the processors awake meanwhile, which makes the figures steady
  --json        print JSON, one object for each part
  --help        print this

Exit status: 0; 1 if an operation failed, two held the lock at once, a fencing token did not
grow, or --frozen found a ratio above 1.1; 64 usage.
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
