// Options as callers write them: any duration is a wait, however huge, negative or odd its unit,
// and what an operation keeps of them owns itself.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <ratio>
#include <redlock/clock.hpp>
#include <redlock/options.hpp>
#include <redlock/types.hpp>
#include <string>
#include <unordered_set>

namespace redlock {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

TEST(wait_policy, is_any_duration) {
    EXPECT_EQ(wait_policy{5s}.longest(), 5s);
    EXPECT_EQ(wait_policy{1ns}.longest(), 1ns);
    EXPECT_EQ((wait_policy{std::chrono::duration<double>{1.5}}.longest()), 1500ms);
    EXPECT_EQ((wait_policy{std::chrono::duration<double, std::ratio<60>>{0.5}}.longest()), 30s);
    EXPECT_EQ(wait_policy{5s}.attempt_limit(), 0U);
    constexpr double no_number = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ((wait_policy{std::chrono::duration<double>{no_number}}.longest()), 0s);
    constexpr acquire_options with{.wait = 2min};
    static_assert(with.wait.longest() == 120s);
}

TEST(wait_policy, is_one_attempt_for_zero_or_less) {
    EXPECT_EQ(wait_policy{0s}.longest(), 0s);
    EXPECT_EQ(wait_policy{-1ns}.longest(), 0s);
    EXPECT_EQ(wait_policy{std::chrono::hours::min()}.longest(), 0s);
    EXPECT_EQ(wait_policy{nanoseconds::min()}.longest(), 0s);
    EXPECT_EQ((wait_policy{std::chrono::duration<double>{-1e300}}.longest()), 0s);
    EXPECT_EQ(wait_policy::none().longest(), 0s);
}

TEST(wait_policy, is_for_ever_beyond_what_nanoseconds_can_hold) {
    const auto limit = wait_policy::no_limit;
    EXPECT_EQ(wait_policy{std::chrono::hours::max()}.longest(), limit);
    EXPECT_EQ(wait_policy{std::chrono::seconds::max()}.longest(), limit);
    EXPECT_EQ(wait_policy{nanoseconds::max()}.longest(), limit);
    EXPECT_EQ(wait_policy{std::chrono::years{1'000'000}}.longest(), limit);
    using unsigned_seconds = std::chrono::duration<std::uint64_t>;
    EXPECT_EQ(wait_policy{unsigned_seconds::max()}.longest(), limit);
    using doubles = std::chrono::duration<double>;
    EXPECT_EQ(wait_policy{doubles{std::numeric_limits<double>::infinity()}}.longest(), limit);
    EXPECT_EQ(wait_policy::forever().longest(), limit);
}

TEST(wait_policy, counts_attempts_with_a_delay_between_them) {
    const auto with_defaults = wait_policy::attempts(3);
    EXPECT_EQ(with_defaults.attempt_limit(), 3U);
    EXPECT_EQ(with_defaults.delay_min(), 100ms);
    EXPECT_EQ(with_defaults.delay_max(), 300ms);
    EXPECT_EQ(with_defaults.longest(), wait_policy::no_limit);
    const auto chosen = wait_policy::attempts(7, 1ms, 2ms);
    EXPECT_EQ(chosen.attempt_limit(), 7U);
    EXPECT_EQ(chosen.delay_min(), 1ms);
    EXPECT_EQ(chosen.delay_max(), 2ms);
}

RC_GTEST_PROP(wait_policy_property, is_never_negative_and_never_beyond_its_limit,
              (std::int64_t count)) {
    for (const auto longest :
         {wait_policy{nanoseconds{count}}.longest(),
          wait_policy{std::chrono::milliseconds{count}}.longest(),
          wait_policy{std::chrono::duration<std::int64_t, std::ratio<86400>>{count}}.longest()}) {
        RC_ASSERT(longest >= nanoseconds::zero());
        RC_ASSERT(longest <= wait_policy::no_limit);
        RC_ASSERT((longest > nanoseconds::zero()) == (count > 0));
    }
}

TEST(acquire_options, leave_everything_to_the_manager_by_default) {
    constexpr acquire_options with;
    EXPECT_EQ(with.lease_time, std::nullopt);
    EXPECT_EQ(with.wait.longest(), wait_policy::no_limit);
    EXPECT_EQ(with.renew, std::nullopt);
    EXPECT_EQ(with.stop_margin, std::nullopt);
    EXPECT_EQ(with.details, nullptr);
}

TEST(acquire_request, owns_what_the_options_only_refer_to) {
    auto identifier = std::make_unique<std::string>("identifier\0with NUL", 19);
    auto label = std::make_unique<std::string>("label");
    const detail::acquire_request request{{.identifier = *identifier, .label = *label}};
    identifier.reset();
    label.reset();
    EXPECT_EQ(request.identifier(), (std::string{"identifier\0with NUL", 19}));
    EXPECT_EQ(request.label(), "label");
    EXPECT_TRUE(request.options().identifier.empty());
    EXPECT_TRUE(request.options().label.empty());
}

TEST(manager_options, default_to_what_fits_together) {
    const manager_options options;
    EXPECT_EQ(options.lease_time, 10s);
    EXPECT_GT(options.fence_lifetime, 2 * options.clock_window);
    EXPECT_GE(options.fence_lifetime, options.max_lease_time);
}

TEST(types, keep_any_bytes_and_compare_by_them) {
    const std::string bytes{"a\0b", 3};
    EXPECT_EQ(resource_name{bytes}.str(), bytes);
    EXPECT_LT(resource_name{"a"}, resource_name{bytes});
    EXPECT_EQ(lock_token{bytes}, lock_token{bytes});
    EXPECT_LT(fencing_token{1}, fencing_token{2});
    EXPECT_FALSE(fencing_token{});
    const std::unordered_set<resource_name> names{"a", "b", "a"};
    EXPECT_EQ(names.size(), 2U);
    static_assert(!std::is_convertible_v<std::string, lock_token>);
    static_assert(!std::is_convertible_v<std::uint64_t, fencing_token>);
}

TEST(boot_clock, does_not_go_back) {
    const auto first = boot_clock::now();
    EXPECT_GT(first.time_since_epoch(), 0s);
    EXPECT_LE(first, boot_clock::now());
    static_assert(boot_clock::is_steady);
}

}  // namespace
}  // namespace redlock
