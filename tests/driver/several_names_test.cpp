// The calls of a lock of several names as they leave, and which name an answer is about.
#include "driver/several_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "driver/attempt_world.hpp"
#include "driver/replies.hpp"

namespace redlock::driver {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

struct several_names : testing::Test {
    static lock_identity identity(detail::shared_text record = {}) {
        lock_identity who{"a", {1, 2}, {1000, 1000}};
        who.bring(extras_ptr{
            new lock_extras{std::move(record), std::vector<resource_name>{"a", "{b}", "c"}}});
        return who;
    }
    static std::string args(const std::vector<std::string>& words) {
        std::string all;
        for (const auto& each : words) {
            all += written_reply::bulk(each);
        }
        return all;
    }

    attempt_world world{{"redis://127.0.0.1:1"}};
    const node_pool& pool{*world.pool};
};

TEST_F(several_names, have_their_lock_and_their_fence_beside_each_other) {
    const lock_identity who = identity();
    const auto call = release_all_call(pool, who, 1001, std::chrono::milliseconds{0});
    EXPECT_EQ(call.script(), &scripts::release_all);
    EXPECT_EQ(call.key(), "a");
    EXPECT_THAT(std::string{call.command().encoded},
                HasSubstr(args({"6", "a", "redlock:fence:{a}", "{b}", "redlock:fence::{b}", "c",
                                "redlock:fence:{c}", who.token().str(), "1001"})));
    EXPECT_EQ(call.command().share.call, nullptr) << "it does not share calls";
}

TEST_F(several_names, have_a_holder_key_each_where_there_is_a_record) {
    const lock_identity who = identity(detail::share_text("the record"));
    const std::string keys = args({"9", "a", "redlock:fence:{a}", "redlock:holder:{a}", "{b}",
                                   "redlock:fence::{b}", "redlock:holder::{b}", "c",
                                   "redlock:fence:{c}", "redlock:holder:{c}", who.token().str()});
    const std::chrono::milliseconds lease{7000};
    const auto acquire = acquire_all_call(pool, who, lease, true, 0);
    EXPECT_THAT(
        std::string{acquire.command().encoded},
        testing::AllOf(HasSubstr(args({"12", "a", "redlock:fence:{a}", "redlock:line:{a}",
                                       "redlock:holder:{a}", "{b}"})),
                       EndsWith(args({"called -", "0", "60000", "200", "0", "1", "the record"}))));
    const auto waits = acquire_all_call(pool, identity(), lease, false, 77);
    EXPECT_THAT(std::string{waits.command().encoded},
                EndsWith(args({"called -", "77", "60000", "200", "0", "0"})));
    const auto extend = extend_all_call(pool, who, lease, true);
    EXPECT_THAT(std::string{extend.command().encoded},
                testing::AllOf(HasSubstr(keys), EndsWith(args({"1", "the record"}))));
    const auto release = release_all_call(pool, who, 0, std::chrono::milliseconds{3});
    EXPECT_THAT(
        std::string{release.command().encoded},
        testing::AllOf(HasSubstr(keys), EndsWith(args({"3", "1"})), Not(HasSubstr("record"))));
}

TEST_F(several_names, are_meant_by_their_number) {
    const lock_identity who = identity();
    const auto meant_by = [&](const std::string& bytes) {
        return name_meant_by(written_reply{bytes}.view(), who);
    };
    EXPECT_EQ(meant_by("*5\r\n:0\r\n:5\r\n$1\r\nx\r\n:0\r\n:0\r\n"), "a");
    EXPECT_EQ(meant_by("*5\r\n:0\r\n:5\r\n$1\r\nx\r\n:0\r\n:1\r\n"), "{b}");
    EXPECT_EQ(meant_by("*5\r\n:-1\r\n:5\r\n:6\r\n:7\r\n:2\r\n"), "c");
    for (const std::string odd : {":3", ":-1", ":9223372036854775807", "$1\r\n1"}) {
        EXPECT_EQ(meant_by("*5\r\n:0\r\n:5\r\n$1\r\nx\r\n:0\r\n" + odd + "\r\n"), "a") << odd;
    }
    EXPECT_EQ(meant_by("*2\r\n:-2\r\n:5\r\n"), "a");
    EXPECT_EQ(meant_by(":5\r\n"), "a");
    const lock_identity one{"alone", {1, 2}, {1000, 1000}};
    EXPECT_EQ(name_meant_by(written_reply{"*5\r\n:0\r\n:5\r\n$1\r\nx\r\n:0\r\n:1\r\n"}.view(), one),
              "alone");
}

TEST_F(several_names, get_a_ballot_above_the_fence_of_each) {
    const std::vector<resource_name> names{"a", "b", "c"};
    const auto largest = world.pool->next_block("a")->first + 3'000'000;
    world.pool->note_fence("b", largest);
    EXPECT_GT(world.pool->next_block(names)->first, largest);
    EXPECT_LT(world.pool->next_block("a")->first, largest);
}

}  // namespace
}  // namespace redlock::driver
