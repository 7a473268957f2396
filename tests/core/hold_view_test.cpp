// What is known of a held lock between its renewals: which nodes are to be looked at, and when so
// many have lost it that it is lost. In every small world, against a plain count.
#include "core/hold_view.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "core/quorum.hpp"
#include "core/small_scope.hpp"

namespace redlock::core::hold_view_cases {
namespace {

using small_scope::nodes;

TEST(hold_view, has_seen_nothing_at_first) {
    hold_view view{3};
    EXPECT_FALSE(view.lost());
    EXPECT_EQ(view.take_unseen(), node_set::all(3));
    EXPECT_TRUE(view.take_unseen().empty());
}

TEST(hold_view, looks_again_only_where_something_changed) {
    hold_view view{5};
    static_cast<void>(view.take_unseen());
    view.on_changed(3);
    view.on_changed(1);
    view.on_changed(3);
    EXPECT_EQ(view.take_unseen(), nodes({1, 3}));
    EXPECT_TRUE(view.take_unseen().empty());
}

TEST(hold_view, what_changes_after_the_question_is_asked_about_again) {
    hold_view view{3};
    static_cast<void>(view.take_unseen());
    view.on_changed(0);
    EXPECT_EQ(view.take_unseen(), nodes({0}));
    view.on_changed(0);
    view.on_held(0);
    EXPECT_EQ(view.take_unseen(), nodes({0}));
}

TEST(hold_view, a_change_alone_is_no_loss) {
    hold_view view{3};
    for (node_index node = 0; node < 3; ++node) {
        view.on_changed(node);
    }
    static_cast<void>(view.take_unseen());
    EXPECT_FALSE(view.lost());
}

TEST(hold_view, is_lost_when_no_quorum_can_hold_it_and_not_before) {
    for (std::size_t count = 1; count <= small_scope::most_nodes; ++count) {
        hold_view view{count};
        for (std::size_t gone = 0; gone < count; ++gone) {
            EXPECT_EQ(view.lost(), count - gone < quorum_of(count)) << gone << " of " << count;
            view.on_gone(static_cast<node_index>(gone));
            view.on_gone(static_cast<node_index>(gone));
        }
        EXPECT_TRUE(view.lost());
    }
}

TEST(hold_view, a_node_that_was_healed_counts_again) {
    hold_view view{3};
    view.on_gone(0);
    view.on_gone(1);
    EXPECT_TRUE(view.lost());
    view.on_held(1);
    EXPECT_FALSE(view.lost());
    view.on_gone(2);
    EXPECT_TRUE(view.lost());
}

TEST(hold_view, looks_again_where_an_extension_may_have_healed_before_it_speaks_of_a_loss) {
    hold_view view{3};
    static_cast<void>(view.take_unseen());
    view.on_gone(0);
    view.on_extended();
    EXPECT_FALSE(view.wants_a_look()) << "one alone decides nothing";
    view.on_gone(2);
    EXPECT_FALSE(view.lost());
    EXPECT_TRUE(view.wants_a_look());
    EXPECT_EQ(view.take_unseen(), nodes({0}));
    view.on_held(0);
    EXPECT_FALSE(view.lost());
    view.on_extended();
    view.on_gone(0);
    EXPECT_EQ(view.take_unseen(), nodes({2}));
    view.on_gone(2);
    EXPECT_TRUE(view.lost());
}

TEST(hold_view, counts_as_a_plain_list_would_whatever_is_found) {
    for (std::size_t count = 1; count <= 3; ++count) {
        // Of each finding: which node, and whether it holds, is gone, or only changed.
        const bool all = small_scope::for_each_row(5, count * 3, [&](const auto& findings) {
            hold_view view{count};
            static_cast<void>(view.take_unseen());
            std::array<bool, small_scope::most_nodes> gone{};
            node_set unseen;
            for (std::size_t i = 0; i < 5; ++i) {
                const auto node = static_cast<node_index>(findings[i] / 3);
                switch (findings[i] % 3) {
                    case 0:
                        view.on_held(node);
                        gone[node] = false;
                        break;
                    case 1:
                        view.on_gone(node);
                        gone[node] = true;
                        break;
                    default:
                        view.on_changed(node);
                        unseen.insert(node);
                        break;
                }
                const auto lost =
                    static_cast<std::size_t>(std::count(gone.begin(), gone.end(), true));
                EXPECT_EQ(view.lost(), count - lost < quorum_of(count));
            }
            EXPECT_EQ(view.take_unseen(), unseen);
            return !testing::Test::HasFailure();
        });
        ASSERT_TRUE(all);
    }
}

}  // namespace
}  // namespace redlock::core::hold_view_cases
