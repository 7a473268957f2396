// Who is asked where the master is, in which order, and what every kind of answer means.
#include "redis/sentinel/master_search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "redis/sentinel/sentinel_watch.hpp"

namespace redlock::redis::master_search_cases {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

sentinel_group group_of(std::string master) {
    sentinel_group group;
    group.addresses = {{"s1", 1}, {"s2", 2}, {"s3", 3}};
    group.master = std::move(master);
    group.user = "watcher";
    group.password = "hunter2";
    return group;
}

master_answer answer_of(std::string_view bytes) {
    resp_reader reader;
    reader.feed(bytes);
    EXPECT_EQ(reader.next(), resp_reader::status::reply) << bytes;
    return read_master(reader.current(), group_of("mymaster"));
}

TEST(master_question, names_the_master_whatever_it_is_called) {
    EXPECT_EQ(master_question(group_of("a b")),
              "*3\r\n$8\r\nSENTINEL\r\n$23\r\nGET-MASTER-ADDR-BY-NAME\r\n$3\r\na b\r\n");
}

TEST(read_master, takes_an_address) {
    const auto answer = answer_of("*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n");
    ASSERT_TRUE(answer.address);
    EXPECT_EQ(*answer.address, (server_address{"127.0.0.1", 6379}));
    EXPECT_TRUE(answer_of("*2\r\n$3\r\n::1\r\n$5\r\n65535\r\n").address);
    EXPECT_TRUE(answer_of("*2\r\n$14\r\nredis-1.intern\r\n$1\r\n1\r\n").address);
}

TEST(read_master, says_what_is_wrong_with_every_other_answer) {
    struct wrong {
        std::string bytes;
        node_errc cause;
        std::string why;
    };
    for (const auto& each : std::vector<wrong>{
             {"*-1\r\n", node_errc::error_reply, "it knows no master called \"mymaster\""},
             {"$-1\r\n", node_errc::error_reply, "it knows no master called \"mymaster\""},
             {"-IDONTKNOW no address\r\n", node_errc::error_reply, "IDONTKNOW no address"},
             {"-NOAUTH Authentication required.\r\n", node_errc::authentication_failed, "NOAUTH"},
             {"-NOPERM this user has no permissions\r\n", node_errc::permission_denied,
              "allow its user +sentinel|get-master-addr-by-name"},
             {"-DENIED protected mode\r\n", node_errc::protected_mode, "DENIED protected mode"},
             {"-ERR unknown command 'SENTINEL'\r\n", node_errc::unknown_command, "unknown command"},
             {"+OK\r\n", node_errc::bad_reply, "is it a Sentinel?"},
             {":1\r\n", node_errc::bad_reply, "is it a Sentinel?"},
             {"*0\r\n", node_errc::bad_reply, "no address"},
             {"*1\r\n$1\r\nh\r\n", node_errc::bad_reply, "no address"},
             {"*3\r\n$1\r\nh\r\n$1\r\n1\r\n$1\r\n1\r\n", node_errc::bad_reply, "no address"},
             {"*2\r\n$1\r\nh\r\n:1\r\n", node_errc::bad_reply, "no address"},
             {"*2\r\n$0\r\n\r\n$1\r\n1\r\n", node_errc::bad_reply, "no address"},
             {"*2\r\n$3\r\na b\r\n$1\r\n1\r\n", node_errc::bad_reply, "no address"},
             {"*2\r\n$1\r\nh\r\n$1\r\n0\r\n", node_errc::bad_reply, "no address"},
             {"*2\r\n$1\r\nh\r\n$5\r\n65536\r\n", node_errc::bad_reply, "no address"},
             {"*2\r\n$1\r\nh\r\n$2\r\n1x\r\n", node_errc::bad_reply, "no address"},
             {"*2\r\n$1\r\nh\r\n$2\r\n-1\r\n", node_errc::bad_reply, "no address"}}) {
        const auto answer = answer_of(each.bytes);
        EXPECT_FALSE(answer.address) << each.bytes;
        EXPECT_EQ(answer.cause, each.cause) << each.bytes;
        EXPECT_THAT(answer.why, HasSubstr(each.why)) << each.bytes;
    }
    EXPECT_THAT(answer_of("-ERR hunter2?\r\n").why, Not(HasSubstr("hunter2")));
}

TEST(sentinel_endpoint, is_a_plain_server_with_the_groups_own_user) {
    endpoint where;
    where.user = "worker";
    where.password = "other";
    where.database = 3;
    where.sentinel = group_of("mymaster");
    where.tls.emplace();
    where.tls->ca = "ca.pem";
    where.tls->server_name = "redis.intern";
    endpoint found = sentinel_endpoint(where, 1);
    EXPECT_EQ(found.host, "s2");
    EXPECT_EQ(found.port, 2);
    EXPECT_EQ(found.user, "watcher");
    EXPECT_EQ(found.password, "hunter2");
    EXPECT_EQ(found.database, 0U);
    EXPECT_FALSE(found.sentinel);
    EXPECT_FALSE(found.tls) << "the group does not speak it";
    where.sentinel->tls = true;
    found = sentinel_endpoint(where, 1);
    ASSERT_TRUE(found.tls);
    EXPECT_EQ(found.tls->ca, "ca.pem");
    EXPECT_EQ(found.tls->server_name, "") << "which is the servers' name";
}

endpoint watched(sentinel_group group = group_of("mymaster")) {
    endpoint where;
    where.sentinel = std::move(group);
    return where;
}

/// Their indexes.
std::vector<std::size_t> all_asked(master_search& search) {
    std::vector<std::size_t> asked;
    search.begin();
    while (const auto next = search.next()) {
        asked.push_back(next->port - 1U);
        search.failed(node_errc::not_connected, "s", "refused");
    }
    return asked;
}

TEST(master_search, asks_everyone_once) {
    master_search search{watched()};
    EXPECT_THAT(all_asked(search), ElementsAre(0, 1, 2));
    EXPECT_THAT(all_asked(search), ElementsAre(0, 1, 2));
}

TEST(master_search, begins_with_whoever_answered_last) {
    master_search search{watched()};
    search.begin();
    search.failed(node_errc::not_connected, "s", "refused");
    search.found();
    EXPECT_THAT(all_asked(search), ElementsAre(1, 2, 0));
}

TEST(master_search, leaves_the_one_that_misled) {
    master_search search{watched()};
    search.begin();
    search.found();
    search.misled();
    EXPECT_THAT(all_asked(search), ElementsAre(1, 2, 0));
    search.begin();
    search.prefer(2);
    EXPECT_THAT(all_asked(search), ElementsAre(2, 0, 1));
    search.misled();
    EXPECT_THAT(all_asked(search), ElementsAre(0, 1, 2));
}

TEST(master_search, tells_of_everyone_and_prefers_what_was_answered) {
    master_search search{watched()};
    search.begin();
    search.failed(node_errc::not_connected, "s1:1", "Connection refused while connecting");
    search.failed(node_errc::authentication_failed, "s2:2", "WRONGPASS while logging in");
    search.failed(node_errc::not_connected, "s3:3", "no answer");
    EXPECT_EQ(search.cause(), node_errc::authentication_failed);
    EXPECT_EQ(search.message(),
              "no Sentinel says where the master \"mymaster\" is: s1:1: Connection refused while "
              "connecting; s2:2: WRONGPASS while logging in; s3:3: no answer");
    search.begin();
    EXPECT_EQ(search.cause(), node_errc::not_connected);
    EXPECT_THAT(search.message(), Not(HasSubstr("s1")));
}

TEST(master_search, bounds_what_it_tells) {
    sentinel_group group = group_of(std::string(1000, 'm'));
    group.addresses.resize(100);
    master_search search{watched(std::move(group))};
    search.begin();
    for (int i = 0; i < 100; ++i) {
        search.failed(node_errc::error_reply, std::string(1000, 'h'), std::string(1000, 'w'));
    }
    EXPECT_LT(search.message().size(), 1200U);
    EXPECT_THAT(search.message(), AllOf(HasSubstr("; and 9"), HasSubstr(" more")));
}

TEST(sentinel_poll, needs_two_of_several_and_half_of_those_that_know_a_master) {
    const server_address here{"a", 1};
    const server_address there{"b", 1};
    const auto against = [&](const std::vector<std::optional<server_address>>& named) {
        sentinel_poll poll;
        poll.begin(named.size());
        for (std::size_t each = 0; each < named.size(); ++each) {
            EXPECT_FALSE(poll.over());
            poll.hear(each, named[each]);
            poll.hear(each, std::nullopt);  // another word of the same
        }
        EXPECT_TRUE(poll.over());
        return poll.against(here);
    };
    EXPECT_EQ(against({here, here, here}), std::nullopt);
    EXPECT_EQ(against({here, here, there}), std::nullopt) << "it may be cut off";
    EXPECT_EQ(against({here, there, there}), 1U);
    EXPECT_EQ(against({std::nullopt, there, there}), 1U);
    EXPECT_EQ(against({here, here, there, there}), 2U);
    EXPECT_EQ(against({here, here, here, there, there}), std::nullopt);
    EXPECT_EQ(against({std::nullopt, here, there}), std::nullopt) << "still one alone";
    EXPECT_EQ(against({std::nullopt, std::nullopt, there}), std::nullopt)
        << "just when the others cannot be reached";
    EXPECT_EQ(against({std::nullopt, there}), std::nullopt);
    EXPECT_EQ(against({there, there}), 0U);
    EXPECT_EQ(against({std::nullopt, std::nullopt}), std::nullopt);
    EXPECT_EQ(against({there}), 0U) << "where there is only one, it is believed";
    EXPECT_EQ(against({here, there, server_address{"c", 1}}), std::nullopt);
}

struct dissent_test : testing::Test {
    bool counts(const std::optional<server_address>& named, const server_address& present,
                std::chrono::seconds at) {
        return heard.counts(named, present, boot_clock::time_point{1h} + at);
    }

    const server_address here{"a", 1};
    const server_address there{"b", 1};
    dissent heard;
};

TEST_F(dissent_test, counts_when_it_is_said_again_and_then_once_a_minute) {
    EXPECT_FALSE(counts(std::nullopt, here, 0s));
    EXPECT_FALSE(counts(there, here, 2s)) << "they may just be hearing of it";
    EXPECT_TRUE(counts(there, here, 4s));
    EXPECT_FALSE(counts(there, here, 63s));
    EXPECT_TRUE(counts(there, here, 64s));
}

TEST_F(dissent_test, is_over_when_they_agree) {
    EXPECT_FALSE(counts(there, here, 0s));
    EXPECT_FALSE(counts(std::nullopt, here, 2s));
    EXPECT_FALSE(counts(there, here, 4s));
    EXPECT_TRUE(counts(there, here, 6s));
}

TEST_F(dissent_test, leads_back_only_after_a_while) {
    EXPECT_FALSE(counts(std::nullopt, here, 0s));
    EXPECT_FALSE(counts(here, there, 2s)) << "a failover, of which most have not heard yet";
    EXPECT_FALSE(counts(here, there, 11s));
    EXPECT_TRUE(counts(here, there, 12s));
}

}  // namespace
}  // namespace redlock::redis::master_search_cases
