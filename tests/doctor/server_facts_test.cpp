// What INFO tells of a server.
#include "doctor/server_facts.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/number.hpp"

namespace redlock::doctor::server_facts_cases {
namespace {

using namespace std::chrono_literals;

TEST(server_facts, are_read_from_info) {
    const server_facts found = parse_server_facts(
        "# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\nuptime_in_seconds:90\r\n"
        "# Memory\r\nused_memory:1000\r\nmaxmemory:2000\r\nmaxmemory_policy:allkeys-lru\r\n"
        "# Persistence\r\nloading:1\r\nrdb_last_bgsave_status:ok\r\naof_enabled:1\r\n"
        "aof_last_write_status:err\r\n# Replication\r\nrole:slave\r\nconnected_slaves:2\r\n");
    EXPECT_EQ(found.software, "Redis");
    EXPECT_EQ(found.version, "7.0.15");
    EXPECT_EQ(found.run_id, "abc");
    EXPECT_EQ(found.uptime, 90s);
    EXPECT_EQ(found.used_memory, 1000U);
    EXPECT_EQ(found.max_memory, 2000U);
    EXPECT_EQ(found.eviction_policy, "allkeys-lru");
    EXPECT_EQ(found.loading, true);
    EXPECT_EQ(found.append_only, true);
    EXPECT_TRUE(found.writing_fails);
    EXPECT_EQ(found.role, "slave");
    EXPECT_EQ(found.replicas, 2U);
}

TEST(server_facts, tell_other_servers_by_their_own_names) {
    const server_facts valkey =
        parse_server_facts("redis_version:7.2.4\nserver_name:valkey\nvalkey_version:8.0.1\n");
    EXPECT_EQ(valkey.software, "Valkey");
    EXPECT_EQ(valkey.version, "8.0.1");
    EXPECT_EQ(valkey.redis_version, "7.2.4");
    EXPECT_EQ(parse_server_facts("dragonfly_version:df-1.2\nredis_version:7.2.0\n").software,
              "Dragonfly");
}

TEST(server_facts, that_cannot_be_read_are_missing) {
    const server_facts found = parse_server_facts(
        "loading:yes\nmaxmemory:-1\nuptime_in_seconds:1e9\naof_enabled:\nconnected_slaves:x\n"
        "uptime\n:\n");
    EXPECT_FALSE(found.loading || found.max_memory || found.uptime || found.append_only ||
                 found.replicas);
    EXPECT_TRUE(parse_server_facts("").software.empty());
    EXPECT_EQ(parse_server_facts("run_id:" + std::string(100'000, 'x')).run_id.size(), 128U);
}

TEST(server_facts, numbers_are_whole_and_without_sign) {
    EXPECT_EQ(base::number_in<std::uint64_t>("18446744073709551615"), 18'446'744'073'709'551'615U);
    for (const char* text : {"", "-1", "+1", " 1", "1 ", "1.5", "18446744073709551616"}) {
        EXPECT_FALSE(base::number_in<std::uint64_t>(text)) << text;
    }
}

}  // namespace
}  // namespace redlock::doctor::server_facts_cases
