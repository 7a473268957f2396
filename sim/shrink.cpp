#include "sim/shrink.hpp"

#include <algorithm>
#include <optional>

namespace redlock::sim {

namespace {

/// The violation, if the plan breaks the same promise.
std::optional<violation> still_fails(world& in, const plan& candidate, check what) {
    coverage nobody_looks;
    const auto found = in.run(candidate, nobody_looks, nullptr);
    return found && found->what == what ? found : std::nullopt;
}

}  // namespace

shrunk_plan shrink(world& in, const plan& failing, const violation& found) {
    shrunk_plan result{failing, found, 0};
    // First whole stretches, then single items; again until no single one can be spared.
    for (std::size_t stretch = std::max<std::size_t>(1, failing.items.size() / 2); stretch > 0;) {
        bool spared = false;
        for (std::size_t from = 0; from < result.smallest.items.size();) {
            plan candidate = result.smallest;
            const std::size_t count = std::min(stretch, candidate.items.size() - from);
            const auto first = candidate.items.begin() + static_cast<std::ptrdiff_t>(from);
            candidate.items.erase(first, first + static_cast<std::ptrdiff_t>(count));
            if (const auto still = still_fails(in, candidate, found.what)) {
                result.smallest = std::move(candidate);
                result.found = *still;
                result.left_out += count;
                spared = true;
            } else {
                from += stretch;
            }
        }
        if (stretch == 1 && !spared) {
            break;
        }
        stretch = std::max<std::size_t>(1, stretch / 2);
    }
    return result;
}

}  // namespace redlock::sim
