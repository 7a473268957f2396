#include "core/fencing.hpp"

#include <algorithm>
#include <limits>

namespace redlock::core {

namespace {

/// The nodes' clock, at least 1.
std::uint64_t shifted_clock(std::int64_t wall_us, std::int64_t offset_us) {
    constexpr auto last = std::numeric_limits<std::int64_t>::max();
    if (wall_us > 0 && offset_us > last - wall_us) {
        return static_cast<std::uint64_t>(last);
    }
    if (wall_us < 0 && offset_us < -last - wall_us) {
        return 1;
    }
    return static_cast<std::uint64_t>(std::max<std::int64_t>(wall_us + offset_us, 1));
}

std::int64_t difference(std::int64_t from, std::int64_t what) {
    using limits = std::numeric_limits<std::int64_t>;
    if (what > 0 && from < limits::min() + what) {
        return limits::min();
    }
    if (what < 0 && from > limits::max() + what) {
        return limits::max();
    }
    return from - what;
}

}  // namespace

std::int64_t offset_of(std::int64_t node_us, wall_span during) {
    // Our own clock may have been set back meanwhile.
    const auto [first, last] = std::minmax(during.asked_us, during.answered_us);
    return std::clamp(during.offset_us, difference(node_us, last), difference(node_us, first));
}

std::uint64_t ballot_block::bar() const {
    return last + 1;
}

std::optional<ballot_block> next_block(std::uint64_t largest_fence, std::int64_t wall_us,
                                       std::int64_t offset_us, std::uint64_t width,
                                       std::uint64_t longest_lead_us) {
    // Both numbers may be any that a broken node answered: the sums must not wrap round.
    const std::uint64_t above = largest_fence < ballot_limit ? largest_fence + 1 : ballot_limit;
    const std::uint64_t clock = shifted_clock(wall_us, offset_us);
    const std::uint64_t first = std::max(above, clock);
    if (first - clock > longest_lead_us) {
        width = 1;
    }
    // One below the limit stays free for the bar.
    if (first >= ballot_limit - width) {
        return std::nullopt;
    }
    return ballot_block{first, first + width - 1};
}

std::int64_t believed_offset(std::span<std::int64_t> offsets_us) {
    if (offsets_us.empty()) {
        return 0;
    }
    const auto middle =
        offsets_us.begin() + static_cast<std::ptrdiff_t>((offsets_us.size() - 1) / 2);
    std::nth_element(offsets_us.begin(), middle, offsets_us.end());
    return *middle;
}

bool out_of_reach(std::uint64_t fence, std::int64_t node_us, std::int64_t window_us) {
    return fence >= shifted_clock(node_us, window_us);
}

bool fence_memory::believes(std::uint64_t fence, std::int64_t now_us) const {
    return fence <= shifted_clock(now_us, 2 * window_us_);
}

std::uint64_t fence_memory::largest(const std::string& resource, std::int64_t now_us) const {
    const auto found = fences_.find(resource);
    return found != fences_.end() && believes(found->second, now_us) ? found->second : 0;
}

void fence_memory::note(const std::string& resource, std::uint64_t fence, std::int64_t now_us) {
    if (now_us > 0 && fence < static_cast<std::uint64_t>(now_us)) {
        // The clock alone proposes more than this.
        return;
    }
    if (!believes(fence, now_us)) {
        return;
    }
    if (fences_.size() >= capacity_ && !fences_.contains(resource)) {
        forget_passed(now_us);
        if (fences_.size() >= capacity_) {
            return;
        }
    }
    auto& known = fences_[resource];
    known = std::max(known, fence);
}

void fence_memory::forget_passed(std::int64_t now_us) {
    std::erase_if(fences_, [now_us](const auto& entry) {
        return now_us > 0 && entry.second < static_cast<std::uint64_t>(now_us);
    });
}

}  // namespace redlock::core
