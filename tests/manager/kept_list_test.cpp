// The list that owns its entries: who is in it lives, who is out of it does not.
#include "manager/kept_list.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

namespace redlock::manager {
namespace {

struct thing : keepable<thing> {};

std::size_t size_of(const kept_list<thing>& list) {
    std::size_t count = 0;
    list.for_each([&](const auto& /*each*/) { ++count; });
    return count;
}

TEST(kept_list, keeps_what_is_added_until_it_is_removed) {
    kept_list<thing> list;
    auto one = std::make_shared<thing>();
    const std::weak_ptr<thing> watched = one;
    thing& entry = *one;
    list.add(std::move(one));
    EXPECT_FALSE(watched.expired());
    EXPECT_EQ(list.remove(entry).use_count(), 1);
    EXPECT_TRUE(watched.expired());
    EXPECT_EQ(size_of(list), 0U);
}

TEST(kept_list, has_each_once_however_often_it_is_added) {
    kept_list<thing> list;
    const auto one = std::make_shared<thing>();
    list.add(one);
    list.add(one);
    EXPECT_EQ(size_of(list), 1U);
    EXPECT_EQ(list.remove(*one), one);
    EXPECT_EQ(list.remove(*one), nullptr);
    list.add(one);
    EXPECT_EQ(size_of(list), 1U);
}

TEST(kept_list, hands_out_all_and_is_empty_then) {
    kept_list<thing> list;
    const auto one = std::make_shared<thing>();
    const auto two = std::make_shared<thing>();
    list.add(one);
    list.add(two);
    const auto all = list.take_all();
    EXPECT_EQ(all, (std::vector{one, two}));
    EXPECT_EQ(size_of(list), 0U);
    // What each does when it hears of its end.
    EXPECT_EQ(list.remove(*one), nullptr);
}

TEST(kept_list, lets_go_of_all_at_its_own_end) {
    std::weak_ptr<thing> watched;
    {
        kept_list<thing> list;
        const auto one = std::make_shared<thing>();
        watched = one;
        list.add(one);
    }
    EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace redlock::manager
