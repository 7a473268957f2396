// STATUS of a shared lock on a real server: who reads, for how long, and with which record.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "scripts/readers_fixture.hpp"

namespace redlock::scripts {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Pair;

class readers_status : public readers_fixture {};

TEST_F(readers_status, tells_of_each_reader_with_its_deadline_and_its_record) {
    ASSERT_EQ(acquire_shared({.token = "a", .lease_ms = hour_ms, .record = "5 1 a la\nbel"}),
              "TIME");
    ASSERT_EQ(acquire_shared({.token = "b", .lease_ms = 5 * hour_ms}), "TIME");
    const auto deadline_of = [&](const std::string& member) {
        return std::to_string(score(member).value_or(0));
    };
    EXPECT_THAT(status(), EndsWith("\nb\n" + deadline_of(":b") + "\n(nil)\na\n" +
                                   deadline_of(":a") + "\n5 1 a la\nbel\n2"));
    ASSERT_EQ(release_shared({.token = "a", .keep_ms = minute_ms}), "1");
    EXPECT_THAT(status(), HasSubstr("\na\n" + deadline_of("!a") + "\n5 1 a la\nbel\n2"));
}

TEST_F(readers_status, leaves_out_the_dead_the_released_and_what_cannot_be_read) {
    begin_set(1);
    put("dead", -1);
    entomb("barred");
    const std::string deadline = std::to_string(put("me"));
    node.server.command({"ZADD", readers, deadline, "x", "+inf", ":a", deadline + ".5", ":b",
                         "-" + deadline, "=9 x", "-" + deadline, "=2 mer"});
    EXPECT_THAT(status(), EndsWith("\n-2\nme\n" + deadline + "\nr\n1"));
}

TEST_F(readers_status, tells_of_a_hundred_and_how_many_there_are) {
    begin_set(1);
    words command{"ZADD", readers};
    for (int i = 0; i < 250; ++i) {
        command.push_back(std::to_string(now_ms() + hour_ms + i));
        command.push_back(":" + std::to_string(i) + "-");
    }
    node.server.command(command);
    const std::string told = status();
    EXPECT_THAT(told, EndsWith("\n250"));
    EXPECT_THAT(told, testing::AllOf(HasSubstr("\n249-\n"), HasSubstr("\n150-\n"),
                                     testing::Not(HasSubstr("\n149-\n"))));
}

TEST_F(readers_status, tells_of_one_of_thousands_by_its_token) {
    ASSERT_EQ(acquire_shared({.token = "a", .record = "5 1 a label"}), "TIME");
    const std::string deadline = std::to_string(score(":a").value_or(0));
    words command{"ZADD", readers};
    for (int i = 0; i < 2000; ++i) {
        command.push_back(std::to_string(now_ms() + 2 * hour_ms + i));
        command.push_back(":" + std::to_string(i) + "-");
    }
    node.server.command(command);
    EXPECT_THAT(status("a"), EndsWith("\na\n" + deadline + "\n5 1 a label\n2001"));
    EXPECT_THAT(status("1999-"), HasSubstr("\n1999-\n"));
    EXPECT_THAT(status("b"), EndsWith("\n\n2001"));
}

TEST_F(readers_status, tells_of_none_that_was_released_or_is_dead_by_its_token) {
    ASSERT_EQ(acquire_shared({.token = "a"}), "TIME");
    ASSERT_EQ(acquire_shared({.token = "b"}), "TIME");
    ASSERT_EQ(release_shared({.token = "a", .keep_ms = minute_ms}), "1");
    put("dead", -1);
    entomb("barred");
    for (const std::string token : {"a", "dead", "barred", "since 0"}) {
        EXPECT_THAT(status(token), EndsWith("\n\n2")) << token;
    }
    hold("b");
    EXPECT_THAT(status("b"), EndsWith("\n\n0"));
}

TEST_F(readers_status, tells_of_nobody_unless_the_key_is_the_marker) {
    EXPECT_THAT(status(), EndsWith("\n-2\n\n0"));
    begin_set(1);
    put("me");
    hold("writer");
    EXPECT_THAT(status(), EndsWith("\n-2\n\n0"));
    set_free();
    EXPECT_THAT(status(), EndsWith("\n-2\n\n0"));
    begin_set(1);
    EXPECT_THAT(status(), EndsWith("\n1"));
    node.server.command({"DEL", readers});
    EXPECT_THAT(status(), EndsWith("\n-2\n\n0"));
    node.server.command({"HSET", readers, "a", "b"});
    EXPECT_THAT(status(), EndsWith("\n-2\n0\n0")) << "0 in place of the readers";
}

TEST_F(readers_status, writes_nothing) {
    begin_set(1);
    put("me");
    node.forget_calls();
    ASSERT_THAT(status(), EndsWith("\n1"));
    EXPECT_THAT(node.calls(), ElementsAre(Pair("get", 3), Pair("pttl", 2), Pair("time", 3),
                                          Pair("zcount", 1), Pair("zrevrangebyscore", 2)));
}

}  // namespace
}  // namespace redlock::scripts
