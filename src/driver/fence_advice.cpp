#include "driver/fence_advice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/fencing.hpp"

namespace redlock::driver {

namespace {

using std::chrono::microseconds;

/// Anybody may have written any number there.
microseconds distance(std::uint64_t fence, std::int64_t node_us) {
    constexpr auto limit = static_cast<std::int64_t>(core::ballot_limit);
    const auto bounded = static_cast<std::int64_t>(std::min(fence, core::ballot_limit));
    return microseconds{bounded - std::clamp(node_us, std::int64_t{0}, limit)};
}

}  // namespace

std::optional<std::chrono::milliseconds> too_far_ahead(std::uint64_t fence, std::int64_t node_us,
                                                       std::chrono::milliseconds window) {
    if (!core::out_of_reach(fence, node_us, microseconds{window}.count())) {
        return std::nullopt;
    }
    return std::chrono::floor<std::chrono::milliseconds>(distance(fence, node_us));
}

std::string fence_advice(const std::string& fence_key, std::uint64_t fence, std::int64_t node_us,
                         std::optional<core::duration> left) {
    const auto seconds = [](auto span) { return std::chrono::duration<double>(span).count(); };
    const std::string end =
        left ? fmt::format("wait until it expires in {:.0f} s, or", seconds(*left))
             : std::string{"it never expires, so"};
    if (fence >= core::ballot_limit) {
        return fmt::format(
            "the fence of this resource is larger than any fencing token can be, and has come from "
            "elsewhere; {} delete {} there while nobody holds the lock",
            end, fence_key);
    }
    return fmt::format(
        "the fence of this resource is {:.1f} s ahead of the node's clock, which was probably "
        "wrong for a while, and no fencing token above it is accepted; {} delete {} there if no "
        "holder with such a token can be alive",
        seconds(distance(fence, node_us)), end, fence_key);
}

}  // namespace redlock::driver
