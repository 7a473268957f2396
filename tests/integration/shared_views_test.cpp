// What shared locks look like from outside, on real servers: to those who ask, to those who are
// refused, and to those who take one over by its token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::UnorderedElementsAre;

struct shared_views : testing::Test {
    /// Until each node has so many readers.
    [[nodiscard]] bool read_everywhere(const std::string& name, std::size_t count) {
        return turned.until([&] {
            const auto told = one.status(name).nodes;
            return std::ranges::all_of(
                told, [&](const node_status& view) { return view.reader_count == count; });
        });
    }
    [[nodiscard]] static auto tells_of(const lock& reader) {
        return Field(&lock_holder::token, reader.token());
    }

    cluster nodes{3};
    loop turned;
    client one{turned, nodes.urls()};
    client other{turned, nodes.urls()};
};

TEST_F(shared_views, tell_of_each_reader) {
    lock first = one.take_shared("page", {.lease_time = 60s, .label = "report on host-7"});
    lock second = other.take_shared("page", {.lease_time = 30s});
    ASSERT_TRUE(read_everywhere("page", 2));
    const resource_status told = other.status("page");
    EXPECT_EQ(told.verdict, lock_verdict::held);
    EXPECT_EQ(told.mode, lock_mode::shared);
    EXPECT_EQ(told.holder, lock_token{"redlock:shared"});
    EXPECT_EQ(told.reader_count, 2U);
    ASSERT_THAT(told.readers, ElementsAre(tells_of(first), tells_of(second)));
    EXPECT_EQ(told.readers[0].label, "report on host-7");
    EXPECT_EQ(told.readers[0].fencing, first.fencing_token());
    EXPECT_EQ(told.readers[1].fencing, second.fencing_token());
    EXPECT_GT(told.readers[0].remaining, 30s);
    EXPECT_LE(told.readers[1].remaining, 30s);
    EXPECT_EQ(told.remaining, told.readers[0].remaining);
    for (const node_status& view : told.nodes) {
        EXPECT_EQ(view.mode, lock_mode::shared);
        EXPECT_THAT(view.readers, ElementsAre(tells_of(first), tells_of(second)));
    }
    EXPECT_THAT(one.is_locked("page"), testing::Pair(error_code{}, true));
    EXPECT_FALSE(one.release(first));
    EXPECT_FALSE(other.release(second));
    ASSERT_TRUE(read_everywhere("page", 0));
    EXPECT_EQ(one.status("page").mode, std::nullopt);
    const lock writer = one.take("page");
    EXPECT_EQ(other.status("page").mode, lock_mode::exclusive);
}

TEST_F(shared_views, list_them_as_any_lock) {
    const lock reader = one.take_shared("page:1");
    const lock writer = one.take("page:2");
    EXPECT_THAT(other.list().second, ElementsAre(resource_name{"page:1"}, resource_name{"page:2"}));
    EXPECT_THAT(other.list({.pattern = "*:1"}).second, ElementsAre(resource_name{"page:1"}));
    std::vector<std::pair<std::string, lock_mode>> active;
    for (const active_lock& each : one.manager->active_locks()) {
        active.emplace_back(each.resource.str(), each.mode);
    }
    EXPECT_THAT(active, UnorderedElementsAre(std::pair{"page:1", lock_mode::shared},
                                             std::pair{"page:2", lock_mode::exclusive}));
}

TEST_F(shared_views, name_the_readers_to_who_is_refused) {
    lock first = one.take_shared("page", {.label = "the only one"});
    ASSERT_TRUE(read_everywhere("page", 1));
    const auto single = other.try_acquire("page")->why.holder;
    ASSERT_TRUE(single);
    EXPECT_EQ(single->mode, lock_mode::shared);
    EXPECT_EQ(single->readers, 1U);
    EXPECT_EQ(single->token, first.token());
    EXPECT_EQ(single->label, "the only one");
    const lock second = one.take_shared("page");
    ASSERT_TRUE(read_everywhere("page", 2));
    const auto both = other.try_acquire("page")->why.holder;
    ASSERT_TRUE(both);
    EXPECT_EQ(both->readers, 2U);
    EXPECT_EQ(both->token, lock_token{"redlock:shared"});
    EXPECT_GT(both->remaining, 0s);
}

TEST_F(shared_views, find_a_reader_by_its_token_to_extend_and_release_it) {
    const std::vector<acquire_options> kinds{{.lease_time = 10s},
                                             {.lease_time = 10s, .label = "left over"},
                                             {.lease_time = 10s, .identifier = "my own"}};
    for (const acquire_options& kind : kinds) {
        lock beside = one.take_shared("page", {.lease_time = 5s});
        lock held = one.take_shared("page", kind);
        const auto fencing = held.fencing_token();
        const lock_token token = held.detach();
        ASSERT_TRUE(read_everywhere("page", 2));
        const auto attached = other.attach("page", token);
        ASSERT_FALSE(attached->error) << attached->why.to_string();
        EXPECT_TRUE(attached->value.valid());
        EXPECT_EQ(attached->value.mode(), lock_mode::shared);
        EXPECT_EQ(attached->value.token(), token);
        EXPECT_EQ(attached->value.fencing_token(), fencing);
        EXPECT_FALSE(other.extend(attached->value, 50s));
        EXPECT_GT(one.status("page").remaining, 20s);
        EXPECT_FALSE(other.release(attached->value));
        EXPECT_TRUE(read_everywhere("page", 1)) << "the one beside it stays";
        EXPECT_EQ(other.attach("page", token)->error, errc::lost);
        EXPECT_FALSE(one.release(beside));
        EXPECT_TRUE(turned.until([&] { return nodes.having("page") == 0; }));
    }
}

TEST_F(shared_views, find_a_reader_among_more_than_a_node_lists) {
    lock held = one.take_shared("page", {.lease_time = 10s});
    std::vector<lock> beside;
    for (int i = 0; i < 120; ++i) {
        beside.push_back(other.take_shared("page", {.lease_time = 60s}));
    }
    const resource_status told = one.status("page");
    EXPECT_EQ(told.verdict, lock_verdict::held);
    EXPECT_GE(told.reader_count, 120U);
    EXPECT_LE(told.readers.size(), 100U);
    const auto attached = other.attach("page", held.detach());
    ASSERT_FALSE(attached->error) << attached->why.to_string();
    EXPECT_FALSE(other.extend(attached->value, 20s));
    EXPECT_FALSE(other.release(attached->value));
}

TEST_F(shared_views, find_no_reader_that_is_gone_or_stays_for_its_minimum) {
    lock beside = one.take_shared("page", {.lease_time = 60s});
    lock held = one.take_shared("page", {.lease_time = 60s, .min_hold = 60s});
    const lock_token token = held.token();
    EXPECT_FALSE(one.release(held));
    ASSERT_TRUE(read_everywhere("page", 2)) << "it stays";
    EXPECT_EQ(other.attach("page", token)->error, errc::lost);
    EXPECT_EQ(other.attach("page", lock_token{"none"})->error, errc::lost);
    EXPECT_TRUE(beside.valid());
}

TEST_F(shared_views, find_a_reader_that_was_a_writer) {
    lock held = one.take("page", {.lease_time = 60s, .label = "once a writer"});
    EXPECT_FALSE(one.downgrade(held));
    ASSERT_TRUE(read_everywhere("page", 1));
    const resource_status told = other.status("page");
    ASSERT_THAT(told.readers, ElementsAre(tells_of(held)));
    EXPECT_EQ(told.readers[0].label, "once a writer");
    const auto attached = other.attach("page", held.detach());
    ASSERT_FALSE(attached->error) << attached->why.to_string();
    EXPECT_EQ(attached->value.mode(), lock_mode::shared);
    EXPECT_FALSE(other.release(attached->value));
    EXPECT_TRUE(turned.until([&] { return nodes.having("page") == 0; }));
}

TEST_F(shared_views, keep_their_word_where_a_node_has_lost_its_list) {
    // With a label, and so in a list though it is alone.
    lock reader = one.take_shared("page", {.lease_time = 60s, .renew = false, .label = "x"});
    ASSERT_TRUE(read_everywhere("page", 1));
    nodes[0].command({"DEL", "redlock:readers:{page}"});
    const resource_status told = other.status("page");
    EXPECT_EQ(told.verdict, lock_verdict::held);
    EXPECT_EQ(told.nodes[0].mode, lock_mode::shared);
    EXPECT_EQ(told.nodes[0].reader_count, 0U);
    ASSERT_THAT(told.readers, ElementsAre(tells_of(reader)));
    nodes[1].command({"DEL", "redlock:readers:{page}"});
    nodes[1].command({"SET", "redlock:readers:{page}", "no set"});
    const resource_status blind = other.status("page");
    EXPECT_EQ(blind.verdict, lock_verdict::held) << "nobody else can have it";
    EXPECT_TRUE(blind.readers.empty());
    EXPECT_THAT(blind.nodes[1].key_message, testing::HasSubstr("redlock:readers:{page}"));
}

}  // namespace
}  // namespace redlock::integration
