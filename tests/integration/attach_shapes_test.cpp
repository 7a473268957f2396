// Permits and locks of several resources that are taken over by their token, and what is told of
// semaphores, on real servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string slot_key(std::size_t slot) {
    return "redlock:slot:{pool}:" + std::to_string(slot);
}

struct attached : testing::Test {
    [[nodiscard]] bool on_all_nodes(const std::string& key, const std::string& value) {
        return turned.until([&] { return nodes.having(key, value) == nodes.size(); });
    }
    [[nodiscard]] bool gone(const std::string& key) {
        return turned.until([&] { return nodes.having(key) == 0; });
    }

    cluster nodes{3};
    loop turned;
    client one{turned, nodes.urls()};
    client other{turned, nodes.urls()};
};

using attached_permits = attached;
using attached_several = attached;
using semaphore_views = attached;

TEST_F(attached_permits, are_found_by_their_token_extended_and_released) {
    const semaphore pool{"pool", 3};
    lock first = one.take_any(pool, {.lease_time = 20s});
    lock held = one.take_any(pool, {.lease_time = 20s, .label = "me"});
    const auto slot = held.slot().value();
    const auto fencing = held.fencing_token();
    const lock_token token = held.detach();
    ASSERT_TRUE(on_all_nodes(slot_key(slot), token.str()));
    const auto got = other.attach_any(pool, token);
    ASSERT_FALSE(got->error) << got->why.to_string();
    lock& its = got->value;
    EXPECT_EQ(its.slot(), slot);
    EXPECT_EQ(its.resource(), "pool");
    EXPECT_EQ(its.token(), token);
    EXPECT_EQ(its.fencing_token(), fencing);
    EXPECT_TRUE(its.valid());
    EXPECT_FALSE(other.extend(its, 50s));
    // Two of three nodes decide, and this one may be the third.
    EXPECT_TRUE(turned.until([&] { return nodes[0].pttl(slot_key(slot)) > 30'000; }));
    EXPECT_FALSE(other.release(its));
    EXPECT_TRUE(gone(slot_key(slot)));
    EXPECT_EQ(nodes.having("redlock:holder::" + slot_key(slot)), 0U);
    EXPECT_EQ(other.attach_any(pool, token)->error, errc::lost);
    EXPECT_TRUE(first.valid());
    EXPECT_EQ(one.try_acquire(slot_key(slot))->error, errc::invalid_argument);
}

TEST_F(attached_permits, are_known_to_be_this_process_own_as_long_as_they_are_held) {
    // By chance alone a slot that is not known to be ours would be asked for every other time.
    for (int i = 0; i < 10; ++i) {
        const semaphore pool{"pool" + std::to_string(i), 2};
        lock held = one.take_any(pool, {.lease_time = 20s});
        const auto slot = held.slot().value();
        const auto got = other.attach_any(pool, held.detach());
        ASSERT_FALSE(got->error);
        lock beside = other.take_any(pool);
        EXPECT_NE(beside.slot(), slot);
        EXPECT_EQ(other.events().count(event_kind::attempt_failed), 0U);
        EXPECT_FALSE(other.release(got->value));
        lock again = other.take_any(pool);
        EXPECT_EQ(again.slot(), slot);
        EXPECT_EQ(other.events().count(event_kind::attempt_failed), 0U);
    }
}

TEST_F(attached_permits, of_no_such_token_or_number_are_refused) {
    const semaphore pool{"pool", 2};
    EXPECT_EQ(one.attach_any(pool, lock_token{"nobody's"})->error, errc::lost);
    EXPECT_EQ(one.attach_any({"pool", 0}, lock_token{"x"})->error, errc::invalid_argument);
    EXPECT_EQ(one.attach_any(pool, lock_token{})->error, errc::invalid_argument);
    lock held = one.take_any(pool);
    const auto refused = one.attach_any({"pool", 3}, held.token());
    EXPECT_EQ(refused->error, errc::permits_mismatch);
    EXPECT_THAT(refused->why.message, HasSubstr("3 permits here and 2 elsewhere"));
    EXPECT_EQ(other.attach_any({"pool", 3}, held.token())->error, errc::permits_mismatch);
    // A client that looks at too few slots must not take the permit for lost.
    lock next = one.take_any(pool);
    const lock& second = held.slot() == 1U ? held : next;
    const auto looked_at_one = other.attach_any({"pool", 1}, second.token());
    EXPECT_EQ(looked_at_one->error, errc::permits_mismatch);
    EXPECT_THAT(looked_at_one->why.message, HasSubstr("1 permits here and 2 for other clients"));
    nodes[0].kill();
    nodes[1].kill();
    EXPECT_EQ(other.attach_any(pool, held.token())->error, errc::no_quorum);
}

TEST_F(attached_several, are_one_lock_under_all_their_names) {
    lock held = one.take_all({"b", "a"}, {.lease_time = 20s, .label = "me"});
    const auto fencing = held.fencing_token();
    const lock_token token = held.detach();
    ASSERT_TRUE(on_all_nodes("a", token.str()) && on_all_nodes("b", token.str()));
    const auto got = other.attach_all({"b", "a"}, token);
    ASSERT_FALSE(got->error) << got->why.to_string();
    lock& its = got->value;
    EXPECT_THAT(its.resources(), ElementsAre("a", "b"));
    EXPECT_EQ(its.fencing_token(), fencing);
    EXPECT_FALSE(other.extend(its, 50s));
    for (const char* const name : {"a", "b"}) {
        EXPECT_TRUE(turned.until([&] {
            return nodes[0].pttl(name) > 30'000 && nodes[0].pttl(holder_of(name)) > 30'000;
        })) << name;
    }
    EXPECT_FALSE(other.release(its));
    EXPECT_TRUE(gone("a") && gone("b"));
    EXPECT_EQ(nodes.having(holder_of("a")) + nodes.having(holder_of("b")), 0U);
}

TEST_F(attached_several, need_the_token_under_each_name_on_the_same_majority) {
    lock held = one.take_all({"a", "b"}, {.lease_time = 20s});
    const lock_token token = held.detach();
    ASSERT_TRUE(on_all_nodes("a", token.str()) && on_all_nodes("b", token.str()));
    EXPECT_EQ(other.attach_all({"a", "b", "c"}, token)->error, errc::lost);
    nodes[0].command({"DEL", "a"});
    const auto still = other.attach_all({"a", "b"}, token);
    ASSERT_FALSE(still->error) << "two nodes have both";
    still->value.detach();
    nodes[1].command({"DEL", "b"});
    EXPECT_EQ(other.attach_all({"a", "b"}, token)->error, errc::lost)
        << "each name is on two nodes, both are on one";
    EXPECT_FALSE(other.attach("a", token)->error);
}

TEST_F(attached_several, are_valid_until_the_first_lease_ends) {
    lock held = one.take_all({"a", "b"}, {.lease_time = 50s});
    const lock_token token = held.detach();
    ASSERT_TRUE(on_all_nodes("a", token.str()) && on_all_nodes("b", token.str()));
    nodes.each([](redis_server& node) { node.command({"PEXPIRE", "b", "20000"}); });
    const auto got = other.attach_all({"a", "b"}, token);
    ASSERT_FALSE(got->error);
    EXPECT_LT(got->value.remaining(), 20s);
    EXPECT_GT(got->value.remaining(), 5s);
}

TEST_F(attached_several, leave_nothing_to_a_late_extension_once_they_are_released) {
    lock held = one.take_all({"a", "b"}, {.lease_time = 20s});
    const lock_token token = held.token();
    ASSERT_TRUE(on_all_nodes("a", token.str()) && on_all_nodes("b", token.str()));
    const auto got = other.attach_all({"a", "b"}, token);
    ASSERT_FALSE(got->error);
    EXPECT_FALSE(other.release(got->value));
    ASSERT_TRUE(gone("a") && gone("b"));
    EXPECT_EQ(one.extend(held), errc::lost);
    EXPECT_EQ(nodes.having("a") + nodes.having("b"), 0U) << "it would plant it again";
}

TEST_F(attached_several, that_do_not_go_together_are_refused_by_name) {
    EXPECT_EQ(one.attach_all({}, lock_token{"x"})->error, errc::no_resource);
    EXPECT_EQ(one.attach_all({"a", "a"}, lock_token{"x"})->error, errc::resource_twice);
    EXPECT_EQ(one.attach_all({"a", ""}, lock_token{"x"})->error, errc::invalid_argument);
}

TEST_F(semaphore_views, tell_of_each_permit_and_of_the_number_that_nodes_remember) {
    const semaphore pool{"pool", 3};
    EXPECT_EQ(other.status(pool).count(lock_verdict::free), 3U);
    EXPECT_FALSE(other.status(pool).remembered_permits);
    lock held = one.take_any(pool, {.label = "me"});
    const auto slot = held.slot().value();
    ASSERT_TRUE(on_all_nodes(slot_key(slot), held.token().str()));
    const semaphore_status seen = other.status(pool);
    EXPECT_EQ(seen.name, "pool");
    EXPECT_EQ(seen.remembered_permits, 3U);
    EXPECT_EQ(seen.count(lock_verdict::held), 1U);
    EXPECT_EQ(seen.count(lock_verdict::free), 2U);
    const resource_status& its = seen.slots.at(slot);
    EXPECT_EQ(its.slot, slot);
    EXPECT_EQ(its.resource, "pool");
    EXPECT_EQ(its.holder, held.token());
    EXPECT_EQ(its.fencing, held.fencing_token());
    EXPECT_EQ(its.label, "me");
    EXPECT_EQ(other.status({"pool", 2}).remembered_permits, 3U);
    nodes[0].command({"SET", "redlock:permits:{pool}", "3"});
    nodes[1].command({"SET", "redlock:permits:{pool}", "4"});
    EXPECT_EQ(other.status(pool).remembered_permits, 4U) << "the one that differs";
    EXPECT_THAT(other.status({"pool", 1025}).message, HasSubstr("from 1 to 1024"));
}

TEST_F(semaphore_views, are_listed_by_their_fences_or_by_the_names_of_those_held) {
    const auto listed = [this](std::string_view pattern) {
        std::vector<std::string> found;
        for (const semaphore& each : other.list_semaphores({.pattern = pattern}).second) {
            found.push_back(each.name.str() + "=" + std::to_string(each.permits));
        }
        return found;
    };
    lock in_pool = one.take_any({"pool", 1});
    lock in_tagged = one.take_any({"{a}b", 1});
    lock plain = one.take("job");
    EXPECT_THAT(listed(""), ElementsAre("pool=1", "{a}b=1"));
    EXPECT_THAT(listed("po*"), ElementsAre("pool=1"));
    EXPECT_THAT(listed("{a}*"), ElementsAre("{a}b=1"));
    EXPECT_THAT(listed("po"), ElementsAre());
    EXPECT_FALSE(one.release(in_pool));
    ASSERT_TRUE(gone(slot_key(0)));
    EXPECT_THAT(listed("*"), ElementsAre("{a}b=1"));
    EXPECT_THAT(listed(""), ElementsAre("pool=1", "{a}b=1")) << "its fence lives";
    EXPECT_THAT(other.list().second, ElementsAre("job"));
    lock longer = one.take_any({"pool:eu", 1});
    EXPECT_THAT(listed("pool"), ElementsAre()) << "its name only begins so";
    EXPECT_THAT(listed("pool*"), ElementsAre("pool:eu=1"));
}

}  // namespace
}  // namespace redlock::integration
