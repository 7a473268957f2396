// What a node says of the readers of a shared lock: a reply that fits nothing is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/replies.hpp"
#include "driver/token.hpp"
#include "driver/votes.hpp"

namespace redlock::driver {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string bulk_of(std::string_view bytes) {
    return written_reply::bulk(bytes);
}
/// Of a lock whose key is `key`: with these last two parts, and the node's time and the fence's
/// life.
parsed<node_status> status_of(const std::string& key, const std::string& readers,
                              const std::string& count) {
    return parse_status(written_reply{"*8\r\n" + key + ":9000\r\n$-1\r\n$-1\r\n" +
                                      ":1700000000000999\r\n:5000\r\n" + readers + count}
                            .view(),
                        "job", key_names{}, 10s);
}
std::string reader(const std::string& token, const std::string& deadline,
                   const std::string& record = "$-1\r\n") {
    return "*3\r\n" + bulk_of(token) + ":" + deadline + "\r\n" + record;
}

TEST(readers_replies, tell_the_mode_of_the_lock) {
    const auto mode = [](const std::string& key) {
        return status_of(key, "*0\r\n", ":0\r\n").vote.value().mode;
    };
    EXPECT_EQ(mode("$-1\r\n"), std::nullopt);
    EXPECT_EQ(mode(bulk_of("a")), lock_mode::exclusive);
    EXPECT_EQ(mode(":0\r\n"), lock_mode::exclusive) << "of another type, and in the way";
    EXPECT_EQ(mode(bulk_of("redlock:shared")), lock_mode::shared);
    EXPECT_EQ(mode(bulk_of("redlock:shared 5 me")), lock_mode::shared);
    EXPECT_EQ(mode(bulk_of("redlock:shared ")), lock_mode::shared) << "what cannot be read as well";
    EXPECT_EQ(mode(bulk_of("redlock:sharedX")), lock_mode::exclusive);
    for (const std::string_view value : {"redlock:shared", "redlock:shared 5 me"}) {
        EXPECT_EQ(status_of(bulk_of(value), "*0\r\n", ":0\r\n").vote->holder,
                  lock_token{"redlock:shared"});
    }
}

TEST(readers_replies, tell_of_readers_with_what_is_left_and_their_records) {
    const std::string ours{written_token{77, 1, 2}.view()};
    const auto view =
        status_of(bulk_of("redlock:shared"),
                  "*3\r\n" + reader(ours, "1700000009000") +
                      reader("own", "1700000000001", bulk_of(encode_holder(5, "own", "l"))) +
                      reader("late", "1699999999999", bulk_of(encode_holder(9, "x", "y"))),
                  ":250\r\n")
            .vote.value();
    EXPECT_EQ(view.reader_count, 250U);
    ASSERT_EQ(view.readers.size(), 3U);
    EXPECT_EQ(view.readers[0].token, lock_token{ours});
    EXPECT_EQ(view.readers[0].fencing, fencing_token{77});
    EXPECT_EQ(view.readers[0].remaining, 9000ms);
    EXPECT_EQ(view.readers[0].mode, lock_mode::shared);
    EXPECT_EQ(view.readers[1].fencing, fencing_token{5});
    EXPECT_EQ(view.readers[1].label, "l");
    EXPECT_EQ(view.readers[1].remaining, 1ms);
    EXPECT_EQ(view.readers[2].fencing, fencing_token{}) << "another's record";
    EXPECT_EQ(view.readers[2].remaining, 0ms);
    EXPECT_EQ(view.remaining, 9000ms);
    EXPECT_EQ(view.key_message, "");
}

TEST(readers_replies, tell_of_a_readers_key_of_another_type) {
    const auto view = status_of(bulk_of("redlock:shared"), ":0\r\n", ":0\r\n").vote.value();
    EXPECT_THAT(view.key_message, HasSubstr("the key redlock:readers:{job} there"));
    EXPECT_EQ(view.reader_count, 0U);
    EXPECT_TRUE(status_of(bulk_of("a"), "*0\r\n", ":0\r\n").vote);
}

TEST(readers_replies, are_no_status_if_they_are_anything_else) {
    const std::string marker = bulk_of("redlock:shared");
    const std::string one = "*1\r\n" + reader("a", "1700000009000");
    ASSERT_TRUE(status_of(marker, one, ":1\r\n").vote);
    for (const auto& [key, readers, count] : std::vector<std::array<std::string, 3>>{
             {bulk_of("a"), one, ":1\r\n"},
             {bulk_of("a"), "*0\r\n", ":1\r\n"},
             {"$-1\r\n", one, ":1\r\n"},
             {marker, one, ":0\r\n"},
             {marker, one, ":-1\r\n"},
             {marker, one, "$1\r\n1\r\n"},
             {marker, "$-1\r\n", ":1\r\n"},
             {marker, ":0\r\n", ":1\r\n"},
             {marker, ":1\r\n", ":0\r\n"},
             {marker, "*1\r\n$1\r\na\r\n", ":1\r\n"},
             {marker, "*1\r\n*2\r\n$1\r\na\r\n:5\r\n", ":1\r\n"},
             {marker, "*1\r\n" + reader("a", "-1"), ":1\r\n"},
             {marker, "*1\r\n" + reader("a", "9007199254740992"), ":1\r\n"},
             {marker, "*1\r\n" + reader("a", "5", ":0\r\n"), ":1\r\n"}}) {
        const auto told = status_of(key, readers, count);
        EXPECT_FALSE(told.vote) << key << readers << count;
        EXPECT_EQ(told.why.cause, node_errc::bad_reply) << key << readers << count;
    }
}

}  // namespace
}  // namespace redlock::driver
