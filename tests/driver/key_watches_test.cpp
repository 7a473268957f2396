// The list of who wants to know of a key: who is told of what, for how long, and when the list says
// that anybody is interested at all.
#include "driver/key_watches.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace redlock::driver {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using watch = key_watches::watch;

static_assert(!std::is_copy_constructible_v<watch> && !std::is_copy_assignable_v<watch>);
static_assert(std::is_nothrow_move_constructible_v<watch>);

struct noting_watcher final : key_watches::watcher {
    void on_key_changed(node_index node) override { told.push_back(node); }
    std::vector<node_index> told;
};

class watches : public testing::Test {
  protected:
    std::vector<bool> interest;
    key_watches all{[this](bool yes) { interest.push_back(yes); }};
    noting_watcher ann;
    noting_watcher bob;
};

TEST_F(watches, tell_whoever_watches_the_key) {
    const watch first{all, "a", ann};
    const watch second{all, "b", bob};
    all.tell(2, "a");
    EXPECT_THAT(ann.told, ElementsAre(2U));
    EXPECT_THAT(bob.told, IsEmpty());
    all.tell(0, "b");
    EXPECT_THAT(bob.told, ElementsAre(0U));
    all.tell(1, "ab");
    all.tell(1, "A");
    EXPECT_THAT(ann.told, ElementsAre(2U));
}

TEST_F(watches, tell_all_of_the_same_key) {
    const watch first{all, "a", ann};
    const watch second{all, "a", bob};
    all.tell(4, "a");
    EXPECT_THAT(ann.told, ElementsAre(4U));
    EXPECT_THAT(bob.told, ElementsAre(4U));
}

TEST_F(watches, tell_everybody_when_any_key_may_have_changed) {
    const watch first{all, "a", ann};
    const watch second{all, "b", bob};
    all.tell(1, "");
    EXPECT_THAT(ann.told, ElementsAre(1U));
    EXPECT_THAT(bob.told, ElementsAre(1U));
}

TEST_F(watches, take_any_bytes_for_a_key) {
    const std::string key{"a\0b", 3};
    const watch first{all, key, ann};
    all.tell(1, "a");
    EXPECT_THAT(ann.told, IsEmpty());
    all.tell(1, key);
    EXPECT_THAT(ann.told, ElementsAre(1U));
}

TEST_F(watches, end_with_their_handles) {
    {
        const watch first{all, "a", ann};
        EXPECT_TRUE(all.any());
    }
    EXPECT_FALSE(all.any());
    all.tell(1, "a");
    all.tell(1, "");
    EXPECT_THAT(ann.told, IsEmpty());
}

TEST_F(watches, are_of_interest_from_the_first_to_the_last) {
    EXPECT_THAT(interest, IsEmpty());
    std::optional<watch> first{std::in_place, all, "a", ann};
    EXPECT_THAT(interest, ElementsAre(true));
    std::optional<watch> second{std::in_place, all, "a", bob};
    first.reset();
    EXPECT_THAT(interest, ElementsAre(true));
    second.reset();
    EXPECT_THAT(interest, ElementsAre(true, false));
    first.emplace(all, "b", ann);
    EXPECT_THAT(interest, ElementsAre(true, false, true));
}

TEST_F(watches, end_only_their_own_of_several_of_one_key) {
    std::optional<watch> first{std::in_place, all, "a", ann};
    const watch second{all, "a", bob};
    first.reset();
    all.tell(0, "a");
    EXPECT_THAT(ann.told, IsEmpty());
    EXPECT_THAT(bob.told, ElementsAre(0U));
}

TEST_F(watches, go_on_where_their_handle_is_moved_to) {
    watch first{all, "a", ann};
    watch moved{std::move(first)};
    EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move)
    EXPECT_TRUE(moved);
    all.tell(1, "a");
    EXPECT_THAT(ann.told, ElementsAre(1U));
    watch assigned;
    EXPECT_FALSE(assigned);
    assigned = std::move(moved);
    all.tell(2, "a");
    EXPECT_THAT(ann.told, ElementsAre(1U, 2U));
    EXPECT_THAT(interest, ElementsAre(true));
}

TEST_F(watches, end_when_another_takes_their_handle) {
    watch mine{all, "a", ann};
    mine = watch{all, "b", bob};
    all.tell(1, "a");
    EXPECT_THAT(ann.told, IsEmpty());
    all.tell(1, "b");
    EXPECT_THAT(bob.told, ElementsAre(1U));
    EXPECT_THAT(interest, ElementsAre(true));
    mine = {};
    EXPECT_THAT(interest, ElementsAre(true, false));
    EXPECT_FALSE(all.any());
}

}  // namespace
}  // namespace redlock::driver
