#include "core/turn.hpp"

namespace redlock::core {

std::uint64_t turn::block_width(std::size_t waiting, const limits& bounds) {
    const bool may_pass = waiting > 0 && bounds.count > 0 && bounds.time > duration{0};
    return may_pass ? std::uint64_t{bounds.count} + 1 : 1;
}

std::optional<std::uint64_t> turn::pass_on(instant now, instant valid_until, duration fresh,
                                           duration stop_margin) {
    const bool has_none_left = is_fenced() && fencing_ >= block_.last;
    if (passed_ >= bounds_.count || now - began_ >= bounds_.time || has_none_left) {
        return std::nullopt;
    }
    // Whoever asked for a lease time is given three quarters of the part in which to work at least.
    if (now >= valid_until || valid_until - now - stop_margin < (fresh - stop_margin) / 4 * 3) {
        return std::nullopt;
    }
    ++passed_;
    return is_fenced() ? ++fencing_ : 0;
}

}  // namespace redlock::core
