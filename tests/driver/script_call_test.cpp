// How a script call looks on the wire, byte for byte: a wrong length here would be answered with a
// closed connection, a wrong key count with somebody else's key deleted.
#include "driver/script_call.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "driver/replies.hpp"

namespace redlock::driver {
namespace {

constexpr scripts::script tiny{"tiny", "0123456789abcdef0123456789abcdef01234567", "return 1\n"};

TEST(script_call, is_an_evalsha) {
    const script_call call{tiny, {"k1", "k2"}, {"a", ""}};
    EXPECT_EQ(call.command().encoded,
              "*7\r\n$7\r\nEVALSHA\r\n$40\r\n0123456789abcdef0123456789abcdef01234567\r\n"
              "$1\r\n2\r\n$2\r\nk1\r\n$2\r\nk2\r\n$1\r\na\r\n$0\r\n\r\n");
}

TEST(script_call, is_an_eval_of_the_same_keys_and_arguments) {
    const script_call call{tiny, {"k1", "k2"}, {"a", ""}};
    EXPECT_EQ(call.by_body(),
              "*7\r\n$4\r\nEVAL\r\n$9\r\nreturn 1\n\r\n"
              "$1\r\n2\r\n$2\r\nk1\r\n$2\r\nk2\r\n$1\r\na\r\n$0\r\n\r\n");
}

TEST(script_call, does_without_keys_and_arguments) {
    const script_call call{tiny, {}, {}};
    EXPECT_EQ(call.command().encoded,
              "*3\r\n$7\r\nEVALSHA\r\n$40\r\n0123456789abcdef0123456789abcdef01234567\r\n"
              "$1\r\n0\r\n");
    EXPECT_EQ(call.by_body(), "*3\r\n$4\r\nEVAL\r\n$9\r\nreturn 1\n\r\n$1\r\n0\r\n");
    EXPECT_EQ(call.key(), "");
    EXPECT_EQ(script_call{}.key(), "");
}

TEST(script_call, shares_calls_if_it_is_a_request) {
    EXPECT_EQ(script_call(tiny, {"k"}, {"a"}).command().share.call, nullptr);
    const script_call call{scripts::extend, {"k1", "k2"}, {"a", "b", "c"}};
    const std::string body = call.by_body();
    const auto by_digest = call.command();
    const auto by_body = call.command_by(body);
    EXPECT_NE(by_digest.share.call, by_body.share.call);
    for (const redis::command& each : {by_digest, by_body}) {
        const redis::shareable& share = each.share;
        EXPECT_EQ(each.encoded.substr(share.keys_at, share.keys_size), "$2\r\nk1\r\n$2\r\nk2\r\n");
        EXPECT_EQ(each.encoded.substr(share.arguments_at), "$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n");
        EXPECT_EQ(share.keys, 2);
        EXPECT_EQ(share.arguments, 3);
        EXPECT_EQ(share.kind, 'e');
        EXPECT_EQ(share.first_key, std::hash<std::string_view>{}("k1"));
    }
}

TEST(script_call, leaves_out_what_is_not_given_at_the_end_but_keeps_what_is_empty) {
    const script_call with{tiny, {"k", {}}, {"", {}}};
    const script_call without{tiny, {"k"}, {""}};
    EXPECT_EQ(with.command().encoded, without.command().encoded);
    EXPECT_EQ(with.by_body(), without.by_body());
    EXPECT_NE(with.command().encoded, (script_call{tiny, {"k"}, {}}.command().encoded));
}

TEST(script_call, writes_integers_as_redis_reads_them) {
    EXPECT_EQ(decimal(0), "0");
    EXPECT_EQ(decimal(std::int64_t{-5}), "-5");
    EXPECT_EQ(decimal((std::uint64_t{1} << 53) - 1), "9007199254740991");
    EXPECT_EQ(decimal(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
}

TEST(script_call, takes_integers_as_they_are) {
    const script_call numbers{
        tiny,
        {"k"},
        {0, -5LL, (std::uint64_t{1} << 53) - 1, std::numeric_limits<std::uint64_t>::max(),
         std::numeric_limits<std::int64_t>::min()}};
    const script_call texts{
        tiny,
        {"k"},
        {"0", "-5", "9007199254740991", "18446744073709551615", "-9223372036854775808"}};
    EXPECT_EQ(numbers.command().encoded, texts.command().encoded);
    EXPECT_EQ(numbers.by_body(), texts.by_body());
}

TEST(script_call, writes_lengths_of_one_digit_and_of_many) {
    for (const std::size_t size : {9U, 10U, 99U, 100U, 65536U}) {
        const std::string key(size, 'x');
        const script_call call{tiny, {key}, {}};
        EXPECT_EQ(call.key(), key);
        EXPECT_TRUE(call.command().encoded.ends_with("$1\r\n1\r\n$" + std::to_string(size) +
                                                     "\r\n" + key + "\r\n"));
    }
}

RC_GTEST_PROP(script_call_property, carries_any_bytes,
              (const std::string& key, const std::string& token, const std::string& label)) {
    const script_call call{tiny, {key, "fence"}, {token, label}};
    RC_ASSERT(call.key() == key);
    RC_ASSERT(script_call{call}.key() == key);
    for (const std::string& bytes : {std::string{call.command().encoded}, call.by_body()}) {
        const written_reply read{bytes};
        RC_ASSERT(read.view().size() == 7U);
        RC_ASSERT(read.view()[2].text() == "2");
        RC_ASSERT(read.view()[3].text() == key);
        RC_ASSERT(read.view()[4].text() == "fence");
        RC_ASSERT(read.view()[5].text() == token);
        RC_ASSERT(read.view()[6].text() == label);
    }
}

}  // namespace
}  // namespace redlock::driver
