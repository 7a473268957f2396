// EXTEND where it plants a lock again, and RELEASE by who knows only the token, on a real server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scripts/script_node.hpp"

namespace redlock::scripts {
namespace {

class planting : public testing::Test {
  protected:
    [[nodiscard]] std::string extend(std::int64_t last) const {
        return node.extend({.last = last, .plants = true});
    }
    void set_fence(std::int64_t value) const {
        node.server.command({"SET", node.fence, std::to_string(value)});
    }

    script_node node;
};

TEST_F(planting, puts_lock_and_fence_where_there_is_nothing) {
    EXPECT_EQ(extend(500), "2");
    EXPECT_EQ(node.server.get(node.lock), "me");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(hour_ms));
    EXPECT_EQ(node.server.get(node.fence), "500");
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms));
    EXPECT_EQ(node.server.command({"EXISTS", node.holder}), "0");
    EXPECT_EQ(extend(500), "extended") << "from now on it is held";
}

TEST_F(planting, is_done_up_to_the_own_block_and_not_above) {
    for (const std::int64_t fence : {1, 499, 500}) {
        node.server.command({"DEL", node.lock});
        set_fence(fence);
        EXPECT_EQ(extend(500), "2") << fence;
        EXPECT_EQ(node.server.get(node.fence), "500");
    }
    for (const std::int64_t fence : {501, 502, 9'000}) {
        node.server.command({"DEL", node.lock});
        set_fence(fence);
        EXPECT_EQ(extend(500), "-1") << fence;
        EXPECT_EQ(node.server.get(node.lock), std::nullopt);
        EXPECT_EQ(node.server.get(node.fence), std::to_string(fence));
    }
}

TEST_F(planting, takes_nothing_from_another_holder) {
    node.server.command({"SET", node.lock, "other"});
    EXPECT_EQ(extend(500), "0");
    EXPECT_EQ(node.server.get(node.lock), "other");
    EXPECT_EQ(node.server.get(node.fence), std::nullopt);
}

TEST_F(planting, is_not_done_unless_asked_for) {
    EXPECT_EQ(node.extend({.last = 500}), "-1");
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
}

TEST_F(planting, brings_the_details_back) {
    EXPECT_EQ(node.extend({.last = 500, .plants = true, .holder_record = "5 2 me label"}), "2");
    EXPECT_EQ(node.server.get(node.holder), "5 2 me label");
    EXPECT_THAT(node.server.pttl(node.holder), fresh(hour_ms));
}

TEST_F(planting, is_barred_by_a_release_with_a_bar) {
    const auto ballot = node.time_us();
    ASSERT_EQ(node.acquire({.ballot = ballot}), "granted");
    EXPECT_EQ(node.release({.bar = ballot + 1}), "1");
    EXPECT_EQ(extend(ballot), "-1");
}

TEST_F(planting, is_not_barred_by_a_bar_that_is_only_as_high_as_the_block) {
    // Which is why a bar is one above it.
    const auto ballot = node.time_us();
    ASSERT_EQ(node.acquire({.ballot = ballot}), "granted");
    EXPECT_EQ(node.release({.bar = ballot}), "1");
    EXPECT_EQ(extend(ballot), "2");
}

TEST_F(planting, is_barred_by_who_knows_only_the_token) {
    const auto ballot = node.time_us();
    ASSERT_EQ(node.acquire({.ballot = ballot, .last = ballot + 1000}), "granted");
    // The bar that can be read off the token is below the block's end.
    EXPECT_EQ(node.release({.bar = ballot + 1, .above_the_fence = true}), "1");
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot + 1001));
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms));
    EXPECT_EQ(extend(ballot + 1000), "-1");
}

TEST_F(planting, is_barred_by_who_knows_only_a_token_without_a_number) {
    ASSERT_EQ(node.acquire({.token = "theirs", .ballot = node.time_us()}), "granted");
    const auto fence = std::stoll(*node.server.get(node.fence));
    EXPECT_EQ(node.release({.token = "theirs", .above_the_fence = true}), "1");
    EXPECT_EQ(node.server.get(node.fence), std::to_string(fence + 1));
}

TEST_F(planting, a_word_about_nothing_bars_nothing_by_the_fence) {
    set_fence(500);
    EXPECT_EQ(node.release({.above_the_fence = true}), "0");
    EXPECT_EQ(node.server.get(node.fence), "500");
}

}  // namespace
}  // namespace redlock::scripts
