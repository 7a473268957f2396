#include "core/turn.hpp"

#include <algorithm>
#include <limits>

namespace redlock::core {

turn::turn(const ballot_block& block, instant began, const limits& bounds)
    : fencing_(block.first), ends_(saturating_add(began, bounds.time)) {
    const std::uint64_t most =
        is_fenced() ? block.last - block.first : std::numeric_limits<std::uint32_t>::max();
    left_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(bounds.count, most));
}

std::uint64_t turn::block_width(std::size_t waiting, const limits& bounds) {
    const bool may_pass = waiting > 0 && bounds.count > 0 && bounds.time > duration{0};
    return may_pass ? std::uint64_t{bounds.count} + 1 : 1;
}

std::optional<std::uint64_t> turn::pass_on(instant now, instant valid_until, duration fresh,
                                           duration stop_margin) {
    if (left_ == 0 || now >= ends_) {
        return std::nullopt;
    }
    // Whoever asked for a lease time is given three quarters of the part in which to work at least.
    if (now >= valid_until || valid_until - now - stop_margin < (fresh - stop_margin) / 4 * 3) {
        return std::nullopt;
    }
    --left_;
    return is_fenced() ? ++fencing_ : 0;
}

}  // namespace redlock::core
