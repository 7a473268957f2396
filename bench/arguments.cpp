// Reads the benchmark's few arguments.
#include "bench/arguments.hpp"

#include <charconv>
#include <string_view>

namespace bench {

const char* const usage =
    R"(usage: redlock_bench [--seconds S] [--callbacks] [--json]
       redlock_bench --frozen [--json]

Measures the library beside two floors, on the servers that REDLOCK_NODES names:
    redlock local -n 5 -- redlock_bench

  --seconds S   time for each line of the table; 4.5 unless given, from 0.5 to 600
  --callbacks   use the library by callbacks; by coroutines unless given
  --frozen      what 1,000 cycles take with three healthy nodes and with one of the three
                frozen; the servers must run on this machine, under this user
  --json        print JSON
  --help        print this

Exit status: 0; 1 if an operation failed, or --frozen found ratios above 1.1; 64 usage.
)";

arguments read_arguments(int count, const char* const* values) {
    arguments result;
    for (int at = 1; at < count; ++at) {
        const std::string_view name = values[at];
        if (name == "--json") {
            result.json = true;
        } else if (name == "--frozen") {
            result.frozen = true;
        } else if (name == "--callbacks") {
            result.how = style::callbacks;
        } else if (name == "--help" || name == "-h") {
            result.help = true;
        } else if (name == "--seconds" && at + 1 < count) {
            const std::string_view text = values[++at];
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), result.seconds);
            // Written so that a NaN is refused too.
            if (error != std::errc{} || end != text.data() + text.size() ||
                !(result.seconds >= 0.5 && result.seconds <= 600)) {
                result.mistake = "--seconds wants a number from 0.5 to 600";
            }
        } else {
            result.mistake = "unknown or incomplete argument: " + std::string{name};
        }
    }
    return result;
}

}  // namespace bench
