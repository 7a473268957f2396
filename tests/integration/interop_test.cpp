// The bytes of a name, and the neighbours: a lock that another Redlock library took with a plain
// SET is respected, and its own commands respect ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace): tests only
using testing::Contains;

struct any_name : testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(bytes, any_name,
                         testing::Values("a\0b"s, "\0"s, "two\r\nlines"s, "{tag}rest"s, "}{"s,
                                         "a}b"s, "{}"s, "*?[x]"s, " "s, "\xff\xfe\x80"s,
                                         "$5\r\nhello\r\n"s, "gr\xc3\xbc\xc3\x9f"s,
                                         std::string(64 * 1024, 'x')),
                         [](const auto& each) { return "name" + std::to_string(each.index); });

TEST_P(any_name, works_in_every_operation) {
    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls()};
    const std::string& name = GetParam();
    lock held = user.take(name, {.label = "x"});
    ASSERT_TRUE(
        turned.until([&] { return nodes.having(name, held.token().str()) == nodes.size(); }));
    EXPECT_EQ(user.try_acquire(name)->error, errc::contended);
    EXPECT_EQ(user.status(name).holder, held.token());
    EXPECT_THAT(user.list().second, Contains(resource_name{name}));
    EXPECT_FALSE(user.extend(held, 30s));
    const lock_token token = held.detach();
    const auto attached = user.attach(name, token);
    ASSERT_FALSE(attached->error);
    EXPECT_FALSE(user.release(attached->value));
    EXPECT_TRUE(turned.until(
        [&] { return nodes.having(name) == 0 && nodes.having(fence_of(name)) == nodes.size(); }));
}

TEST(any_identifier, of_any_bytes_is_the_value_as_it_is) {
    cluster nodes{1};
    loop turned;
    client user{turned, nodes.urls()};
    for (const std::string& identifier : {"\0\r\n"s, "\xff"s, "0"s, std::string(64 * 1024, 'i')}) {
        lock held = user.take("job", {.identifier = identifier, .label = "l\0l"s});
        EXPECT_EQ(nodes[0].get("job"), identifier);
        EXPECT_EQ(user.status("job").fencing, held.fencing_token());
        EXPECT_EQ(user.status("job").label, "l\0l"s);
        EXPECT_FALSE(user.release(held));
    }
}

// What aioredlock and redsync run to give back a lock.
const std::vector<std::string> their_release(const std::string& name, const std::string& token) {
    return {"EVAL",
            "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else "
            "return 0 end",
            "1", name, token};
}

struct neighbours : testing::Test {
    void they_lock(std::size_t first, std::size_t end, const std::string& lease = "30000") {
        for (std::size_t node = first; node < end; ++node) {
            EXPECT_EQ(nodes[node].command({"SET", "job", "theirs", "NX", "PX", lease}), "OK");
        }
    }

    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls()};
};

TEST_F(neighbours, a_lock_of_theirs_on_a_quorum_is_respected) {
    they_lock(0, 2);
    EXPECT_EQ(user.try_acquire("job")->error, errc::contended);
    EXPECT_EQ(nodes.having("job", "theirs"), 2U);
    EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 2; })) << "our one vote is undone";
    EXPECT_EQ(nodes[0].command(their_release("job", "theirs")), "1");
    EXPECT_EQ(nodes[1].command(their_release("job", "theirs")), "1");
    EXPECT_FALSE(user.acquire("job")->error);
}

TEST_F(neighbours, a_vote_of_theirs_on_a_minority_neither_stops_us_nor_is_touched) {
    they_lock(0, 1);
    lock held = user.take("job");
    EXPECT_FALSE(user.extend(held));
    EXPECT_FALSE(user.release(held));
    EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 1; }));
    EXPECT_EQ(nodes[0].get("job"), "theirs");
    EXPECT_GT(nodes[0].pttl("job"), 10'000);
}

TEST_F(neighbours, our_lock_stops_theirs) {
    lock held = user.take("job");
    ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
    nodes.each([](redis_server& node) {
        EXPECT_EQ(node.command({"SET", "job", "theirs", "NX", "PX", "1000"}), "(nil)");
        EXPECT_EQ(node.command(their_release("job", "theirs")), "0");
    });
    EXPECT_FALSE(user.release(held));
    ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 0; }));
    they_lock(0, 3);
}

TEST_F(neighbours, we_wait_until_their_lease_ends) {
    they_lock(0, 3, "120");
    lock held = user.take("job");
    EXPECT_TRUE(held.valid());
    // They set their keys one after the other: on the last node theirs may be there a moment
    // longer.
    EXPECT_LE(nodes.having("job", "theirs"), 1U);
}

TEST_F(neighbours, the_status_shows_their_lock_without_a_fencing_token) {
    they_lock(0, 3);
    const resource_status told = user.status("job");
    EXPECT_EQ(told.verdict, lock_verdict::held);
    EXPECT_EQ(told.holder, lock_token{"theirs"});
    EXPECT_EQ(told.fencing.value(), 0U);
    EXPECT_GT(told.remaining.value_or(0ms), 10s);
    EXPECT_EQ(user.list().second.size(), 0U);
    EXPECT_EQ(user.list({.pattern = "jo?"}).second.size(), 1U);
}

TEST_F(neighbours, a_lock_of_theirs_can_be_attached_to_extended_and_released) {
    they_lock(0, 3, "5000");
    const auto attached = user.attach("job", lock_token{"theirs"});
    ASSERT_FALSE(attached->error);
    EXPECT_EQ(attached->value.fencing_token().value(), 0U);
    EXPECT_FALSE(user.extend(attached->value, 50s));
    EXPECT_TRUE(turned.until([&] { return nodes[2].pttl("job") > 30'000; }));
    EXPECT_FALSE(user.release(attached->value));
    EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 0; }));
}

TEST_F(neighbours, a_key_without_a_time_to_live_or_of_another_type_is_somebody_elses_lock) {
    nodes.each([](redis_server& node) { node.command({"SET", "job", "for ever"}); });
    EXPECT_EQ(user.try_acquire("job")->error, errc::contended);
    EXPECT_EQ(user.status("job").verdict, lock_verdict::held);
    EXPECT_FALSE(user.status("job").remaining);
    nodes.each([](redis_server& node) { node.command({"RPUSH", "list", "x"}); });
    EXPECT_EQ(user.try_acquire("list")->error, errc::contended);
    EXPECT_EQ(nodes.having("list"), 3U);
}

TEST_F(neighbours, their_script_can_release_our_lock_by_its_token) {
    lock held = user.take("job");
    ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
    nodes.each([&](redis_server& node) {
        EXPECT_EQ(node.command(their_release("job", held.token().str())), "1");
    });
    EXPECT_EQ(user.extend(held), errc::lost);
    EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 0; })) << "not planted again";
}

}  // namespace
}  // namespace redlock::integration
