// What is made of a node's answer to HELLO: a vote, or the reason why there is none.
#include "driver/greeting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/replies.hpp"

namespace redlock::driver {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const guard_terms ours = guard_terms::of({}, 3);

parsed<std::chrono::milliseconds> told(std::string_view kept, std::int64_t remaining = 0) {
    const std::string bytes =
        "*2\r\n:" + std::to_string(remaining) + "\r\n" + written_reply::bulk(kept);
    return parse_hello(written_reply{bytes}.view(), key_names{}, ours);
}

std::string with(void (*change)(guard_terms&)) {
    guard_terms other = ours;
    change(other);
    return other.to_string();
}

TEST(greeting, the_same_settings_give_a_vote_after_what_remains) {
    EXPECT_EQ(told(ours.to_string()).vote, 0ms);
    EXPECT_EQ(told(ours.to_string(), 1500).vote, 1500ms);
    EXPECT_EQ(told(ours.to_string(), 1'000'000'000).vote, ours.quarantine()) << "never longer";
    EXPECT_EQ(told("", 7).vote, 7ms) << "nobody has left any";
}

TEST(greeting, another_number_of_nodes_gives_none_and_bars) {
    for (const std::size_t nodes : {1U, 2U, 5U}) {
        guard_terms other = ours;
        other.nodes = nodes;
        const auto refused = told(other.to_string());
        EXPECT_FALSE(refused.vote);
        EXPECT_EQ(refused.why.cause, node_errc::different_nodes);
        EXPECT_THAT(refused.why.message,
                    HasSubstr("nodes is 3 here and " + std::to_string(nodes) + " there"));
    }
    EXPECT_EQ(told("nodes=1").why.cause, node_errc::different_nodes) << "whoever wrote so little";
}

TEST(greeting, each_other_setting_gives_none_by_name) {
    const auto refused = [](void (*change)(guard_terms&)) {
        const auto answer = told(with(change));
        EXPECT_FALSE(answer.vote);
        EXPECT_EQ(answer.why.cause, node_errc::configuration_mismatch);
        return answer.why.message;
    };
    EXPECT_THAT(refused([](guard_terms& to) { to.max_lease_time += 1ms; }),
                AllOf(HasSubstr("max_lease_time is 60000 ms here and 60001 ms there"),
                      Not(HasSubstr("clock_"))));
    EXPECT_THAT(refused([](guard_terms& to) { to.clock_window += 1ms; }),
                HasSubstr("clock_window is "));
    EXPECT_THAT(refused([](guard_terms& to) { to.fence_lifetime += 1ms; }),
                HasSubstr("fence_lifetime is "));
    EXPECT_THAT(refused([](guard_terms& to) { to.clock_step += 1ms; }),
                HasSubstr("clock_step is "));
}

TEST(greeting, what_another_version_wrote_gives_none) {
    for (const std::string& kept : {ours.to_string() + " more=1", "x" + ours.to_string(),
                                    ours.to_string() + " ", std::string{"nonsense"}}) {
        const auto refused = told(kept);
        EXPECT_FALSE(refused.vote) << kept;
        EXPECT_EQ(refused.why.cause, node_errc::configuration_mismatch) << kept;
        EXPECT_NE(refused.why.message, "") << kept;
    }
}

TEST(greeting, anything_else_gives_none) {
    for (const std::string_view bytes :
         {"+OK\r\n", ":0\r\n", "*1\r\n:0\r\n", "*2\r\n:-1\r\n$0\r\n\r\n", "*2\r\n:0\r\n:0\r\n",
          "-NOPERM\r\n", "$-1\r\n"}) {
        const auto refused = parse_hello(written_reply{bytes}.view(), key_names{}, ours);
        EXPECT_FALSE(refused.vote) << bytes;
        EXPECT_TRUE(refused.why.cause) << bytes;
    }
}

TEST(greeting, says_whether_to_leave_anything) {
    EXPECT_TRUE(encode_hello(key_names{}, {}, ours, hello_form::records).ends_with("$1\r\n1\r\n"));
    EXPECT_TRUE(encode_hello(key_names{}, {}, ours, hello_form::reads).ends_with("$1\r\n0\r\n"));
    EXPECT_THAT(encode_hello(key_names{}, {}, ours, hello_form::reads),
                HasSubstr(ours.to_string()));
}

}  // namespace
}  // namespace redlock::driver
