#include "bench/terms_cost.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>

#include "bench/server_commands.hpp"
#include "bench/vouch.hpp"

namespace bench {

namespace {

constexpr nanoseconds slice_length = std::chrono::milliseconds{150};
constexpr nanoseconds warm_up = std::chrono::milliseconds{50};

struct contender {
    contender(const std::vector<redlock::endpoint>& nodes, style how, std::size_t at_once,
              terms asked)
        : ours(nodes, how, at_once, at_once == 1 ? 1024 : at_once * 256, asked) {}

    void run(server_commands& servers) {
        const std::uint64_t before = servers.microseconds();
        slices.push_back(ours.run(slice_length));
        server_us += servers.microseconds() - before;
        cycles += slices.back().cycles;
        errors += slices.back().errors;
    }
    [[nodiscard]] double rate() const {
        std::vector<double> rates;
        rates.reserve(slices.size());
        for (const slice& each : slices) {
            rates.push_back(each.rate());
        }
        return median(rates);
    }
    [[nodiscard]] double server_us_per_cycle() const {
        return cycles == 0 ? 0 : static_cast<double>(server_us) / static_cast<double>(cycles);
    }

    library_side ours;
    std::vector<slice> slices;
    std::uint64_t server_us = 0;
    std::size_t cycles = 0;
    std::size_t errors = 0;
};

}  // namespace

terms_line measure_terms(const std::vector<redlock::endpoint>& endpoints, std::size_t nodes,
                         std::size_t at_once, style how, double seconds) {
    const std::vector<redlock::endpoint> used{
        endpoints.begin(), endpoints.begin() + static_cast<std::ptrdiff_t>(nodes)};
    server_commands servers{used};
    vouch_for(used);
    contender limited{used, how, at_once, terms::attempts_limited};
    contender usual{used, how, at_once, terms::usual};
    for (contender* const each : {&limited, &usual}) {
        each->errors += each->ours.settle(std::chrono::seconds{5}) ? 0U : 1U;
        each->errors += each->ours.run(warm_up).errors;
    }

    const auto turns = static_cast<std::size_t>(
        std::max(1.0, seconds / (2 * std::chrono::duration<double>(slice_length).count())));
    std::vector<double> ratios;
    for (std::size_t turn = 0; turn < turns; ++turn) {
        limited.run(servers);
        usual.run(servers);
        ratios.push_back(usual.slices.back().rate() / limited.slices.back().rate());
    }

    terms_line result;
    result.nodes = nodes;
    result.at_once = at_once;
    result.usual_rate = usual.rate();
    result.limited_rate = limited.rate();
    result.rate_ratio = median(ratios);
    result.usual_server_us = usual.server_us_per_cycle();
    result.limited_server_us = limited.server_us_per_cycle();
    result.errors = usual.errors + limited.errors;
    result.error =
        usual.ours.last_error().empty() ? limited.ours.last_error() : usual.ours.last_error();
    return result;
}

}  // namespace bench
