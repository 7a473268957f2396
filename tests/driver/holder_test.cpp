// What holder keys carry: the fencing token and a label, through any bytes that a caller may put
// into an identifier, and never out of something that another library wrote.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

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
        RC_ASSERT(read->token.size() + read->label.size() + read->proclaimed.size() <=
                  bytes.size());
    }
}

RC_GTEST_PROP(holder_record, survive_with_a_text_that_was_proclaimed,
              (std::uint64_t fencing, const std::string& token, const std::string& label,
               const std::string& first, const std::string& second)) {
    const auto once = next_edition(encode_holder(fencing, token, label), fencing, token, first);
    const auto read = decode_holder(next_edition(once, fencing, token, second));
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->fencing == fencing);
    RC_ASSERT(read->token == token);
    RC_ASSERT(read->label == label);
    RC_ASSERT(read->proclaimed == second);
    RC_ASSERT(read->edition == 2U);
}

TEST(holder_record, look_the_way_the_keys_are_documented) {
    EXPECT_EQ(encode_holder(17, "a b", "why"), "17 3 a bwhy");
    EXPECT_EQ(next_edition("17 3 a bwhy", 17, "a b", "ready"), "17 3,3,1 a bwhyready");
}

TEST(holder_record, begin_with_the_first_text_of_a_lock_that_had_none) {
    EXPECT_EQ(next_edition("", 17, "a", "ready"), "17 1,0,1 aready");
}

TEST(holder_record, are_not_read_from_what_is_cut_short_or_is_not_ours) {
    for (const std::string bytes : {"",
                                    " ",
                                    "  ",
                                    "17",
                                    "17 3",
                                    "17 3 ab",
                                    "x 1 a",
                                    "17 x a",
                                    "-1 1 a",
                                    "17 -1 a",
                                    "17 99999999999999999999 a",
                                    " 1 a",
                                    "17 1,1 ab",
                                    "17 1,1,0 ab",
                                    "17 1,2,1 ab",
                                    "17 3,0,1 ab",
                                    "17 ,1,1 ab",
                                    "17 1,,1 ab",
                                    "17 1,1, ab",
                                    "17 1,18446744073709551615,1 ab",
                                    "17 1,1,1,1 ab",
                                    "17 1,1,1"}) {
        EXPECT_FALSE(decode_holder(bytes)) << bytes;
    }
    EXPECT_TRUE(decode_holder("17 0 "));
    EXPECT_TRUE(decode_holder("17 2 ab"));
}

}  // namespace
}  // namespace redlock::driver
