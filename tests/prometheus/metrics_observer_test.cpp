// Metrics as a scrape would see them: of events that are made here, and of managers in a simulated
// world.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <boost/asio/error.hpp>
#include <chrono>
#include <fstream>
#include <limits>
#include <memory>
#include <redlock/lock_manager.hpp>
#include <redlock/prometheus.hpp>
#include <redlock/testing.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace redlock {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAreArray;

struct metrics : ::testing::Test {
    [[nodiscard]] std::string scraped() const {
        return prometheus::TextSerializer{}.Serialize(registry->Collect());
    }
    [[nodiscard]] std::shared_ptr<metrics_observer> observer(metrics_options options = {}) const {
        return std::make_shared<metrics_observer>(registry, std::move(options));
    }
    /// Those that are labelled by the resource.
    [[nodiscard]] std::shared_ptr<metrics_observer> by_resource(std::size_t most = 100) const {
        return observer({.resource_label = [](std::string_view name) { return std::string{name}; },
                         .max_resource_labels = most});
    }

    std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
};

TEST_F(metrics, of_locks_are_there_before_anything_happens) {
    const auto counting = observer();
    for (const char* const line :
         {"redlock_wake_ups_total 0", "redlock_lost_locks_total 0", "redlock_late_grants_total 0",
          "redlock_acquisition_seconds_count 0",
          R"(redlock_acquisitions_total{result="no_quorum"} 0)",
          R"(redlock_acquisitions_total{result="timed_out"} 0)",
          R"(redlock_releases_total{result="lost"} 0)"}) {
        EXPECT_THAT(scraped(), HasSubstr(line));
    }
}

TEST_F(metrics, count_acquisitions_by_their_result_and_time_those_that_won) {
    const auto counting = observer();
    counting->on_event({.kind = event_kind::acquired, .resource = "a", .elapsed = 30ms});
    counting->on_event({.kind = event_kind::acquired, .resource = "b", .elapsed = 2s});
    counting->on_event(
        {.kind = event_kind::acquire_failed, .resource = "a", .error = errc::timed_out});
    counting->on_event({.kind = event_kind::acquire_failed,
                        .resource = "a",
                        .error = boost::asio::error::operation_aborted});
    for (const char* const line : {R"(redlock_acquisitions_total{result="acquired"} 2)",
                                   R"(redlock_acquisitions_total{result="timed_out"} 1)",
                                   R"(redlock_acquisitions_total{result="cancelled"} 1)",
                                   R"(redlock_acquisition_seconds_count 2)",
                                   R"(redlock_acquisition_seconds_bucket{le="0.025"} 0)",
                                   R"(redlock_acquisition_seconds_bucket{le="0.05"} 1)",
                                   R"(redlock_acquisition_seconds_bucket{le="2.5"} 2)"}) {
        EXPECT_THAT(scraped(), HasSubstr(line));
    }
}

TEST_F(metrics, count_what_happens_to_a_lock) {
    const auto counting = observer();
    const std::vector<std::pair<event, const char*>> all{
        {{.kind = event_kind::woken}, "redlock_wake_ups_total 1"},
        {{.kind = event_kind::attempt_failed, .error = errc::no_quorum},
         R"(redlock_failed_attempts_total{reason="no_quorum"} 1)"},
        {{.kind = event_kind::extended}, R"(redlock_extensions_total{result="extended"} 1)"},
        {{.kind = event_kind::extend_failed, .error = errc::indeterminate},
         R"(redlock_extensions_total{result="indeterminate"} 1)"},
        {{.kind = event_kind::lost, .error = errc::lost}, "redlock_lost_locks_total 1"},
        {{.kind = event_kind::released}, R"(redlock_releases_total{result="released"} 1)"},
        {{.kind = event_kind::handed_over}, R"(redlock_releases_total{result="handed_over"} 1)"},
        {{.kind = event_kind::release_failed, .error = errc::lost},
         R"(redlock_releases_total{result="lost"} 1)"},
        {{.kind = event_kind::late_grant_released}, "redlock_late_grants_total 1"},
    };
    for (const auto& [what, line] : all) {
        EXPECT_THAT(scraped(), Not(HasSubstr(line)));
        counting->on_event(what);
        EXPECT_THAT(scraped(), HasSubstr(line));
    }
}

TEST_F(metrics, tell_of_nodes_what_happened_and_why_they_failed) {
    const auto counting = observer();
    counting->on_event({.kind = event_kind::node_ready, .node = 1, .node_name = "redis://b:1"});
    counting->on_event({.kind = event_kind::node_down,
                        .node = 1,
                        .node_name = "redis://b:1",
                        .error = node_errc::connection_lost});
    counting->on_event({.kind = event_kind::node_without_vote,
                        .node = 0,
                        .node_name = "redis://a:1",
                        .error = node_errc::quarantined});
    counting->on_event({.kind = event_kind::tracking_refused,
                        .node = 0,
                        .node_name = "redis://a:1",
                        .error = node_errc::permission_denied});
    for (const char* const line :
         {R"(redlock_node_events_total{event="ready",node="redis://b:1"} 1)",
          R"(redlock_node_events_total{event="down",node="redis://b:1"} 1)",
          R"(redlock_node_events_total{event="without_vote",node="redis://a:1"} 1)",
          R"(redlock_node_events_total{event="tracking_refused",node="redis://a:1"} 1)",
          R"(redlock_node_failures_total{node="redis://b:1",reason="connection_lost"} 1)",
          R"(redlock_node_failures_total{node="redis://a:1",reason="quarantined"} 1)"}) {
        EXPECT_THAT(scraped(), HasSubstr(line));
    }
    EXPECT_THAT(scraped(), Not(HasSubstr("permission_denied"))) << "that is no failure";
}

TEST_F(metrics, have_no_label_for_the_resource_unless_it_is_asked_for) {
    observer()->on_event({.kind = event_kind::lost, .resource = "orders:42"});
    EXPECT_THAT(scraped(), Not(HasSubstr("orders")));
    by_resource()->on_event({.kind = event_kind::lost, .resource = "orders:43"});
    EXPECT_THAT(scraped(), HasSubstr(R"(redlock_lost_locks_total{resource="orders:43"} 1)"));
}

TEST_F(metrics, keep_no_more_labels_than_allowed_apart) {
    const auto counting = by_resource(2);
    for (const char* const name : {"a", "b", "c", "d", "a"}) {
        counting->on_event({.kind = event_kind::lost, .resource = name});
    }
    EXPECT_THAT(scraped(), HasSubstr(R"(redlock_lost_locks_total{resource="a"} 2)"));
    EXPECT_THAT(scraped(), HasSubstr(R"(redlock_lost_locks_total{resource="b"} 1)"));
    EXPECT_THAT(scraped(), HasSubstr(R"(redlock_lost_locks_total{resource="other"} 2)"));
    EXPECT_THAT(scraped(), Not(HasSubstr(R"(resource="c")")));
}

TEST_F(metrics, do_not_let_other_labels_take_the_place_of_those_kept_apart) {
    const auto counting = by_resource(1);
    for (const char* const name : {"", "\xff", "a", "b"}) {
        counting->on_event({.kind = event_kind::lost, .resource = name});
    }
    EXPECT_THAT(scraped(), HasSubstr("redlock_lost_locks_total 1"));
    EXPECT_THAT(scraped(), HasSubstr(R"(redlock_lost_locks_total{resource="a"} 1)"));
    EXPECT_THAT(scraped(), HasSubstr(R"(redlock_lost_locks_total{resource="other"} 2)"));
}

TEST_F(metrics, survive_a_function_for_the_label_that_throws_or_comes_back) {
    std::shared_ptr<metrics_observer> counting;
    counting = observer({.resource_label = [&](std::string_view name) -> std::string {
        if (name == "nested") {
            counting->on_event({.kind = event_kind::woken, .resource = "inner"});
        }
        if (name == "throws") {
            throw std::out_of_range{"no colon"};
        }
        return std::string{name};
    }});
    counting->on_event({.kind = event_kind::lost, .resource = "throws"});
    counting->on_event({.kind = event_kind::lost, .resource = "nested"});
    counting->on_event({.kind = event_kind::lost, .resource = std::string(129, 'x')});
    EXPECT_THAT(scraped(), HasSubstr(R"(redlock_lost_locks_total{resource="other"} 2)"));
    EXPECT_THAT(scraped(), HasSubstr(R"(redlock_lost_locks_total{resource="nested"} 1)"));
    EXPECT_THAT(scraped(), HasSubstr(R"(redlock_wake_ups_total{resource="inner"} 1)"));
}

TEST_F(metrics, never_have_a_label_that_spoils_the_whole_scrape) {
    const auto counting = by_resource();
    for (const char* const name : {"\xff", "caf\xc3", "\xed\xa0\x80"}) {
        counting->on_event({.kind = event_kind::lost, .resource = name});
    }
    counting->on_event({.kind = event_kind::lost, .resource = "caf\xc3\xa9"});
    EXPECT_THAT(scraped(), HasSubstr(R"(redlock_lost_locks_total{resource="other"} 3)"));
    EXPECT_THAT(scraped(), HasSubstr("redlock_lost_locks_total{resource=\"caf\xc3\xa9\"} 1"));
}

TEST_F(metrics, are_those_that_the_page_lists) {
    std::ifstream page{REDLOCK_ROOT "/docs/metrics.md"};
    std::vector<std::string> listed;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("| `redlock_")) {
            listed.push_back(line.substr(3, line.find('`', 3) - 3));
        }
    }
    const auto counting = observer();
    for (int kind = 0; kind <= static_cast<int>(event_kind::node_unverified); ++kind) {
        counting->on_event({.kind = static_cast<event_kind>(kind), .error = errc::lost});
    }
    std::vector<std::string> counted;
    for (const auto& family : registry->Collect()) {
        counted.push_back(family.name);
    }
    EXPECT_THAT(listed, UnorderedElementsAreArray(counted));
}

TEST_F(metrics, of_two_observers_in_one_registry_count_together) {
    const auto one = observer();
    const auto other = observer();
    one->on_event({.kind = event_kind::lost});
    other->on_event({.kind = event_kind::lost});
    EXPECT_THAT(scraped(), HasSubstr("redlock_lost_locks_total 2"));
}

TEST_F(metrics, cannot_be_had_without_a_registry_or_with_buckets_that_do_not_ascend) {
    EXPECT_THROW(metrics_observer{nullptr}, std::invalid_argument);
    EXPECT_THROW(static_cast<void>(observer({.buckets = {0.1, 0.1}})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(observer({.buckets = {2, 1}})), std::invalid_argument);
    for (const double each :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        EXPECT_THROW(static_cast<void>(observer({.buckets = {each}})), std::invalid_argument);
    }
}

TEST_F(metrics, follow_a_lock_through_its_life) {
    redlock::testing::world world;
    manager_options options;
    options.events = observer();
    lock_manager locks{world.get_executor(), world.nodes(), options};
    lock held;
    const auto take = [&] {
        locks.async_acquire("job", {}, [&](error_code, lock got) { held = std::move(got); });
        ASSERT_TRUE(world.run_until([&] { return held.valid(); }, 5s));
    };
    take();
    world.run_for(10s);  // renewed meanwhile
    bool released = false;
    held.async_release([&](error_code) { released = true; });
    ASSERT_TRUE(world.run_until([&] { return released; }, 5s));
    take();
    world.lose("job");
    ASSERT_TRUE(world.run_until([&] { return !held.valid(); }, 20s));
    world.run_for(1s);

    const std::string all = scraped();
    EXPECT_THAT(all, HasSubstr(R"(redlock_acquisitions_total{result="acquired"} 2)"));
    EXPECT_THAT(all, HasSubstr(R"(redlock_releases_total{result="released"} 1)"));
    EXPECT_THAT(all, HasSubstr(R"(redlock_extensions_total{result="extended"})"));
    EXPECT_THAT(all, HasSubstr("redlock_lost_locks_total 1"));
    EXPECT_THAT(all, HasSubstr("redlock_acquisition_seconds_count 2"));
    EXPECT_THAT(all, HasSubstr(R"(redlock_node_events_total{event="ready",node=)"));
}

TEST_F(metrics, say_why_a_waiter_waits) {
    redlock::testing::world world;
    manager_options options;
    options.events = observer();
    lock_manager holder{world.get_executor(), world.nodes()};
    lock_manager waiter{world.get_executor(), world.nodes(), options};
    lock held;
    holder.async_acquire("job", {}, [&](error_code, lock got) { held = std::move(got); });
    ASSERT_TRUE(world.run_until([&] { return held.valid(); }, 5s));
    error_code outcome;
    waiter.async_acquire("job", {.wait = 3s},
                         [&](error_code error, const lock&) { outcome = error; });
    ASSERT_TRUE(world.run_until([&] { return outcome == errc::timed_out; }, 5s));
    EXPECT_THAT(scraped(), HasSubstr(R"(redlock_failed_attempts_total{reason="contended"})"));
    EXPECT_THAT(scraped(), HasSubstr(R"(redlock_acquisitions_total{result="timed_out"} 1)"));
}

TEST_F(metrics, see_a_node_that_is_killed) {
    redlock::testing::world world;
    manager_options options;
    options.events = observer();
    lock_manager locks{world.get_executor(), world.nodes(), options};
    lock held;
    locks.async_acquire("job", {}, [&](error_code, lock got) { held = std::move(got); });
    ASSERT_TRUE(world.run_until([&] { return held.valid(); }, 5s));
    world.run_for(1s);
    EXPECT_THAT(scraped(), Not(HasSubstr(R"(event="down")")));
    world.kill(1);
    ASSERT_TRUE(world.run_until(
        [&] { return scraped().find(R"(event="down")") != std::string::npos; }, 30s));
}

}  // namespace
}  // namespace redlock
