// Managers and handlers on executors that are not one plain event loop: other loops, strands,
// pools, and executors that are none of Asio's. Completions run there and nowhere else; see also
// executor_test.cpp.
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

class other_executors : public testing::Test {
  protected:
    /// With both event loops turning.
    bool until(const std::function<bool()>& done) {
        return turned.until([&] {
            callers.restart();
            callers.poll();
            return done();
        });
    }

    cluster nodes{3};
    loop turned;
    asio::io_context callers{1};
};

// An observer is called in the middle of a turn of its manager's event loop, and what it asks of
// another may be over at once. Nothing else is completed by a node that has come up.
TEST_F(other_executors, of_what_an_observer_asks_elsewhere) {
    const auto own_strand = asio::make_strand(turned.io);
    const auto expect_at_home = [&](const asio::any_io_executor& where, auto is_home) {
        // What a failed acquisition hands over knows where its completions belong, and nothing
        // else.
        lock empty;
        bool made = false;
        lock_manager another{where, nodes.urls(), usual_options()};
        another.async_acquire("", {}, [&](error_code, lock got) {
            empty = std::move(got);
            made = true;
        });
        ASSERT_TRUE(until([&] { return made; }));
        const auto log = std::make_shared<event_log>();
        manager_options options = usual_options();
        options.events = log;
        int asked = 0;
        std::optional<bool> at_home;
        log->also = [&](const event& what) {
            if (what.kind == event_kind::node_ready && ++asked == 1) {
                empty.async_extend(std::nullopt, [&](error_code error) {
                    EXPECT_EQ(error, errc::lost);
                    at_home = is_home();
                });
            }
        };
        client watched{turned, nodes.urls(), options};
        watched.warm_up();
        ASSERT_TRUE(until([&] { return at_home.has_value(); }));
        EXPECT_TRUE(*at_home);
    };
    expect_at_home(callers.get_executor(),
                   [&] { return callers.get_executor().running_in_this_thread(); });
    expect_at_home(own_strand, [&] { return own_strand.running_in_this_thread(); });
    expect_at_home(turned.io.get_executor(),
                   [&] { return turned.io.get_executor().running_in_this_thread(); });
}

/// An executor that is none of Asio's: knows whether it runs what is running.
class marking_executor {
  public:
    // A template: else whether it can be copied would depend on whether it is an executor.
    template <std::same_as<asio::any_io_executor> Inner>
    explicit marking_executor(Inner inner) : inner_(std::move(inner)) {}

    [[nodiscard]] static bool runs_this() { return depth != 0; }

    template <class What>
    void execute(What what) const {
        inner_.execute([what = std::move(what)]() mutable {
            struct scope {
                scope() { ++depth; }
                ~scope() { --depth; }
                scope(const scope&) = delete;
                scope& operator=(const scope&) = delete;
            } const inside;
            what();
        });
    }
    template <class Property>
        requires asio::can_query_v<const asio::any_io_executor&, Property>
    decltype(auto) query(const Property& property) const {
        return asio::query(inner_, property);
    }
    [[nodiscard]] marking_executor require(asio::execution::blocking_t::never_t never) const {
        return marking_executor{asio::require(inner_, never)};
    }
    template <class Property>
        requires asio::can_prefer_v<const asio::any_io_executor&, Property>
    [[nodiscard]] marking_executor prefer(const Property& property) const {
        return marking_executor{asio::prefer(inner_, property)};
    }
    friend bool operator==(const marking_executor&, const marking_executor&) noexcept = default;

  private:
    static inline thread_local int depth = 0;
    asio::any_io_executor inner_;
};

TEST_F(other_executors, of_a_manager_on_an_executor_that_is_none_of_asios) {
    const marking_executor own{asio::any_io_executor{turned.io.get_executor()}};
    lock_manager locks{own, nodes.urls(), usual_options()};
    int ended = 0;
    const auto note = [&](error_code error) {
        EXPECT_FALSE(error);
        EXPECT_TRUE(marking_executor::runs_this());
        ++ended;
    };
    lock held;
    locks.async_acquire("job", {}, [&](error_code error, lock got) {
        held = std::move(got);
        note(error);
    });
    ASSERT_TRUE(until([&] { return ended == 1; }));
    held.async_extend(std::nullopt, note);
    ASSERT_TRUE(until([&] { return ended == 2; }));
    locks.async_status("job", [&](error_code error, const resource_status&) { note(error); });
    ASSERT_TRUE(until([&] { return ended == 3; }));
    held.async_release(note);
    ASSERT_TRUE(until([&] { return ended == 4; }));
    locks.async_close(note);
    ASSERT_TRUE(until([&] { return ended == 5; }));
}

TEST_F(other_executors, of_handlers_that_belong_to_a_pool_or_to_any_thread) {
    lock_manager locks{turned.io.get_executor(), nodes.urls(), usual_options()};
    asio::thread_pool pool{1};
    const auto status_on = [&](const auto& where, auto is_home) {
        std::atomic<bool> done = false;
        locks.async_status("job",
                           asio::bind_executor(where, [&, is_home](error_code error, auto&&) {
                               EXPECT_FALSE(error);
                               EXPECT_TRUE(is_home());
                               done = true;
                           }));
        EXPECT_FALSE(done);
        EXPECT_TRUE(until([&] { return done.load(); }));
    };
    for (int turn = 0; turn < 3; ++turn) {
        status_on(pool.get_executor(),
                  [&] { return pool.get_executor().running_in_this_thread(); });
        status_on(asio::system_executor{}, [] { return true; });
    }
    pool.join();
}

}  // namespace
}  // namespace redlock::integration
