// Enumeration of small worlds for the core's tests: every order of nodes, every way to fill a row
// of slots, and a fixed calendar to place events in. Only generates; what must hold in each world
// is said by the test that asks. Pure functions, any thread.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <ostream>
#include <string>

#include "core/instant.hpp"
#include "core/node_set.hpp"

namespace redlock::core::small_scope {

inline constexpr std::size_t most_nodes = 5;
using row = std::array<std::size_t, most_nodes>;

/// The moment at which every story begins: neither zero nor round, so that a forgotten start shows.
inline constexpr instant epoch = instant{std::chrono::milliseconds{123'457}};

/// So long after the epoch.
constexpr instant at(duration since) {
    return epoch + since;
}

/// Calls `visit(row)` with every order of 0 .. length-1, until it returns false.
template <class Visit>
bool for_each_order(std::size_t length, Visit&& visit) {
    row order{};
    for (std::size_t i = 0; i < length; ++i) {
        order[i] = i;
    }
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(length);
    do {
        if (!visit(static_cast<const row&>(order))) {
            return false;
        }
    } while (std::next_permutation(order.begin(), end));
    return true;
}

/// Calls `visit(row)` with every row of `length` numbers below `choices`, until it returns false.
template <class Visit>
bool for_each_row(std::size_t length, std::size_t choices, Visit&& visit) {
    row numbers{};
    for (;;) {
        if (!visit(static_cast<const row&>(numbers))) {
            return false;
        }
        std::size_t digit = 0;
        while (digit < length && ++numbers[digit] == choices) {
            numbers[digit++] = 0;
        }
        if (digit == length) {
            return true;
        }
    }
}

inline node_set nodes(std::initializer_list<node_index> members) {
    node_set set;
    for (const node_index node : members) {
        set.insert(node);
    }
    return set;
}

/// "024" for the nodes 0, 2 and 4.
inline std::string written(node_set set) {
    std::string text;
    set.for_each([&](node_index node) { text += static_cast<char>('0' + node); });
    return text;
}

}  // namespace redlock::core::small_scope

namespace redlock::core {

/// Lets a failed expectation name the members instead of eight bytes.
inline std::ostream& operator<<(std::ostream& out, node_set set) {
    return out << '{' << small_scope::written(set) << '}';
}

}  // namespace redlock::core
