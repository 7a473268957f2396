// Ends in every order: managers before their locks and operations, event loops before both, closes
// in the middle of everything. Nothing may crash or leak, and what was held must be given back
// wherever the event loop still turns.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

struct lifetime : testing::Test {
    [[nodiscard]] bool gone(const std::string& key = "job") {
        return turned.until([&] { return nodes.having(key) == 0; });
    }

    cluster nodes{3};
    loop turned;
    std::optional<client> user{std::in_place, turned, nodes.urls()};
};

TEST_F(lifetime, a_close_ends_pending_acquisitions_with_closed) {
    client other{turned, nodes.urls()};
    const lock held = other.take("job");
    const auto waiting = user->begin_acquire("job");
    const auto never_started = user->begin_acquire("another");
    EXPECT_FALSE(user->close());
    ASSERT_TRUE(turned.until([&] { return waiting->done && never_started->done; }));
    EXPECT_EQ(waiting->error, errc::closed);
    EXPECT_EQ(never_started->error, errc::closed);
    EXPECT_TRUE(gone("another"));
    EXPECT_TRUE(held.valid());
}

TEST_F(lifetime, a_close_at_every_step_of_an_acquisition_leaves_nothing) {
    for (int steps = 0; steps < 45; steps += 3) {
        client brief{turned, nodes.urls()};
        const auto closed_early = brief.begin_acquire("job");
        for (int i = 0; i < steps; ++i) {
            turned.step();
        }
        EXPECT_FALSE(brief.close());
        ASSERT_TRUE(turned.until([&] { return closed_early->done; }));
        EXPECT_FALSE(closed_early->value.valid());
        ASSERT_EQ(nodes.having("job"), 0U) << "after " << steps << " steps";
    }
}

TEST_F(lifetime, a_close_ends_reads_with_closed_and_waits_for_a_loss_without_an_error) {
    lock held = user->take("job");
    const auto watching = user->begin_wait_lost(held);
    ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
    nodes.freeze(0, 2);
    const auto reading = user->begin_status("job");
    turned.step();
    nodes.thaw();
    const auto closing = user->begin_close();
    ASSERT_TRUE(turned.until([&] { return watching->done && reading->done && closing->done; }));
    EXPECT_FALSE(watching->error);
    EXPECT_TRUE(!reading->error || reading->error == errc::closed);
}

TEST_F(lifetime, a_close_with_every_node_frozen_is_bounded_and_indeterminate) {
    client hasty{turned, nodes.urls(), impatient_options()};
    const lock held = hasty.take("job");
    const lock second = hasty.take("second");
    nodes.freeze(0, 3);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(hasty.close(), errc::indeterminate);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 5s) << "a guard against a hang";
}

// An observer is called in the middle of things.
TEST_F(lifetime, a_close_may_be_asked_for_by_an_observer_at_any_event) {
    for (const event_kind when : {event_kind::node_ready, event_kind::attempt_failed,
                                  event_kind::acquired, event_kind::woken, event_kind::released}) {
        const auto log = std::make_shared<event_log>();
        manager_options options = usual_options();
        options.events = log;
        std::optional<lock_manager> manager;
        bool asked = false;
        bool closed = false;
        log->also = [&](const event& what) {
            if (what.kind == when && !std::exchange(asked, true)) {
                manager->async_close([&](error_code) { closed = true; });
            }
        };
        manager.emplace(turned.io.get_executor(), nodes.urls(), options);
        // A waiter that happens to ask again as the lock gets free is not woken: once more, then.
        for (int tries = 0; !asked && tries < 20; ++tries) {
            lock held = user->take("job", {.lease_time = 60s});
            bool ended = false;
            manager->async_acquire("job", {}, [&](error_code, lock mine) {
                mine.async_release([&](error_code) { ended = true; });
            });
            if (when == event_kind::acquired || when == event_kind::woken ||
                when == event_kind::released) {
                const auto failed = log->count(event_kind::attempt_failed);
                ASSERT_TRUE(turned.until(
                    [&] { return log->count(event_kind::attempt_failed) > failed + 1; }));
                user->release(held);
            }
            ASSERT_TRUE(turned.until([&] { return ended && (closed || !asked); }));
        }
        ASSERT_TRUE(closed) << to_string(when);
    }
}

TEST_F(lifetime, a_close_may_be_asked_for_by_an_observer_who_hears_that_a_node_has_no_vote) {
    const redis_server started_just_now;
    const auto log = std::make_shared<event_log>();
    manager_options options = usual_options();
    options.guard = restart_guard::on;
    options.events = log;
    std::optional<lock_manager> manager;
    bool closed = false;
    log->also = [&](const event& what) {
        if (what.kind == event_kind::node_without_vote) {
            manager->async_close([&](error_code) { closed = true; });
        }
    };
    manager.emplace(turned.io.get_executor(), node_list{{started_just_now.url()}}, options);
    manager->async_acquire("job", {}, [](error_code, const lock&) {});
    EXPECT_TRUE(turned.until([&] { return closed; }));
}

TEST_F(lifetime, several_closes_all_complete) {
    const lock held = user->take("job");
    const auto first = user->begin_close();
    const auto second = user->begin_close();
    ASSERT_TRUE(turned.until([&] { return first->done && second->done; }));
    EXPECT_FALSE(first->error);
    EXPECT_FALSE(second->error);
}

TEST_F(lifetime, a_destroyed_manager_releases_its_locks) {
    const lock held = user->take("job");
    const lock other = user->take("other");
    user.reset();
    EXPECT_TRUE(gone("job"));
    EXPECT_TRUE(gone("other"));
    EXPECT_FALSE(held.valid());
}

TEST_F(lifetime, a_destroyed_manager_ends_what_is_pending) {
    client other{turned, nodes.urls()};
    const lock held = other.take("job");
    const auto waiting = user->begin_acquire("job");
    turned.step();
    user.reset();
    ASSERT_TRUE(turned.until([&] { return waiting->done; }));
    EXPECT_EQ(waiting->error, errc::closed);
}

TEST_F(lifetime, a_lock_outlives_its_manager) {
    client other{turned, nodes.urls()};
    lock held = user->take("job");
    const std::string token = held.token().str();
    user.reset();
    ASSERT_TRUE(gone());
    turned.io.restart();
    turned.io.run_for(hang);  // until nothing of the manager is left
    EXPECT_FALSE(held.valid());
    EXPECT_EQ(held.token().str(), token);
    EXPECT_EQ(other.extend(held), errc::closed);
    EXPECT_EQ(other.release(held), errc::closed);
    const auto watching = other.begin_wait_lost(held);
    ASSERT_TRUE(turned.until([&] { return watching->done; }));
    EXPECT_EQ(watching->error, errc::closed);
    held = lock{};
}

TEST_F(lifetime, the_event_loop_ends_after_the_last_release) {
    {
        const lock held = user->take("job");
        const lock other = user->take("other", {.lease_time = 30s});
    }
    user.reset();
    turned.io.restart();
    const auto before = std::chrono::steady_clock::now();
    turned.io.run_for(hang);
    EXPECT_TRUE(turned.io.stopped());
    EXPECT_LT(std::chrono::steady_clock::now() - before, hang);
    EXPECT_EQ(nodes.having("job") + nodes.having("other"), 0U);
}

TEST_F(lifetime, a_moved_lock_is_the_same_lock) {
    lock first = user->take("job");
    const auto token = first.token();
    lock second = std::move(first);
    EXPECT_FALSE(first.valid());  // NOLINT(bugprone-use-after-move): what is left is defined
    EXPECT_TRUE(first.token().empty());
    EXPECT_TRUE(second.valid());
    EXPECT_EQ(second.token(), token);
    EXPECT_EQ(user->extend(first), errc::lost);
    EXPECT_FALSE(user->extend(second));
    lock third = user->take("other");
    third = std::move(second);  // releases "other"
    EXPECT_TRUE(gone("other"));
    EXPECT_TRUE(third.valid());
    EXPECT_TRUE(user->await([&] { return nodes.having("job") == 3; }));
}

TEST_F(lifetime, a_moved_manager_is_the_same_manager) {
    lock_manager moved = std::move(*user->manager);
    user->manager = std::move(moved);
    const lock held = user->take("job");
    EXPECT_TRUE(held.valid());
    // Assigned over, the old one closes.
    user->manager = lock_manager{turned.io.get_executor(), nodes.urls()};
    EXPECT_TRUE(gone());
    EXPECT_FALSE(user->acquire("job")->error);
}

TEST_F(lifetime, a_lock_may_be_destroyed_inside_its_own_completions) {
    bool done = false;
    user->manager->async_acquire("job", {}, [&](error_code error, lock held) {
        EXPECT_FALSE(error);
        auto kept = std::make_shared<lock>(std::move(held));
        lock& used = *kept;
        used.async_extend(5s, [&, kept = std::move(kept)](error_code failed) mutable {
            EXPECT_FALSE(failed);
            kept.reset();
            done = true;
        });
    });
    ASSERT_TRUE(turned.until([&] { return done; }));
    EXPECT_TRUE(gone());
}

TEST_F(lifetime, a_manager_may_be_destroyed_inside_each_of_its_completions) {
    for (int which = 0; which < 6; ++which) {
        client brief{turned, nodes.urls()};
        lock held = brief.take("job");
        bool ended = false;
        const auto end = [&](const error_code&, auto&&...) {
            brief.manager.reset();
            ended = true;
        };
        switch (which) {
            case 0:
                held.async_extend(std::nullopt, end);
                break;
            case 1:
                held.async_release(end);
                break;
            case 2:
                held.async_wait_lost(end);
                nodes.each([](redis_server& node) { node.command({"DEL", "job"}); });
                break;
            case 3:
                brief.manager->async_status("job", end);
                break;
            case 4:
                brief.manager->async_acquire("other", {}, end);
                break;
            default:
                brief.manager->async_close(end);
                break;
        }
        ASSERT_TRUE(turned.until([&] { return ended; })) << which;
        held = lock{};
        ASSERT_TRUE(gone("job")) << which;
        ASSERT_TRUE(gone("other")) << which;
    }
}

TEST_F(lifetime, an_exception_out_of_a_completion_leaves_the_manager_as_it_is) {
    lock held = user->take("job");
    const auto expect_thrown = [&](auto begin) {
        begin([](const error_code&, auto&&...) { throw std::runtime_error("the caller's"); });
        EXPECT_THROW(static_cast<void>(turned.until([] { return false; })), std::runtime_error);
    };
    expect_thrown([&](auto token) { held.async_extend(std::nullopt, token); });
    expect_thrown([&](auto token) { user->manager->async_status("job", token); });
    expect_thrown([&](auto token) { user->manager->async_acquire("other", {}, token); });
    // Two in one turn: the first does not take the other with it.
    bool second = false;
    nodes.freeze(0, 3);
    user->manager->async_status("job", [](error_code, const resource_status&) {
        throw std::runtime_error("the caller's");
    });
    user->manager->async_status("job", [&](error_code, const resource_status&) { second = true; });
    turned.step();
    nodes.thaw();
    EXPECT_THROW(static_cast<void>(turned.until([] { return false; })), std::runtime_error);
    EXPECT_TRUE(turned.until([&] { return second; }));
    EXPECT_TRUE(gone("other"));
    EXPECT_FALSE(user->extend(held));
    EXPECT_FALSE(user->release(held));
    EXPECT_FALSE(user->close());
}

// Leaks and late callbacks are what the sanitizers look for here.
TEST(abandoned_event_loop, with_everything_under_way) {
    cluster nodes{3};
    for (int steps = 0; steps < 40; steps += 2) {
        auto turned = std::make_unique<loop>();
        client user{*turned, nodes.urls()};
        client rival{*turned, nodes.urls()};
        const auto first = user.begin_acquire("job", {.lease_time = 300ms, .renew = true});
        const auto second = rival.begin_acquire("job");
        const auto reading = user.begin_status("job");
        for (int i = 0; i < steps; ++i) {
            turned->step();
        }
        if (first->done) {
            static_cast<void>(user.begin_wait_lost(first->value));
            static_cast<void>(user.begin_extend(first->value));
            static_cast<void>(rival.begin_close());
            turned->step();
        }
        // Handles outlive the loop: their destructors must not touch what is gone.
        auto held = std::move(first->value);
        user.manager.reset();
        rival.manager.reset();
        held = lock{};
        turned.reset();
        nodes.each([](redis_server& node) { node.command({"DEL", "job"}); });
    }
}

TEST(abandoned_event_loop, with_locks_held_by_coroutines) {
    cluster nodes{3};
    auto turned = std::make_unique<loop>();
    {
        client user{*turned, nodes.urls()};
        bool holding = false;
        const auto holds = [&]() -> asio::awaitable<void> {
            lock held = co_await user.manager->async_acquire("job", {}, asio::use_awaitable);
            holding = true;
            co_await held.async_wait_lost(asio::use_awaitable);
        };
        const auto waits = [&]() -> asio::awaitable<void> {
            const lock held = co_await user.manager->async_acquire("job", {}, asio::use_awaitable);
        };
        asio::co_spawn(turned->io, holds(), asio::detached);
        EXPECT_TRUE(turned->until([&] { return holding; }));
        asio::co_spawn(turned->io, waits(), asio::detached);
        for (int i = 0; i < 20; ++i) {
            turned->step();
        }
    }
    turned.reset();
}

TEST(abandoned_event_loop, while_every_node_is_frozen) {
    cluster nodes{3};
    auto turned = std::make_unique<loop>();
    std::optional<client> user{std::in_place, *turned, nodes.urls()};
    lock held = user->take("job");
    nodes.freeze(0, 3);
    const auto releasing = user->begin_release(held);
    const auto waiting = user->begin_acquire("other");
    turned->step();
    user.reset();
    turned->step();
    turned.reset();
    EXPECT_FALSE(waiting->value.valid());
}

}  // namespace
}  // namespace redlock::integration
