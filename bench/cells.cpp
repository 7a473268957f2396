// Measures one cell in slices.
#include "bench/cells.hpp"

#include <algorithm>

#include "bench/floor.hpp"
#include "bench/vouch.hpp"

namespace bench {

namespace {

// Short, so that noise hits all three contenders, and so that the library's connections do not lie
// idle for as long as a node timeout while the floors are measured.
constexpr nanoseconds slice_length = std::chrono::milliseconds{150};
constexpr nanoseconds warm_up = std::chrono::milliseconds{50};

/// Enough that a resource is not used again within a millisecond, and few enough that what they
/// leave on the servers stays small.
std::size_t names_for(std::size_t at_once) {
    return at_once == 1 ? 1024 : at_once * 256;
}

figures summed_up(const std::vector<slice>& slices, const std::vector<nanoseconds>& latencies) {
    figures result;
    std::vector<double> rates;
    std::vector<nanoseconds> busy;
    for (const slice& each : slices) {
        rates.push_back(each.rate());
        busy.push_back(each.busy_per_cycle());
        result.errors += each.errors;
    }
    result.rate = median(rates);
    result.latency = median(latencies);
    result.busy = median(busy);
    return result;
}

double ratio(const std::vector<slice>& upper, const std::vector<slice>& lower) {
    std::vector<double> ratios;
    for (std::size_t at = 0; at < upper.size(); ++at) {
        ratios.push_back(upper[at].rate() / lower[at].rate());
    }
    return median(ratios);
}

}  // namespace

cell measure(const std::vector<redlock::endpoint>& endpoints, std::size_t nodes,
             std::size_t at_once, style how, double seconds) {
    const std::vector<redlock::endpoint> used{
        endpoints.begin(), endpoints.begin() + static_cast<std::ptrdiff_t>(nodes)};
    std::vector<bare_node> bare;
    bare.reserve(nodes);
    for (const redlock::endpoint& where : used) {
        bare.emplace_back(where);
    }
    const std::size_t names = names_for(at_once);
    floor plain{floor_kind::plain, bare, nodes, at_once, names};
    floor own{floor_kind::own, bare, nodes, at_once, names};
    vouch_for(used);
    library_side library{used, how, at_once, names};

    std::size_t early_errors = 0;
    if (!library.settle(std::chrono::seconds{5})) {
        ++early_errors;  // Told with the rest: the figures mean nothing then.
    }
    early_errors += plain.run(warm_up).errors + own.run(warm_up).errors;
    early_errors += library.run(warm_up).errors;

    const auto slices = static_cast<std::size_t>(
        std::max(1.0, seconds / (3 * std::chrono::duration<double>(slice_length).count())));
    std::vector<slice> of_plain;
    std::vector<slice> of_own;
    std::vector<slice> of_library;
    for (std::size_t turn = 0; turn < slices; ++turn) {
        of_plain.push_back(plain.run(slice_length));
        of_own.push_back(own.run(slice_length));
        of_library.push_back(library.run(slice_length));
    }

    cell result;
    result.nodes = nodes;
    result.at_once = at_once;
    result.plain = summed_up(of_plain, plain.latencies());
    result.own = summed_up(of_own, own.latencies());
    result.ours = summed_up(of_library, library.latencies());
    result.ours.errors += early_errors;
    result.to_plain = ratio(of_library, of_plain);
    result.to_own = ratio(of_library, of_own);
    result.error = library.last_error();
    return result;
}

}  // namespace bench
