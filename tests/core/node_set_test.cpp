// The set of nodes against std::set: a mask that is off by one bit would release the wrong node.
#include "core/node_set.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include "core/small_scope.hpp"

namespace redlock::core::node_set_cases {
namespace {

using small_scope::nodes;

using twin = std::set<node_index>;

twin members(node_set set) {
    twin found;
    set.for_each([&](node_index node) { found.insert(node); });
    return found;
}

node_set made_of(const twin& from) {
    node_set set;
    for (const node_index node : from) {
        set.insert(node);
    }
    return set;
}

twin any_twin() {
    return *rc::gen::container<twin>(rc::gen::inRange<node_index>(0, node_set::max_nodes));
}

TEST(node_set, is_empty_at_first) {
    EXPECT_TRUE(node_set{}.empty());
    EXPECT_EQ(node_set{}.size(), 0U);
    EXPECT_EQ(members({}), twin{});
}

TEST(node_set, all_are_the_first_so_many) {
    for (std::size_t count = 0; count <= node_set::max_nodes; ++count) {
        const node_set set = node_set::all(count);
        EXPECT_EQ(set.size(), count);
        for (node_index node = 0; node < node_set::max_nodes; ++node) {
            EXPECT_EQ(set.contains(node), node < count) << node << " of " << count;
        }
    }
}

TEST(node_set, a_second_insert_or_erase_changes_nothing) {
    node_set set = nodes({3, 62});
    set.insert(3);
    EXPECT_EQ(set, nodes({3, 62}));
    set.erase(3);
    set.erase(3);
    EXPECT_EQ(set, nodes({62}));
}

TEST(node_set, visits_in_ascending_order) {
    std::vector<node_index> seen;
    nodes({62, 0, 31, 4}).for_each([&](node_index node) { seen.push_back(node); });
    EXPECT_EQ(seen, (std::vector<node_index>{0, 4, 31, 62}));
}

RC_GTEST_PROP(node_set, holds_what_was_inserted, ()) {
    const twin expected = any_twin();
    const node_set set = made_of(expected);
    RC_ASSERT(members(set) == expected);
    RC_ASSERT(set.size() == expected.size());
    RC_ASSERT(set.empty() == expected.empty());
}

RC_GTEST_PROP(node_set, calculates_like_a_set, ()) {
    const twin a = any_twin();
    const twin b = any_twin();
    twin both;
    twin either;
    twin only_a;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
    std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::inserter(either, either.end()));
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(),
                        std::inserter(only_a, only_a.end()));
    RC_ASSERT(members(made_of(a) & made_of(b)) == both);
    RC_ASSERT(members(made_of(a) | made_of(b)) == either);
    RC_ASSERT(members(made_of(a) - made_of(b)) == only_a);
    RC_ASSERT((made_of(a) == made_of(b)) == (a == b));
}

TEST(node_set, is_cut_into_parts_that_cover_it_once) {
    EXPECT_TRUE(node_set::is_partition({}, {}));
    EXPECT_TRUE(node_set::is_partition(node_set::all(3), {nodes({0, 2}), nodes({1}), {}}));
    EXPECT_FALSE(node_set::is_partition(node_set::all(3), {nodes({0, 2})})) << "1 is left out";
    EXPECT_FALSE(node_set::is_partition(node_set::all(2), {nodes({0, 1}), nodes({1})})) << "twice";
    EXPECT_FALSE(node_set::is_partition(node_set::all(1), {nodes({0, 1})})) << "1 is a stranger";
}

}  // namespace
}  // namespace redlock::core::node_set_cases
