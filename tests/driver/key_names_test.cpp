// What the keys beside a lock are called, and that a real server agrees that they share a slot.
#include "driver/key_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "redis/cluster_slots.hpp"
#include "support/redis_peer.hpp"
#include "support/redis_server.hpp"

namespace redlock::driver {
namespace {

const std::vector<std::string> names_in_one_slot{
    "a",     "orders:42",   "{a",     "a{b",         "{",        "{a}",
    "{a}b",  "a{b}c",       "a{b}}c", "a{b}{c}",     "{{a}}",    "x}{a}",
    "}{a}{", "{user:1}.in", ":a",     ":{a}",        "{a}:{b}}", std::string("\0{\n}\xff", 5),
    "é",     "a b",         "{{{",    "foo{{bar}}z", "*?[a]",    "redlock:fence:{a}"};
const std::vector<std::string> names_apart{"a}b", "{}",  "{}a",   "}",
                                           "}{",  "}{a", "{}{a}", "a{}b{c}"};

TEST(key_names, have_braces_unless_the_name_brings_its_own) {
    EXPECT_EQ(fence_key("orders:42"), "redlock:fence:{orders:42}");
    EXPECT_EQ(holder_key("orders:42"), "redlock:holder:{orders:42}");
    EXPECT_EQ(line_key("orders:42"), "redlock:line:{orders:42}");
    EXPECT_EQ(fence_key("{orders}:42"), "redlock:fence::{orders}:42");
    EXPECT_EQ(holder_key("{orders}:42"), "redlock:holder::{orders}:42");
    EXPECT_EQ(line_key("a{b}c"), "redlock:line::a{b}c");
    EXPECT_EQ(fence_key("a}b"), "redlock:fence:{a}b}");
}

TEST(key_names, share_a_slot_where_that_is_promised_as_a_server_reckons) {
    support::redis_server_options clustered;
    clustered.arguments = {"--cluster-enabled",
                           "yes",
                           "--dir",
                           testing::TempDir(),
                           "--cluster-config-file",
                           "redlock-key-names.conf",
                           "--cluster-port",
                           std::to_string(support::free_port())};
    const support::redis_server server{clustered};
    support::redis_peer peer{server.port()};
    const auto slot_there = [&](const std::string& key) {
        return peer.ask({"CLUSTER", "KEYSLOT", key});
    };
    for (const std::string& name : names_in_one_slot) {
        EXPECT_TRUE(keys_share_a_slot(name)) << name;
        for (const std::string& key : {name, fence_key(name), holder_key(name), line_key(name)}) {
            EXPECT_EQ(slot_there(key), slot_there(name)) << key;
            EXPECT_EQ(slot_there(key), std::to_string(redis::slot_of(key))) << key;
        }
    }
    for (const std::string& name : names_apart) {
        EXPECT_FALSE(keys_share_a_slot(name)) << name;
        EXPECT_NE(slot_there(fence_key(name)), slot_there(name)) << name;
    }
    std::remove((testing::TempDir() + "/redlock-key-names.conf").c_str());
}

TEST(key_names, lead_back_to_the_name) {
    for (const auto* list : {&names_in_one_slot, &names_apart}) {
        for (const std::string& name : *list) {
            EXPECT_EQ(resource_of_fence(fence_key(name)), name);
            EXPECT_EQ(resource_of_fence(holder_key(name)), std::nullopt);
            EXPECT_TRUE(is_auxiliary(fence_key(name)));
            EXPECT_TRUE(is_auxiliary(holder_key(name)));
        }
    }
    EXPECT_EQ(resource_of_fence("redlock:fence:"), std::nullopt);
    EXPECT_EQ(resource_of_fence("redlock:fence:{"), std::nullopt);
    EXPECT_EQ(resource_of_fence("redlock:fence:{a"), std::nullopt);
    EXPECT_EQ(resource_of_fence("redlock:fence:a"), std::nullopt);
    EXPECT_FALSE(is_auxiliary("orders"));
}

}  // namespace
}  // namespace redlock::driver
