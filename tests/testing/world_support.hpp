// What the tests of the public world share: a world with one manager in it, and calls that wait in
// its time. One thread.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <redlock/redlock.hpp>
#include <redlock/testing.hpp>
#include <utility>

namespace redlock::testing {

struct outcome {
    error_code failure;
    lock got;
};

/// Runs until it has come out, at most a minute.
inline outcome acquire(world& in, lock_manager& by, const acquire_options& options = {}) {
    std::optional<outcome> came;
    by.async_acquire("job", options, [&came](error_code failure, lock got) {
        came = outcome{failure, std::move(got)};
    });
    EXPECT_TRUE(in.run_until([&came] { return came.has_value(); }, std::chrono::minutes{1}));
    return std::move(came).value();
}

inline error_code release(world& in, lock& held) {
    std::optional<error_code> came;
    held.async_release([&came](error_code failure) { came = failure; });
    EXPECT_TRUE(in.run_until([&came] { return came.has_value(); }, std::chrono::minutes{1}));
    return came.value();
}

/// What a wait for its loss has come to.
struct watch {
    explicit watch(lock& held) {
        held.async_wait_lost([this](error_code failure) { came = failure; });
    }
    watch(const watch&) = delete;
    watch& operator=(const watch&) = delete;

    std::optional<error_code> came;
};

class world_with_manager : public ::testing::Test {
  protected:
    world it;
    lock_manager locks{it.get_executor(), it.nodes()};
    process here = it.first_process();
};

}  // namespace redlock::testing
