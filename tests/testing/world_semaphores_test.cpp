// Semaphores in the world that users test in.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <redlock/redlock.hpp>
#include <redlock/testing.hpp>
#include <utility>

#include "testing/world_support.hpp"

namespace redlock::testing {
namespace {

using namespace std::chrono_literals;

struct world_semaphores : world_with_manager {
    outcome acquire_any(lock_manager& by, const semaphore& pool) {
        std::optional<outcome> came;
        by.async_acquire_any(pool, {.wait = wait_policy::none()},
                             [&came](error_code failure, lock got) {
                                 came = outcome{failure, std::move(got)};
                             });
        EXPECT_TRUE(it.run_until([&came] { return came.has_value(); }, 1min));
        return std::move(came).value();
    }

    process elsewhere = it.add_process();
    lock_manager others{elsewhere.get_executor(), it.nodes()};
};

TEST_F(world_semaphores, keep_their_number_for_as_long_as_a_permit_is_held) {
    auto [failure, held] = acquire_any(locks, {"pool", 2});
    ASSERT_FALSE(failure);
    it.run_for(10min);
    ASSERT_TRUE(held.valid());
    EXPECT_EQ(acquire_any(others, {"pool", 3}).failure, errc::permits_mismatch);
    ASSERT_FALSE(release(it, held));
    it.run_for(2min + 1s);
    EXPECT_FALSE(acquire_any(others, {"pool", 3}).failure);
}

TEST_F(world_semaphores, take_no_number_from_one_that_attaches_with_another) {
    auto [failure, held] = acquire_any(locks, {"pool", 2});
    ASSERT_FALSE(failure);
    const lock_token token = held.detach();
    it.run_for(1s);  // the third node
    it.lose("redlock:permits:{pool}");
    std::optional<outcome> attached;
    others.async_attach_any({"pool", 3}, token, {}, [&](error_code why, lock got) {
        attached = outcome{why, std::move(got)};
    });
    ASSERT_TRUE(it.run_until([&] { return attached.has_value(); }, 1min));
    ASSERT_FALSE(attached->failure) << "nobody remembers the number";
    std::optional<error_code> extended;
    attached->got.async_extend(30s, [&](error_code why) { extended = why; });
    ASSERT_TRUE(it.run_until([&] { return extended.has_value(); }, 1min));
    EXPECT_FALSE(*extended);
    EXPECT_FALSE(acquire_any(locks, {"pool", 2}).failure);
}

TEST_F(world_semaphores, bring_their_number_back_to_a_node_that_forgot_it) {
    const auto [failure, held] = acquire_any(locks, {"pool", 2});
    ASSERT_FALSE(failure);
    for (const node_index each : {0U, 1U}) {
        it.kill(each);
        it.restart(each);
        it.run_for(5min);
    }
    ASSERT_TRUE(held.valid());
    EXPECT_EQ(acquire_any(others, {"pool", 3}).failure, errc::permits_mismatch);
}

}  // namespace
}  // namespace redlock::testing
