// Forked children: their copies of managers and locks, destroyed, used or run, send nothing, and
// the parent keeps its lock, renews it and gives it back. The parent stands still while a child is
// at work, so that every command that the servers then see is the child's.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "integration/harness.hpp"
#include "support/test_authority.hpp"

namespace redlock::integration {
namespace {

/// Whether `what` holds in a forked child. It ends there without destructors: what the test started
/// is the parent's.
bool true_in_child(const std::function<bool()>& what) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(60);  // a guard against a hang
        ::_exit(what() ? 0 : 1);
    }
    int status = -1;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// What the servers have done once they have read all that was sent to them.
std::size_t settled(const cluster& nodes) {
    std::size_t before = nodes.commands();
    for (std::size_t now = nodes.commands(); now != before; now = nodes.commands()) {
        before = now;
    }
    return before;
}

struct forks : testing::Test {
    /// As asio wants it of a child that goes on with the parent's event loop.
    void take_over_loop() { turned.io.notify_fork(asio::io_context::fork_child); }
    /// Runs the loop to its end; false if it has none.
    bool run_out() {
        turned.io.restart();
        turned.io.run_for(hang);
        return turned.io.stopped();
    }
    /// The lock is the parent's as before: renewed, extended, released.
    void expect_unharmed(lock& held) {
        EXPECT_TRUE(held.valid());
        EXPECT_TRUE(turned.until([&] { return nodes.having("job", held.token().str()) == 3U; }));
        EXPECT_FALSE(user->extend(held));
        EXPECT_FALSE(user->release(held));
        EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 0; }));
        EXPECT_EQ(user->events().count(event_kind::node_down), 0U);
    }
    lock take_everywhere() {
        lock held = user->take("job", {.lease_time = 50s});
        EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
        return held;
    }

    cluster nodes{3};
    loop turned;
    std::optional<client> user{std::in_place, turned, nodes.urls()};
};

TEST_F(forks, a_child_that_destroys_its_copies_sends_nothing) {
    lock held = take_everywhere();
    const std::size_t before = settled(nodes);
    EXPECT_TRUE(true_in_child([&] {
        held = lock{};
        user.reset();
        return true;
    }));
    EXPECT_EQ(settled(nodes), before);
    expect_unharmed(held);
}

TEST_F(forks, a_child_that_runs_its_loop_sends_nothing) {
    lock held = take_everywhere();
    const std::size_t before = settled(nodes);
    EXPECT_TRUE(true_in_child([&] {
        take_over_loop();
        held = lock{};
        user.reset();
        return run_out();
    }));
    EXPECT_EQ(settled(nodes), before);
    expect_unharmed(held);
}

// Against asio's rule.
TEST_F(forks, a_child_that_runs_its_loop_without_telling_it_of_the_fork_sends_nothing) {
    lock held = take_everywhere();
    const std::size_t before = settled(nodes);
    EXPECT_TRUE(true_in_child([&] {
        user.reset();
        held = lock{};
        turned.io.restart();
        turned.io.run_for(100ms);
        return true;
    }));
    EXPECT_EQ(settled(nodes), before);
    expect_unharmed(held);
}

TEST_F(forks, a_parent_goes_on_renewing) {
    lock held = user->take("job", {.lease_time = 2s, .renew = true});
    ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
    EXPECT_TRUE(true_in_child([&] {
        take_over_loop();
        held = lock{};
        user.reset();
        return run_out();
    }));
    ASSERT_TRUE(turned.until([&] { return user->events().count(event_kind::extended) >= 4; }));
    expect_unharmed(held);
}

TEST_F(forks, every_operation_of_a_copy_says_so) {
    lock held = take_everywhere();
    const std::size_t before = settled(nodes);
    EXPECT_TRUE(true_in_child([&] {
        take_over_loop();
        std::vector<error_code> told;
        const auto note = [&](const error_code& error, auto&&...) { told.push_back(error); };
        bool right = !held.valid() && user->manager->active_locks().empty() &&
                     held.last_error().message.find("forked") != std::string::npos;
        held.async_extend(std::nullopt, note);
        held.async_wait_lost(note);
        held.async_release(note);
        user->manager->async_acquire("other", {}, note);
        user->manager->async_attach("job", held.token(), {}, note);
        user->manager->async_status("job", note);
        user->manager->async_is_locked("job", note);
        user->manager->async_list({}, note);
        user->manager->async_vouch({}, note);
        user->manager->async_examine({}, note);
        user->manager->async_close(note);
        right = right && told.empty() && run_out();
        return right && told == std::vector<error_code>(11, errc::forked);
    }));
    EXPECT_EQ(settled(nodes), before);
    expect_unharmed(held);
}

TEST_F(forks, what_a_parent_waits_for_ends_in_the_child_and_goes_on_in_the_parent) {
    client rival{turned, nodes.urls()};
    lock theirs = rival.take("job", {.lease_time = 50s});
    const auto waiting = user->begin_acquire("job");
    const auto lost = rival.begin_wait_lost(theirs);
    ASSERT_TRUE(turned.until([&] { return nodes.in_line("job", 1); }));
    const std::size_t before = settled(nodes);
    EXPECT_TRUE(true_in_child([&] {
        take_over_loop();
        return run_out() && waiting->done && waiting->error == errc::forked && lost->done &&
               lost->error == errc::forked;
    }));
    EXPECT_EQ(settled(nodes), before);
    EXPECT_FALSE(waiting->done);
    EXPECT_FALSE(rival.release(theirs));
    ASSERT_TRUE(turned.until([&] { return waiting->done; }));
    EXPECT_FALSE(waiting->error);
    expect_unharmed(waiting->value);
}

TEST_F(forks, at_every_step_of_connecting_and_acquiring) {
    for (int steps = 0; steps < 45; steps += 3) {
        user.emplace(turned, nodes.urls());
        const auto acquiring = user->begin_acquire("job", {.lease_time = 50s});
        for (int i = 0; i < steps; ++i) {
            turned.step();
        }
        const std::size_t before = settled(nodes);
        EXPECT_TRUE(true_in_child([&] {
            const bool was_done = acquiring->done;
            take_over_loop();
            return run_out() && !acquiring->value.valid() &&
                   (was_done || acquiring->error == errc::forked);
        })) << "after "
            << steps << " steps";
        EXPECT_EQ(settled(nodes), before) << "after " << steps << " steps";
        ASSERT_TRUE(turned.until([&] { return acquiring->done; }));
        ASSERT_FALSE(acquiring->error) << acquiring->why.to_string();
        ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
        expect_unharmed(acquiring->value);
        EXPECT_FALSE(user->close());
    }
}

TEST_F(forks, a_child_may_have_a_manager_of_its_own) {
    lock held = take_everywhere();
    EXPECT_TRUE(true_in_child([&] {
        loop own;
        client worker{own, nodes.urls()};
        if (worker.try_acquire("job")->error != errc::contended) {
            return false;
        }
        lock mine = worker.take("another");
        return mine.valid() && !worker.release(mine) && !worker.close();
    }));
    expect_unharmed(held);
}

TEST_F(forks, a_copy_of_the_blocking_facade_neither_locks_nor_waits) {
    mutex_context context{nodes.urls(), usual_options()};
    mutex first{context, "job"};
    mutex second{context, "other"};
    first.lock();
    ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
    const std::size_t before = settled(nodes);
    EXPECT_TRUE(true_in_child([&] {
        if (first.valid()) {
            return false;
        }
        try {
            second.lock();
            return false;
        } catch (const lock_error& why) {
            first.unlock();
            context.~mutex_context();  // The child ends without another.
            return why.code() == errc::forked;
        }
    }));
    EXPECT_EQ(settled(nodes), before);
    EXPECT_TRUE(first.valid());
    first.unlock();
    EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 0; }));
}

/// Whether it throws what a copy throws.
bool is_refused(const std::function<void()>& what) {
    try {
        what();
        return false;
    } catch (const lock_error& why) {
        return why.code() == errc::forked;
    }
}

TEST_F(forks, a_copy_of_a_recursive_mutex_is_not_held_though_the_thread_is_the_same) {
    mutex_context context{nodes.urls(), usual_options()};
    recursive_mutex twice{context, "job"};
    twice.lock();
    twice.lock();
    ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
    const std::size_t before = settled(nodes);
    EXPECT_TRUE(true_in_child([&] {
        const bool right = !twice.valid() && is_refused([&] { twice.lock(); }) &&
                           is_refused([&] { static_cast<void>(twice.try_lock()); }) &&
                           is_refused([&] { static_cast<void>(twice.try_lock_for(1h)); });
        twice.unlock();
        twice.unlock();
        context.~mutex_context();  // The child ends without another.
        return right;
    }));
    EXPECT_EQ(settled(nodes), before);
    EXPECT_TRUE(twice.valid());
    EXPECT_TRUE(twice.try_lock()) << "the parent's levels are as they were";
    twice.unlock();
    twice.unlock();
    EXPECT_TRUE(twice.valid());
    twice.unlock();
    EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 0; }));
}

TEST_F(forks, a_copy_of_a_leader_leads_nothing_and_waits_for_nothing) {
    mutex_context context{nodes.urls(), usual_options()};
    leader candidate{context, "job"};
    leader other{context, "other"};
    candidate.campaign();
    const fencing_token term = candidate.term();
    EXPECT_TRUE(true_in_child([&] {
        candidate.wait();
        const bool right = !candidate.is_leader() && !candidate.term() && candidate.wait_for(1h) &&
                           is_refused([&] { candidate.proclaim("x"); }) &&
                           is_refused([&] { candidate.campaign(); }) &&
                           is_refused([&] { static_cast<void>(other.campaign_for(1h)); });
        other.wait();
        candidate.resign();
        context.~mutex_context();  // The child ends without another.
        return right;
    }));
    EXPECT_TRUE(candidate.is_leader());
    EXPECT_EQ(candidate.term(), term);
    EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
    candidate.proclaim("still here");
    candidate.resign();
    EXPECT_TRUE(turned.until([&] { return nodes.having("job") == 0; }));
}

TEST(forks_over_tls, leaves_the_parents_connections_alone) {
    const support::test_authority authority;
    redis_server_options options;
    options.tls = {.files = authority.issue(), .ca = authority.file()};
    cluster nodes{3, options};
    std::vector<std::string> urls;
    for (std::size_t node = 0; node < nodes.size(); ++node) {
        urls.push_back("rediss://127.0.0.1:" + std::to_string(nodes[node].tls_port()) +
                       "?ca=" + authority.file());
    }
    loop turned;
    std::optional<client> user{std::in_place, turned, urls};
    lock held = user->take("job", {.lease_time = 50s});
    ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
    const std::size_t before = settled(nodes);
    EXPECT_TRUE(true_in_child([&] {
        turned.io.notify_fork(asio::io_context::fork_child);
        held = lock{};
        user.reset();
        turned.io.restart();
        turned.io.run_for(hang);
        return turned.io.stopped();
    }));
    EXPECT_EQ(settled(nodes), before);
    EXPECT_FALSE(user->extend(held));
    EXPECT_FALSE(user->release(held));
    EXPECT_EQ(user->events().count(event_kind::node_down), 0U);
}

}  // namespace
}  // namespace redlock::integration
