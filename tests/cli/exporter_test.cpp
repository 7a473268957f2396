// What the exporter answers to what it has seen, without a node and without a socket. The rest is
// tests/metrics, under a real Prometheus.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "cli/exporter/exporter.hpp"
#include "cli/exporter/sighting.hpp"
#include "cli/options/invocation.hpp"

namespace redlock::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

node_health well(node_index number) {
    node_health node;
    node.node = number;
    node.name = "redis://n" + std::to_string(number);
    node.round_trip.emplace();
    node.round_trip->median = std::chrono::milliseconds{2};
    node.round_trip->samples = 5;
    node.role = server_role::master;
    return node;
}

node_health silent(node_index number) {
    node_health node;
    node.node = number;
    node.name = "redis://n" + std::to_string(number);
    node.error = node_errc::no_answer;
    return node;
}

exporter_state seen(std::vector<node_health> nodes) {
    exporter_state state;
    state.surveys = 1;
    state.latest.emplace();
    state.latest->nodes = std::move(nodes);
    return state;
}

resource_status held(const std::string& name) {
    resource_status lock;
    lock.resource = name;
    lock.verdict = lock_verdict::held;
    lock.mode = lock_mode::exclusive;
    lock.fencing = fencing_token{7};
    lock.remaining = std::chrono::milliseconds{1500};
    return lock;
}

std::string page_of(resource_status lock) {
    exporter_state state = seen({well(0)});
    state.latest->patterns.push_back({"jobs:*", {}, 0, false});
    state.latest->patterns.back().locks.push_back(std::move(lock));
    return exposition(state);
}

TEST(exposition, says_nothing_of_nodes_that_were_not_asked_yet) {
    EXPECT_THAT(exposition({}),
                AllOf(HasSubstr("redlock_surveys_total 0\n"), Not(HasSubstr("redlock_nodes"))));
}

TEST(exposition, tells_a_silent_node_from_one_without_a_vote) {
    node_health waiting = well(1);
    waiting.vote_error = node_errc::quarantined;
    waiting.quarantine = std::chrono::milliseconds{2500};
    const std::string page = exposition(seen({well(0), waiting, silent(2)}));
    EXPECT_THAT(page, HasSubstr("redlock_node_up{node=\"redis://n0\"} 1\n"));
    EXPECT_THAT(page, HasSubstr("redlock_node_votes{node=\"redis://n0\"} 1\n"));
    EXPECT_THAT(page, HasSubstr("redlock_node_up{node=\"redis://n1\"} 1\n"));
    EXPECT_THAT(page, HasSubstr("redlock_node_votes{node=\"redis://n1\"} 0\n"));
    EXPECT_THAT(page, HasSubstr("redlock_node_quarantine_seconds{node=\"redis://n1\"} 2.5\n"));
    EXPECT_THAT(page, HasSubstr("redlock_node_up{node=\"redis://n2\"} 0\n"));
    EXPECT_THAT(page, HasSubstr("redlock_node_votes{node=\"redis://n2\"} 0\n"));
    EXPECT_THAT(page, Not(HasSubstr("redlock_node_info{node=\"redis://n2\"")));
    EXPECT_THAT(page, AllOf(HasSubstr("redlock_nodes 3\n"), HasSubstr("redlock_quorum 2\n"),
                            HasSubstr("redlock_nodes_usable 1\n")));
}

TEST(exposition, warns_of_evictions_only_where_keys_may_be_evicted) {
    for (const auto& [limit, policy, evicts] :
         {std::tuple{100U, "allkeys-lru", 1}, std::tuple{100U, "noeviction", 0},
          std::tuple{0U, "allkeys-lru", 0}}) {
        node_health node = well(0);
        node.memory = {limit, 50, policy, 3};
        EXPECT_THAT(exposition(seen({node})),
                    AllOf(HasSubstr("may_evict{node=\"redis://n0\"} " + std::to_string(evicts)),
                          HasSubstr("evicted_keys_total{node=\"redis://n0\"} 3\n")))
            << limit << policy;
    }
}

TEST(exposition, shows_warnings_and_problems_and_nothing_less) {
    exporter_state state = seen({well(0)});
    const auto add = [&](finding_level level, std::string code, std::optional<node_index> node) {
        finding each;
        each.level = level;
        each.code = std::move(code);
        each.node = node;
        state.latest->findings.push_back(std::move(each));
    };
    add(finding_level::ok, "fine", 0);
    add(finding_level::note, "noted", 0);
    add(finding_level::warning, "slow", 0);
    add(finding_level::problem, "too_few", std::nullopt);
    EXPECT_THAT(exposition(state),
                AllOf(Not(HasSubstr("fine")), Not(HasSubstr("noted")),
                      HasSubstr("{node=\"redis://n0\",level=\"warning\",code=\"slow\"} 1\n"),
                      HasSubstr("{node=\"all\",level=\"problem\",code=\"too_few\"} 1\n")));
}

TEST(exposition, shows_a_lock_with_its_holder) {
    resource_status lock = held("jobs:a");
    lock.label = "machine 7";
    EXPECT_THAT(page_of(lock),
                AllOf(HasSubstr("redlock_lock_held{pattern=\"jobs:*\",resource=\"jobs:a\"} 1\n"),
                      HasSubstr("resource=\"jobs:a\",mode=\"exclusive\",label=\"machine 7\"} 1\n"),
                      HasSubstr("redlock_lock_remaining_seconds{pattern=\"jobs:*\",resource="
                                "\"jobs:a\"} 1.5\n"),
                      HasSubstr("redlock_pattern_locks{pattern=\"jobs:*\",verdict=\"held\"} 1\n")));
}

TEST(exposition, names_no_holder_of_a_split_lock) {
    resource_status lock = held("jobs:a");
    lock.verdict = lock_verdict::split;
    EXPECT_THAT(page_of(lock), AllOf(HasSubstr("resource=\"jobs:a\"} 0\n"),
                                     Not(HasSubstr("redlock_lock_holder_info{")),
                                     HasSubstr("verdict=\"split\"} 1\n")));
}

TEST(exposition, keeps_permits_of_one_semaphore_apart) {
    resource_status lock = held("jobs:a");
    lock.slot = 3;
    EXPECT_THAT(page_of(lock), HasSubstr("resource=\"jobs:a\",slot=\"3\"} 1\n"));
}

TEST(exposition, escapes_what_would_spoil_the_page) {
    resource_status lock = held("a\"b\n\xff");
    EXPECT_THAT(page_of(lock), HasSubstr(R"(resource="a\"b\n\\xff"} 1)"));
}

TEST(answers, are_ready_with_a_quorum_only) {
    EXPECT_EQ(answer_to("GET", "/readyz", {}).status, 503U);
    EXPECT_EQ(answer_to("GET", "/readyz", seen({well(0), well(1), silent(2)})).status, 200U);
    const auto without = answer_to("GET", "/readyz", seen({well(0), silent(1), silent(2)}));
    EXPECT_EQ(without.status, 503U);
    EXPECT_EQ(without.body, "not ready: 1 of 3 nodes give votes\n");
    EXPECT_EQ(answer_to("GET", "/readyz", seen({well(0), well(1), silent(2), silent(3)})).status,
              503U)
        << "half of them is no quorum";
}

TEST(answers, are_healthy_whatever_the_nodes_do) {
    EXPECT_EQ(answer_to("GET", "/healthz", {}).status, 200U);
    EXPECT_EQ(answer_to("HEAD", "/healthz?probe=1", seen({silent(0)})).status, 200U);
}

TEST(answers, refuse_what_they_do_not_know) {
    EXPECT_EQ(answer_to("GET", "/metrics/", {}).status, 404U);
    EXPECT_EQ(answer_to("GET", "http://other/metrics", {}).status, 404U);
    EXPECT_EQ(answer_to("POST", "/metrics", {}).status, 405U);
    EXPECT_EQ(answer_to("", "", {}).status, 405U);
}

TEST(listening_address, is_an_address_and_a_port) {
    EXPECT_EQ(listening_address("0.0.0.0:80").port(), 80);
    EXPECT_EQ(listening_address("localhost:0").address().to_string(), "127.0.0.1");
    EXPECT_TRUE(listening_address("[::1]:9633").address().is_v6());
    for (const char* const wrong :
         {"", ":", ":80", "80", "a:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:+1",
          "127.0.0.1:65536", "127.0.0.1:123456", "::1:80", "[127.0.0.1]:80", "[]:80", "[::1]"}) {
        EXPECT_THROW(static_cast<void>(listening_address(wrong)), usage_error) << wrong;
    }
}

}  // namespace
}  // namespace redlock::cli
