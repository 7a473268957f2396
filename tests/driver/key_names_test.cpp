// What the keys beside a lock are called, and that a real server agrees that they share a slot.
#include "driver/key_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "redis/cluster/cluster_slots.hpp"
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

const key_names plain;

TEST(key_names, have_braces_unless_the_name_brings_its_own) {
    EXPECT_EQ(plain.fence("orders:42"), "redlock:fence:{orders:42}");
    EXPECT_EQ(plain.holder("orders:42"), "redlock:holder:{orders:42}");
    EXPECT_EQ(plain.line("orders:42"), "redlock:line:{orders:42}");
    EXPECT_EQ(plain.readers("orders:42"), "redlock:readers:{orders:42}");
    EXPECT_EQ(plain.slot("orders:42", 7), "redlock:slot:{orders:42}:7");
    EXPECT_EQ(plain.slots("orders:42"), "redlock:slot:{orders:42}");
    EXPECT_EQ(plain.permits("orders:42"), "redlock:permits:{orders:42}");
    EXPECT_EQ(plain.fence("{orders}:42"), "redlock:fence::{orders}:42");
    EXPECT_EQ(plain.holder("{orders}:42"), "redlock:holder::{orders}:42");
    EXPECT_EQ(plain.line("a{b}c"), "redlock:line::a{b}c");
    EXPECT_EQ(plain.readers("a{b}c"), "redlock:readers::a{b}c");
    EXPECT_EQ(plain.slot("a{b}c", 0), "redlock:slot::a{b}c:0");
    EXPECT_EQ(plain.permits("a{b}c"), "redlock:permits::a{b}c");
    EXPECT_EQ(plain.fence("a}b"), "redlock:fence:{a}b}");
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
        for (const std::string& key :
             {name, plain.fence(name), plain.holder(name), plain.line(name), plain.readers(name)}) {
            EXPECT_EQ(slot_there(key), slot_there(name)) << key;
            EXPECT_EQ(slot_there(key), std::to_string(redis::slot_of(key))) << key;
        }
    }
    // Those of a semaphore lie together as well.
    for (const std::string& name : names_in_one_slot) {
        const std::string lock = plain.slot(name, 12);
        for (const std::string& key : {plain.slot(name, 0), plain.permits(name), plain.fence(lock),
                                       plain.holder(lock), plain.line(plain.slots(name))}) {
            EXPECT_EQ(slot_there(key), slot_there(lock)) << key;
        }
    }
    for (const std::string& name : names_apart) {
        EXPECT_FALSE(keys_share_a_slot(name)) << name;
        EXPECT_NE(slot_there(plain.fence(name)), slot_there(name)) << name;
    }
    std::remove((testing::TempDir() + "/redlock-key-names.conf").c_str());
}

TEST(key_names, lead_back_to_the_name) {
    for (const auto* list : {&names_in_one_slot, &names_apart}) {
        for (const std::string& name : *list) {
            EXPECT_EQ(plain.resource_of_fence(plain.fence(name)), name);
            EXPECT_EQ(plain.resource_of_fence(plain.holder(name)), std::nullopt);
            EXPECT_TRUE(plain.is_reserved(plain.fence(name)));
            EXPECT_TRUE(plain.is_reserved(plain.holder(name)));
            EXPECT_TRUE(plain.is_reserved(plain.readers(name)));
            EXPECT_TRUE(plain.is_reserved(plain.slot(name, 3)));
            EXPECT_TRUE(plain.is_reserved(plain.permits(name)));
        }
    }
    EXPECT_EQ(plain.resource_of_fence("redlock:fence:"), std::nullopt);
    EXPECT_EQ(plain.resource_of_fence("redlock:fence:{"), std::nullopt);
    EXPECT_EQ(plain.resource_of_fence("redlock:fence:{a"), std::nullopt);
    EXPECT_EQ(plain.resource_of_fence("redlock:fence:a"), std::nullopt);
    EXPECT_FALSE(plain.is_reserved("orders"));
    EXPECT_TRUE(plain.is_reserved("redlock:epoch"));
}

TEST(key_names, of_slots_lead_back_to_the_semaphore) {
    for (const key_names& keys : {plain, key_names{"team:"}}) {
        for (const auto* const all : {&names_in_one_slot, &names_apart}) {
            for (const std::string& name : *all) {
                const std::string key = keys.slot(name, 17);
                const auto its = keys.read_slot(key);
                ASSERT_TRUE(its) << name;
                EXPECT_EQ(its->semaphore, name);
                EXPECT_EQ(its->slot, 17U);
                const std::string fence = keys.fence(key);
                const auto of_fence = keys.resource_of_fence(fence);
                EXPECT_EQ(of_fence.value_or(""), key) << name;
            }
        }
    }
    for (const char* const none :
         {"", "a", "a:1", "redlock:slot:{a}", "redlock:slot:{a}:", "redlock:slot:{a}:x",
          "redlock:slot:{a}:1x", "redlock:slot:{a}:-1", "redlock:slot:{a}:1024", "redlock:slot:a:1",
          "redlock:slot:{}:1", "redlock:slot:::1", "redlock:fence:{a}:1",
          "team:redlock:slot:{a}:1"}) {
        EXPECT_FALSE(plain.read_slot(none)) << none;
    }
}

TEST(key_names, are_known_behind_any_prefix) {
    for (const std::string prefix : {"", "team:", "a-b/c."}) {
        const key_names theirs{prefix};
        for (const std::string& key :
             {theirs.epoch(), theirs.fence("a"), theirs.fence("{a}"), theirs.holder("a"),
              theirs.line("redlock:"), theirs.readers("a"), theirs.readers("{a}"),
              theirs.slot("a", 0), theirs.slot("{a}", 0), theirs.permits("a")}) {
            EXPECT_TRUE(key_names::is_anybodys_own(key)) << key;
            EXPECT_TRUE(plain.is_reserved(key)) << key;
        }
    }
    for (const std::string key : {"orders", "redlock:", "my-redlock:fence", "redlock:fence:a",
                                  "redlock:epoch:2", "team:redlock:jobs"}) {
        EXPECT_FALSE(key_names::is_anybodys_own(key)) << key;
    }
    EXPECT_TRUE(key_names::is_anybodys_own(std::string(max_key_prefix, 'x') + "redlock:epoch"));
    EXPECT_FALSE(key_names::is_anybodys_own(std::string(max_key_prefix + 1, 'x') + "redlock:epoch"))
        << "no prefix is as long";
}

TEST(key_names, stand_behind_the_prefix) {
    const key_names team{"team:"};
    EXPECT_EQ(team.epoch(), "team:redlock:epoch");
    EXPECT_EQ(team.fence("team:a"), "team:redlock:fence:{team:a}");
    EXPECT_EQ(team.holder("{team:a}"), "team:redlock:holder::{team:a}");
    EXPECT_EQ(team.line("team:a"), "team:redlock:line:{team:a}");
    EXPECT_EQ(team.readers("team:a"), "team:redlock:readers:{team:a}");
    EXPECT_EQ(team.slot("team:a", 1), "team:redlock:slot:{team:a}:1");
    EXPECT_EQ(team.permits("team:a"), "team:redlock:permits:{team:a}");
    EXPECT_EQ(team.every_fence(), "team:redlock:fence:[{:]*");
    EXPECT_EQ(team.resource_of_fence("team:redlock:fence:{a}"), "a");
    EXPECT_EQ(team.resource_of_fence("redlock:fence:{a}"), std::nullopt);
    EXPECT_TRUE(team.is_reserved("team:redlock:x"));
    EXPECT_EQ(team.vouch_command(), "`redlock vouch --key-prefix team:`");
    EXPECT_EQ(plain.vouch_command(), "`redlock vouch`");
    EXPECT_TRUE(team.is_reserved("redlock:x"));
    EXPECT_FALSE(team.is_reserved("team:x"));
    for (const std::string& name : names_in_one_slot) {
        EXPECT_EQ(redis::slot_of(team.fence(name)), redis::slot_of(name)) << name;
    }
}

}  // namespace
}  // namespace redlock::driver
