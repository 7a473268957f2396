// The one parser of durations: units, fractions, and every way to get it wrong.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <redlock/duration.hpp>

#include "cli/base/duration.hpp"

namespace redlock {
namespace {

using namespace std::chrono_literals;

std::chrono::nanoseconds parsed(std::string_view text) {
    return parse_duration(text).value();
}

TEST(duration, takes_units) {
    EXPECT_EQ(parsed("10s"), 10s);
    EXPECT_EQ(parsed("1.5s"), 1500ms);
    EXPECT_EQ(parsed("200ms"), 200ms);
    EXPECT_EQ(parsed("250us"), 250us);
    EXPECT_EQ(parsed("2m"), 2min);
    EXPECT_EQ(parsed("1h"), 1h);
    EXPECT_EQ(parsed("3d"), 72h);
    EXPECT_EQ(parsed(".5s"), 500ms);
    EXPECT_EQ(parsed("5.s"), 5s);
}

TEST(duration, a_bare_number_is_seconds) {
    EXPECT_EQ(parsed("0"), 0s);
    EXPECT_EQ(parsed("7"), 7s);
    EXPECT_EQ(parsed("0.25"), 250ms);
}

TEST(duration, refuses_what_is_none) {
    for (const char* text : {"", ".", "s", "abc", "10 s", " 10s", "10s ", "10x", "10S", "1e3",
                             "+1s", "1.2.3s", "0x10", "1s2", "inf", "nan", "1m30s"}) {
        EXPECT_TRUE(parse_duration(text).has_error()) << text;
    }
}

TEST(duration, names_what_is_wrong) {
    EXPECT_EQ(parse_duration("-1s").error().message, "it must not be negative");
    EXPECT_EQ(parse_duration("soon").error().message,
              "write for example 10s, 1.5s, 200ms, 2m or 1h");
    EXPECT_EQ(parse_duration("1\n").error().message,
              "write for example 10s, 1.5s, 200ms, 2m or 1h");
}

TEST(duration, refuses_overflow) {
    EXPECT_EQ(parsed("36500d"), longest_duration);
    for (const char* text : {"36500.1d", "36501d", "9223372036854775807s", "9223372036854775808ms",
                             "99999999999999999999999999999999h", "18446744073709551617s"}) {
        const auto result = parse_duration(text);
        ASSERT_TRUE(result.has_error()) << text;
        EXPECT_NE(result.error().message.find("too long"), std::string::npos);
    }
}

RC_GTEST_PROP(duration, whole_milliseconds_come_back, (std::uint32_t count)) {
    RC_ASSERT(parsed(std::to_string(count) + "ms") == std::chrono::milliseconds{count});
}

RC_GTEST_PROP(duration, any_text_is_answered, (const std::string& text)) {
    const auto result = parse_duration(text);
    if (result) {
        RC_ASSERT(*result >= 0s);
        RC_ASSERT(*result <= longest_duration);
    }
}

TEST(duration, is_shown_short_and_never_too_long) {
    EXPECT_EQ(cli::format_duration(0s), "0ms");
    EXPECT_EQ(cli::format_duration(999'999us), "999ms");
    EXPECT_EQ(cli::format_duration(8'299ms), "8.2s");
    EXPECT_EQ(cli::format_duration(65s), "1m05s");
    EXPECT_EQ(cli::format_duration(2h + 3min + 59s), "2h03m");
}

}  // namespace
}  // namespace redlock
