// The rules of a Redis Cluster: slots of keys against the published ones, the slot map from replies
// of both shapes, and everything a peer could say instead.
#include "redis/cluster/cluster_slots.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "redis/wire/resp_reader.hpp"

namespace redlock::redis::cluster_slots_cases {
namespace {

using kind = slot_refusal::kind;

const server_address asked{"10.0.0.1", 7000};

/// Reads `bytes` as the answer to CLUSTER SLOTS.
boost::system::result<slot_map, std::string_view> map_of(const std::string& bytes) {
    resp_reader reader;
    reader.feed({bytes.data(), bytes.size()});
    EXPECT_EQ(reader.next(), resp_reader::status::reply);
    return slot_map::read(reader.current(), asked);
}

std::string bulk(std::string_view text) {
    return "$" + std::to_string(text.size()) + "\r\n" + std::string{text} + "\r\n";
}

std::string server(std::string_view host, int port, std::string_view id,
                   const std::string& more = {}) {
    return (more.empty() ? "*3\r\n" : "*4\r\n") + bulk(host) + ":" + std::to_string(port) + "\r\n" +
           bulk(id) + more;
}

std::string range(int first, int last, const std::string& master, const std::string& replica = {}) {
    return (replica.empty() ? "*3\r\n:" : "*4\r\n:") + std::to_string(first) +
           "\r\n:" + std::to_string(last) + "\r\n" + master + replica;
}

TEST(slot_of, is_that_of_the_specification) {
    EXPECT_EQ(slot_of("123456789"), 0x31C3);  // the check value of CRC16/XMODEM
    EXPECT_EQ(slot_of(""), 0);
    EXPECT_EQ(slot_of("foo"), 12182);
    EXPECT_EQ(slot_of("{user1000}.following"), slot_of("{user1000}.followers"));
    EXPECT_EQ(slot_of("{user1000}.following"), slot_of("user1000"));
    EXPECT_EQ(slot_of("foo{{bar}}zap"), slot_of("{bar"));
    EXPECT_EQ(slot_of("foo{bar}{zap}"), slot_of("bar"));
    EXPECT_NE(slot_of("foo{}{bar}"), slot_of("bar")) << "an empty tag is none";
}

TEST(hash_tag, is_what_stands_between_the_first_braces) {
    EXPECT_TRUE(has_hash_tag("{a}"));
    EXPECT_TRUE(has_hash_tag("x}{a}"));
    EXPECT_FALSE(has_hash_tag("a"));
    EXPECT_FALSE(has_hash_tag("a}b"));
    EXPECT_FALSE(has_hash_tag("{a"));
    EXPECT_FALSE(has_hash_tag("{}{a}"));
}

TEST(read_refusal, understands_what_a_cluster_says) {
    const auto moved = read_refusal("MOVED 3999 127.0.0.1:6381", asked);
    EXPECT_EQ(moved.what, kind::moved);
    EXPECT_EQ(moved.slot, 3999);
    EXPECT_EQ(moved.where, (server_address{"127.0.0.1", 6381}));
    const auto ask = read_refusal("ASK 16383 ::1:6381", asked);
    EXPECT_EQ(ask.what, kind::ask);
    EXPECT_EQ(ask.where, (server_address{"::1", 6381}));
    EXPECT_EQ(read_refusal("MOVED 1 :6381", asked).where, (server_address{"10.0.0.1", 6381}))
        << "the host that was asked";
    EXPECT_EQ(read_refusal("MOVED 1 ?:6381", asked).where.host, "") << "unknown";
    EXPECT_EQ(read_refusal("TRYAGAIN Multiple keys request during rehashing of slot", asked).what,
              kind::try_again);
    EXPECT_EQ(read_refusal("CLUSTERDOWN Hash slot not served", asked).what, kind::cluster_down);
}

TEST(read_refusal, takes_nothing_else_for_one) {
    for (const char* text : {"", "ERR MOVED 1 a:1", "MOVED", "MOVED 1", "MOVED 1 a", "MOVED 1 a:",
                             "MOVED 1 a:0", "MOVED 1 a:65536", "MOVED 16384 a:1", "MOVED -1 a:1",
                             "MOVED x a:1", "MOVEDX 1 a:1", "ASKING 1 a:1", "TRYAGAINST x"}) {
        EXPECT_EQ(read_refusal(text, asked).what, kind::none) << text;
    }
}

TEST(slot_map, reads_what_redis_answers) {
    const auto map = map_of("*3\r\n" +
                            range(0, 5460, server("127.0.0.1", 7001, "bbb", "*0\r\n"),
                                  server("127.0.0.1", 7004, "ddd", "*0\r\n")) +
                            range(5461, 10922, server("", 7002, "aaa")) +
                            range(10923, 16382, server("127.0.0.1", 7001, "bbb")));
    ASSERT_TRUE(map);
    ASSERT_EQ(map->masters().size(), 2U);
    EXPECT_EQ(map->masters()[0].id, "aaa") << "in the order of their ids";
    EXPECT_EQ(*map->serving(0), (server_address{"127.0.0.1", 7001}));
    EXPECT_EQ(*map->serving(5461), (server_address{"10.0.0.1", 7002})) << "the host that was asked";
    EXPECT_EQ(*map->serving(16382), (server_address{"127.0.0.1", 7001}));
    EXPECT_EQ(map->serving(16383), nullptr);
    EXPECT_TRUE(map->has({"127.0.0.1", 7001}));
    EXPECT_FALSE(map->has({"127.0.0.1", 7004})) << "a replica";
    EXPECT_EQ(map->slots_of(map->masters()[0]), "5461-10922");
    EXPECT_EQ(map->slots_of(map->masters()[1]), "0-5460 10923-16382");
}

TEST(slot_map, takes_the_address_of_a_server_that_does_not_know_its_name) {
    const std::string unknown = server("?", 7001, "aaa", "*2\r\n" + bulk("ip") + bulk("10.0.0.7"));
    const auto map = map_of("*1\r\n" + range(0, 16383, unknown));
    ASSERT_TRUE(map);
    EXPECT_EQ(*map->serving(1), (server_address{"10.0.0.7", 7001}));
    const auto null = map_of("*1\r\n*3\r\n:0\r\n:1\r\n*3\r\n$-1\r\n:7001\r\n" + bulk("aaa"));
    ASSERT_TRUE(null);
    EXPECT_EQ(*null->serving(1), (server_address{"10.0.0.1", 7001}));
}

TEST(slot_map, learns_from_moved) {
    auto map = map_of("*1\r\n" + range(0, 16383, server("127.0.0.1", 7001, "aaa")));
    ASSERT_TRUE(map);
    map->assign(7, {"127.0.0.1", 7002});
    EXPECT_EQ(*map->serving(7), (server_address{"127.0.0.1", 7002}));
    EXPECT_EQ(*map->serving(8), (server_address{"127.0.0.1", 7001}));
    EXPECT_EQ(map->slots_of(map->masters()[0]), "0-6 8-16383");
    EXPECT_EQ(map->slots_of(map->masters()[1]), "7");
}

TEST(slot_map, refuses_what_is_no_map) {
    const std::string good = server("h", 7001, "aaa");
    for (const std::string& bytes :
         {std::string{"*0\r\n"}, std::string{"+OK\r\n"}, std::string{"-ERR no cluster\r\n"},
          "*1\r\n" + range(0, 16384, good), "*1\r\n" + range(-1, 5, good),
          "*1\r\n" + range(5, 4, good), "*1\r\n" + range(0, 5, server("h", 0, "aaa")),
          "*1\r\n" + range(0, 5, server("h", 65536, "aaa")),
          std::string{"*1\r\n*3\r\n:0\r\n:5\r\n$1\r\nx\r\n"}, std::string{"*1\r\n:1\r\n"}}) {
        EXPECT_FALSE(map_of(bytes)) << bytes;
    }
    EXPECT_TRUE(slot_map{}.empty());
    EXPECT_EQ(slot_map{}.serving(1), nullptr);
}

TEST(slot_map, tells_why_a_map_cannot_be_used) {
    const std::string one = server("h", 7001, "aaa");
    const std::string other = server("h", 7002, "bbb");
    EXPECT_EQ(map_of("*0\r\n").error(), "no slot of the cluster has a master");
    EXPECT_EQ(map_of("*1\r\n" + range(0, 16384, one)).error(),
              "what it answered is no map of slots");
    EXPECT_EQ(map_of("*2\r\n" + range(0, 9, one) + range(9, 20, other)).error(),
              "it names two masters of one slot");
}

TEST(slot_map, is_read_in_the_time_of_one_walk) {
    // Each range is a tree of its own: looked up by its place, each would be a walk over all before
    // it, and the whole a matter of minutes.
    constexpr int ranges = 130'000;
    std::string bytes = "*" + std::to_string(ranges + 1) + "\r\n";
    for (int i = 0; i < ranges; ++i) {
        bytes += range(i % 16384, i % 16384, server("h", 1 + i % 900, "a"));
    }
    EXPECT_EQ(map_of(bytes + ":1\r\n").error(), "it names two masters of one slot");
    // As does what stands beside a name.
    std::string beside = "*" + std::to_string(2 * ranges) + "\r\n";
    for (int i = 0; i < ranges; ++i) {
        beside += bulk("ip") + "*2\r\n:1\r\n:2\r\n";
    }
    const auto map = map_of("*1\r\n" + range(0, 1, server("?", 7001, "aaa", beside)));
    ASSERT_TRUE(map);
    EXPECT_EQ(map->serving(0)->host, "10.0.0.1");
}

std::string map_of_masters(int count) {
    std::string bytes = "*" + std::to_string(count) + "\r\n";
    for (int i = 0; i < count; ++i) {
        bytes += range(i, i, server("10.1.0." + std::to_string(i % 250), 7000 + i, ""));
    }
    return bytes;
}

TEST(slot_map, has_a_bound_for_masters) {
    auto map = map_of(map_of_masters(1000));
    ASSERT_TRUE(map);
    EXPECT_EQ(map->masters().size(), slot_map::most_masters);
    EXPECT_EQ(map->serving(999)->port, 7999);
    map->assign(3, {"10.9.9.9", 1});
    EXPECT_EQ(map->masters().size(), slot_map::most_masters) << "nor by being told of one more";
    EXPECT_EQ(map->serving(3)->port, 7003);
    map->assign(3, {"10.1.0.4", 7004});
    EXPECT_EQ(map->serving(3)->port, 7004) << "but to one that is known";
    EXPECT_EQ(map_of(map_of_masters(1001)).error(), "it names more than 1000 masters");
}

TEST(hosts, that_no_host_can_be_are_not_believed) {
    for (const std::string& host : {std::string(256, 'h'), std::string{"a b"},
                                    std::string{"a\x1b[2J"}, std::string{"\x80"}}) {
        EXPECT_FALSE(map_of("*1\r\n" + range(0, 5, server(host, 7001, "aaa")))) << host;
        const auto moved = read_refusal("MOVED 1 " + host + ":7001", asked);
        EXPECT_TRUE(moved.where.host.empty()) << host;
    }
    const std::string unknown =
        server("?", 7001, "aaa", "*2\r\n" + bulk("ip") + bulk(std::string(256, '1')));
    EXPECT_FALSE(map_of("*1\r\n" + range(0, 5, unknown)));
    EXPECT_EQ(read_refusal("MOVED 1 " + std::string(255, 'h') + ":1", asked).where.host.size(),
              255U);
}

}  // namespace
}  // namespace redlock::redis::cluster_slots_cases
