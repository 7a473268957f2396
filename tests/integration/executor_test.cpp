// Where completions run: on the handler's associated executor, else on the manager's, for every
// operation of managers and locks in every state, in a program that has one thread. Nothing may run
// on a thread that the program did not make, or inside the call that begins an operation.
#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

/// A lock in some state, with the manager that gave it out if that still lives.
struct subject {
    std::optional<lock_manager> manager;
    lock held;
};

class executors : public testing::Test {
  protected:
    bool until(const std::function<bool()>& done) {
        const auto give_up = std::chrono::steady_clock::now() + hang;
        while (!done()) {
            if (std::chrono::steady_clock::now() > give_up) {
                return false;
            }
            turned.step();
            callers.restart();
            callers.poll();
        }
        return true;
    }
    /// What completes with nothing but the end of this call.
    template <class Begin>
    void finish(Begin begin) {
        bool done = false;
        begin(asio::bind_executor(turned.io, [&](const error_code&, auto&&...) { done = true; }));
        EXPECT_TRUE(until([&] { return done; }));
    }

    lock_manager manager() { return {turned.io.get_executor(), nodes.urls(), usual_options()}; }
    lock acquire(lock_manager& from, const std::string& name, acquire_options with = {}) {
        lock got;
        bool done = false;
        from.async_acquire(name, with, [&](error_code, lock held) {
            got = std::move(held);
            done = true;
        });
        EXPECT_TRUE(until([&] { return done; }));
        return got;
    }
    subject live() {
        subject made{manager(), {}};
        // Lost by itself before long, so that a wait for that ends.
        made.held = acquire(*made.manager, "live", {.lease_time = 300ms});
        return made;
    }
    subject held_for_long() {
        subject made{manager(), {}};
        made.held = acquire(*made.manager, "long");
        EXPECT_TRUE(made.held.valid());
        return made;
    }

    /// `begin(token)` starts the operation.
    template <class Begin>
    void expect_plain_at_home(const std::string& what, Begin begin) {
        bool done = false;
        bool home = false;
        begin([&](const error_code&, auto&&...) {
            home = turned.io.get_executor().running_in_this_thread();
            done = true;
        });
        EXPECT_FALSE(done) << what << ": inside the initiating call";
        EXPECT_TRUE(until([&] { return done; })) << what << " hangs";
        EXPECT_TRUE(home) << what;
    }
    template <class Begin>
    void expect_bound_at_home(const std::string& what, Begin begin) {
        bool done = false;
        bool home = false;
        begin(asio::bind_executor(callers, [&](const error_code&, auto&&...) {
            home = callers.get_executor().running_in_this_thread();
            done = true;
        }));
        EXPECT_FALSE(done) << what << ", bound: inside the initiating call";
        EXPECT_TRUE(until([&] { return done; })) << what << ", bound, hangs";
        EXPECT_TRUE(home) << what << ", bound";
    }
    template <class Begin>
    void expect_coroutine_at_home(const std::string& what, Begin begin) {
        bool done = false;
        bool home = false;
        auto body = [&]() -> asio::awaitable<void> {
            co_await begin(asio::as_tuple(asio::use_awaitable));
            home = callers.get_executor().running_in_this_thread();
        };
        asio::co_spawn(callers, body(), [&](const std::exception_ptr& thrown) {
            EXPECT_FALSE(thrown);
            done = true;
        });
        EXPECT_TRUE(until([&] { return done; })) << what << ", in a coroutine, hangs";
        EXPECT_TRUE(home) << what << ", in a coroutine";
    }
    /// All operations of locks that `make` makes, each on a fresh one. A std::function, since a
    /// type of its own for each state would have every operation compiled anew.
    void expect_operations_of(const std::string& state, const std::function<subject()>& make) {
        const auto all_ways = [&](const std::string& name, auto operation) {
            const std::string what = name + " of a lock that is " + state;
            subject first = make();
            expect_plain_at_home(what, [&](auto&& token) {
                return operation(first.held, std::forward<decltype(token)>(token));
            });
            others_at_home(what, make, operation);
        };
        for_each_operation(all_ways);
    }
    template <class Operation>
    void others_at_home(const std::string& what, const std::function<subject()>& make,
                        Operation operation) {
        subject second = make();
        expect_bound_at_home(what, [&](auto&& token) {
            return operation(second.held, std::forward<decltype(token)>(token));
        });
        subject third = make();
        expect_coroutine_at_home(what, [&](auto&& token) {
            return operation(third.held, std::forward<decltype(token)>(token));
        });
    }
    template <class Do>
    static void for_each_operation(Do with) {
        with("extend", [](lock& held, auto&& token) {
            return held.async_extend(std::nullopt, std::forward<decltype(token)>(token));
        });
        with("release", [](lock& held, auto&& token) {
            return held.async_release(std::forward<decltype(token)>(token));
        });
        with("wait_lost", [](lock& held, auto&& token) {
            return held.async_wait_lost(std::forward<decltype(token)>(token));
        });
    }

    cluster nodes{3};
    loop turned;
    asio::io_context callers{1};
};

TEST_F(executors, of_a_live_lock) {
    expect_operations_of("live", [&] { return live(); });
}

TEST_F(executors, of_a_lost_lock) {
    expect_operations_of("lost", [&] {
        subject made = live();
        finish([&](auto token) { made.held.async_wait_lost(std::move(token)); });
        EXPECT_FALSE(made.held.valid());
        return made;
    });
}

TEST_F(executors, of_a_released_lock) {
    expect_operations_of("released", [&] {
        subject made = held_for_long();
        finish([&](auto token) { made.held.async_release(std::move(token)); });
        return made;
    });
}

TEST_F(executors, of_an_empty_lock_that_a_failed_acquisition_gave_out) {
    nodes.each([](redis_server& node) { node.command({"SET", "taken", "theirs"}); });
    expect_operations_of("empty", [&] {
        subject made{manager(), {}};
        made.held = acquire(*made.manager, "taken", {.wait = wait_policy::none()});
        EXPECT_TRUE(made.held.token().empty());
        return made;
    });
    expect_operations_of("empty, of an argument that cannot be used", [&] {
        subject made{manager(), {}};
        made.held = acquire(*made.manager, "", {});
        return made;
    });
}

TEST_F(executors, of_a_lock_that_was_moved_from) {
    expect_operations_of("moved from", [&] {
        subject made = held_for_long();
        const lock moved = std::move(made.held);
        return made;
    });
}

TEST_F(executors, of_a_lock_whose_manager_is_closed) {
    expect_operations_of("of a closed manager", [&] {
        subject made = held_for_long();
        finish([&](auto token) { made.manager->async_close(std::move(token)); });
        return made;
    });
}

TEST_F(executors, of_a_lock_whose_manager_is_gone) {
    for (const bool had_it : {true, false}) {
        expect_operations_of(had_it ? "of a manager that is gone" : "empty, of one", [&] {
            subject made = held_for_long();
            if (!had_it) {
                made.held = acquire(*made.manager, "", {});
            }
            made.manager.reset();
            turned.io.restart();
            turned.io.run_for(hang);  // until nothing of the manager is left
            return made;
        });
    }
}

// There is no thread but the caller's that would not be a foreign one.
TEST_F(executors, of_a_default_constructed_lock_are_the_handlers_or_the_initiating_call) {
    for_each_operation([&](const std::string& what, auto operation) {
        lock empty;
        bool inside = false;
        operation(empty, [&, me = std::this_thread::get_id()](error_code error) {
            EXPECT_EQ(error, errc::lost);
            inside = std::this_thread::get_id() == me;
        });
        EXPECT_TRUE(inside) << what;
        const auto make = [] { return subject{}; };
        others_at_home(what + " of a default constructed lock", make, operation);
    });
}

TEST_F(executors, of_a_lock_whose_event_loop_is_gone) {
    subject outlived;
    {
        asio::io_context brief;
        // A strand is a part of its event loop, which must not be destroyed after that.
        outlived.manager.emplace(asio::any_io_executor{asio::make_strand(brief)}, nodes.urls());
        bool done = false;
        outlived.manager->async_acquire("job", {}, [&](error_code, lock held) {
            outlived.held = std::move(held);
            done = true;
        });
        while (!done && brief.run_one_for(hang) > 0) {
        }
        outlived.manager.reset();
    }
    bool inside = false;
    outlived.held.async_release([&](error_code error) {
        EXPECT_EQ(error, errc::closed);
        inside = true;
    });
    EXPECT_TRUE(inside);
}

// The usual pattern: whatever came, it is given back.
TEST_F(executors, of_the_release_of_what_a_failed_acquisition_handed_over) {
    lock_manager locks = manager();
    nodes.each([](redis_server& node) { node.command({"SET", "job", "theirs"}); });
    bool done = false;
    bool home = false;
    locks.async_try_acquire("job", {}, [&](error_code error, lock mine) {
        EXPECT_EQ(error, errc::contended);
        mine.async_release([&](error_code) {
            home = turned.io.get_executor().running_in_this_thread();
            done = true;
        });
    });
    ASSERT_TRUE(until([&] { return done; }));
    EXPECT_TRUE(home);
}

/// Calls `with(name, operation)` for each operation of a manager.
template <class Do>
void for_each_of_managers(Do with) {
    with("acquire", [](lock_manager& locks) {
        return locks.async_try_acquire("job", {.lease_time = 1s}, asio::deferred);
    });
    with("attach", [](lock_manager& locks) {
        return locks.async_attach("job", lock_token{"nobody's"}, {}, asio::deferred);
    });
    with("status", [](lock_manager& locks) { return locks.async_status("job", asio::deferred); });
    with("is_locked",
         [](lock_manager& locks) { return locks.async_is_locked("job", asio::deferred); });
    with("list", [](lock_manager& locks) { return locks.async_list({}, asio::deferred); });
    with("vouch", [](lock_manager& locks) { return locks.async_vouch({}, asio::deferred); });
    with("examine",
         [](lock_manager& locks) { return locks.async_examine({.samples = 1}, asio::deferred); });
    with("close", [](lock_manager& locks) { return locks.async_close(asio::deferred); });
}

class executors_of_managers : public executors {
  protected:
    using change = std::function<void(std::optional<lock_manager>& locks)>;

    /// `before` brings the manager into the state, `after` does it when the operation is ready to
    /// begin.
    void expect_in_state(const std::string& state, const change& before, const change& after) {
        for_each_of_managers([&](const std::string& name, auto operation) {
            const std::string what = name + " of a manager that is " + state;
            const auto begin_anew = [&](auto expect) {
                std::optional<lock_manager> locks = manager();
                before(locks);
                auto ready = operation(*locks);
                after(locks);
                expect([&](auto&& token) {
                    return std::move(ready)(std::forward<decltype(token)>(token));
                });
            };
            begin_anew([&](auto begin) { expect_plain_at_home(what, begin); });
            begin_anew([&](auto begin) { expect_bound_at_home(what, begin); });
            begin_anew([&](auto begin) { expect_coroutine_at_home(what, begin); });
        });
    }
    static void nothing(std::optional<lock_manager>& /*locks*/) {}
};

TEST_F(executors_of_managers, that_live) {
    expect_in_state("alive", nothing, nothing);
}

TEST_F(executors_of_managers, that_are_closed) {
    expect_in_state("closed", nothing, [&](auto& locks) {
        finish([&](auto token) { locks->async_close(std::move(token)); });
    });
}

TEST_F(executors_of_managers, that_are_gone) {
    expect_in_state("gone", nothing, [&](auto& locks) {
        locks.reset();
        turned.io.restart();
        turned.io.run_for(hang);
    });
}

TEST_F(executors_of_managers, that_were_moved_from) {
    const auto move_away = [](auto& locks) { const lock_manager moved = std::move(*locks); };
    expect_in_state("moved from", move_away, nothing);
}

}  // namespace
}  // namespace redlock::integration
