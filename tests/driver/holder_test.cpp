// What tokens and holder keys carry: the fencing token and a label, through any bytes that a caller
// may put into an identifier, and never out of something that another library wrote.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <string>

#include "driver/votes.hpp"

namespace redlock::driver {
namespace {

RC_GTEST_PROP(holder_record, survive_the_trip_with_any_bytes,
              (std::uint64_t fencing, const std::string& token, const std::string& label)) {
    const auto read = decode_holder(encode_holder(fencing, token, label));
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->fencing == fencing);
    RC_ASSERT(read->token == token);
    RC_ASSERT(read->label == label);
}

RC_GTEST_PROP(holder_record, are_read_from_any_bytes_or_not_at_all, (const std::string& bytes)) {
    if (const auto read = decode_holder(bytes)) {
        RC_ASSERT(read->token.size() + read->label.size() <= bytes.size());
    }
}

TEST(holder_record, look_the_way_the_keys_are_documented) {
    EXPECT_EQ(encode_holder(17, "a b", "why"), "17 3 a bwhy");
}

TEST(holder_record, are_not_read_from_what_is_cut_short_or_is_not_ours) {
    for (const std::string bytes : {"", " ", "  ", "17", "17 3", "17 3 ab", "x 1 a", "17 x a",
                                    "-1 1 a", "17 -1 a", "17 99999999999999999999 a", " 1 a"}) {
        EXPECT_FALSE(decode_holder(bytes)) << bytes;
    }
    EXPECT_TRUE(decode_holder("17 0 "));
    EXPECT_TRUE(decode_holder("17 2 ab"));
}

RC_GTEST_PROP(token, carries_its_fencing_token,
              (std::uint64_t fencing, std::uint64_t high, std::uint64_t low)) {
    RC_ASSERT(fencing_in_token(make_token(fencing, high, low).str()) == fencing);
}

RC_GTEST_PROP(token, is_another_for_other_random_bits, (std::uint64_t high, std::uint64_t low)) {
    RC_ASSERT(make_token(1, high, low) != make_token(1, high, low + 1));
    RC_ASSERT(make_token(1, high, low) != make_token(1, high + 1, low));
}

TEST(token, has_a_fixed_length_of_random_digits) {
    EXPECT_EQ(make_token(12, 0xabc, 1).str(), "12-0000000000000abc0000000000000001");
}

TEST(token, of_another_library_carries_nothing) {
    const std::string random(32, 'a');
    for (const std::string& token :
         {std::string{}, std::string{"-"}, "12" + random, "-" + random, "12-" + random + "a",
          "12-" + random.substr(1), "12-" + std::string(32, 'A'), "12-" + std::string(32, 'g'),
          "1x-" + random, " 1-" + random, "-1-" + random,
          // A number beyond 64 bits, and a UUID as redsync and others use it.
          "18446744073709551616-" + random, std::string{"123e4567-e89b-12d3-a456-426614174000"}}) {
        EXPECT_EQ(fencing_in_token(token), 0U) << token;
    }
    EXPECT_EQ(fencing_in_token("12-" + random), 12U);
}

}  // namespace
}  // namespace redlock::driver
