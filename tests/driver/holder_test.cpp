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

}  // namespace
}  // namespace redlock::driver
