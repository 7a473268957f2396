// A set of nodes as a bit mask: the currency in which rounds count votes and name whom to send to.
// A value of eight bytes; no allocation.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "redlock/types.hpp"

namespace redlock::core {

class node_set {
  public:
    static constexpr std::size_t max_nodes = 63;

    constexpr node_set() = default;
    /// The nodes 0 .. count-1.
    [[nodiscard]] static constexpr node_set all(std::size_t count) {
        return node_set{(std::uint64_t{1} << count) - 1};
    }

    [[nodiscard]] static constexpr node_set only(node_index node) { return node_set{bit(node)}; }

    constexpr void insert(node_index node) { bits_ |= bit(node); }
    constexpr void erase(node_index node) { bits_ &= ~bit(node); }
    [[nodiscard]] constexpr bool contains(node_index node) const {
        return (bits_ & bit(node)) != 0;
    }
    [[nodiscard]] constexpr std::size_t size() const {
        return static_cast<std::size_t>(std::popcount(bits_));
    }
    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }

    friend constexpr node_set operator|(node_set a, node_set b) {
        return node_set{a.bits_ | b.bits_};
    }
    friend constexpr node_set operator&(node_set a, node_set b) {
        return node_set{a.bits_ & b.bits_};
    }
    friend constexpr node_set operator-(node_set a, node_set b) {
        return node_set{a.bits_ & ~b.bits_};
    }
    friend constexpr bool operator==(node_set, node_set) = default;

    /// Calls `visit(node_index)` for each member in ascending order.
    template <class Visitor>
    constexpr void for_each(Visitor&& visit) const {
        for (std::uint64_t rest = bits_; rest != 0; rest &= rest - 1) {
            visit(static_cast<node_index>(std::countr_zero(rest)));
        }
    }

    /// Whether each node of `whole` is in exactly one of `parts`, and no other node is.
    [[nodiscard]] static constexpr bool is_partition(node_set whole,
                                                     std::initializer_list<node_set> parts) {
        node_set seen;
        for (const node_set part : parts) {
            if (!(seen & part).empty()) {
                return false;
            }
            seen = seen | part;
        }
        return seen == whole;
    }

  private:
    constexpr explicit node_set(std::uint64_t bits) : bits_(bits) {}
    static constexpr std::uint64_t bit(node_index node) { return std::uint64_t{1} << node; }

    std::uint64_t bits_ = 0;
};

}  // namespace redlock::core
