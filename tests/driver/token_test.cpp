// Tokens: what the library writes it reads again, each form says the same, and nothing that another
// library wrote is taken for one of ours.
#include "driver/token.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "driver/lock_identity.hpp"

namespace redlock::driver {
namespace {

std::string text_of(std::uint64_t ballot, std::uint64_t high, std::uint64_t low) {
    return std::string{written_token{ballot, high, low}.view()};
}

RC_GTEST_PROP(token, carries_its_fencing_token,
              (std::uint64_t fencing, std::uint64_t high, std::uint64_t low)) {
    const std::string token = text_of(fencing, high, low);
    RC_ASSERT(fencing_in_token(token) == fencing);
    RC_ASSERT(is_unfenced_token(token) == (fencing == 0));
}

RC_GTEST_PROP(token, is_another_for_other_random_bits, (std::uint64_t high, std::uint64_t low)) {
    RC_ASSERT(text_of(1, high, low) != text_of(1, high, low + 1));
    RC_ASSERT(text_of(1, high, low) != text_of(1, high + 1, low));
}

TEST(token, has_a_fixed_length_of_random_digits) {
    EXPECT_EQ(text_of(12, 0xabc, 1), "12-0000000000000abc0000000000000001");
    constexpr auto largest = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(text_of(largest, largest, 0x0123456789abcdef),
              "18446744073709551615-ffffffffffffffff0123456789abcdef");
}

TEST(token, without_fencing_begins_with_zero) {
    EXPECT_EQ(text_of(0, 1, 2), "0-00000000000000010000000000000002");
    EXPECT_TRUE(is_unfenced_token(text_of(0, 1, 2)));
    EXPECT_FALSE(is_unfenced_token(text_of(7, 1, 2)));
    EXPECT_EQ(fencing_in_token(text_of(0, 1, 2)), 0U);
    for (const char* const foreign :
         {"", "0", "0-", "0-ab", "me", "00000000000000000000000000000000"}) {
        EXPECT_FALSE(is_unfenced_token(foreign)) << foreign;
    }
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

RC_GTEST_PROP(token, is_the_same_for_a_command_and_for_a_user,
              (std::uint64_t ballot, std::uint64_t high, std::uint64_t low)) {
    const lock_identity who{"job", {high, low}, {ballot, ballot + 5}};
    RC_ASSERT(who.written().view() == text_of(ballot, high, low));
    RC_ASSERT(who.token().str() == text_of(ballot, high, low));
}

// Not even one that looks like ours is made anew, since its ballot need not be the block's.
TEST(token, that_was_given_stays_as_it_is) {
    for (const std::string& given :
         {std::string{"worker 7"}, std::string{"a\0b", 3}, text_of(7, 1, 2)}) {
        const lock_token own{given};
        const lock_identity who{"job", kept_token{own}, {99, 99}};
        EXPECT_EQ(who.written().view(), given);
        EXPECT_EQ(&who.token().str(), &own.str()) << "shared, not copied";
    }
}

TEST(token, of_an_identity_is_shared_with_it) {
    const shared_identity first{lock_identity{"job", {1, 2}, {3, 3}}};
    const shared_identity second = first;  // NOLINT(*-unnecessary-copy-initialization)
    EXPECT_EQ(&*second, &*first);
    EXPECT_EQ(second->token(), first->token());
    EXPECT_EQ(sizeof(shared_identity), sizeof(void*));
}

}  // namespace
}  // namespace redlock::driver
