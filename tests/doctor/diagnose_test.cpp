// The verdicts over what was seen: each finding, and that what was not seen is never a good sign.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "redlock/health.hpp"

namespace redlock {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// A node of which nothing bad can be said.
node_health well(node_index node) {
    node_health seen;
    seen.node = node;
    seen.name = "redis://host" + std::to_string(node);
    seen.round_trip = {200us, 400us, 100};
    seen.clock = {100us, 100us};
    seen.server = "Redis";
    seen.version = seen.redis_version = "7.0.15";
    seen.run_id = "run" + std::to_string(node);
    seen.role = server_role::master;
    seen.loading = false;
    seen.memory = {0, 1000, "noeviction"};
    seen.persistence = {true, "always", "", false};
    seen.replication = {0, 0, 10s};
    seen.user = "app";
    seen.runs_scripts = true;
    seen.tracks_keys = true;
    return seen;
}

std::vector<node_health> three() {
    return {well(0), well(1), well(2)};
}

/// The findings of one code.
std::vector<finding> found(const std::vector<node_health>& nodes, std::string_view code,
                           const manager_options& options = {}) {
    auto all = diagnose(nodes, options);
    std::erase_if(all, [=](const finding& each) { return each.code != code; });
    return all;
}

/// The only finding of this code, after a change of node 1.
finding changed(const std::function<void(node_health&)>& change, std::string_view code,
                const manager_options& options = {}) {
    auto nodes = three();
    change(nodes[1]);
    const auto these = found(nodes, code, options);
    EXPECT_EQ(these.size(), 1U) << code;
    if (these.empty()) {
        return {};
    }
    EXPECT_EQ(these[0].node, node_index{1});
    return these[0];
}

TEST(diagnose, finds_nothing_wrong_with_healthy_nodes) {
    const auto all = diagnose(three(), {});
    ASSERT_EQ(all.size(), 3U);
    for (const finding& each : all) {
        EXPECT_EQ(each.level, finding_level::ok);
        EXPECT_THAT(each.what, AllOf(HasSubstr("Redis 7.0.15, master"), HasSubstr("0.20 ms")));
    }
    EXPECT_EQ(usable_nodes(three()), 3U);
}

TEST(diagnose, tells_what_gives_no_vote) {
    const auto level_of = [](const std::function<void(node_health&)>& change,
                             std::string_view code) {
        auto nodes = three();
        change(nodes[1]);
        EXPECT_EQ(usable_nodes(nodes), 2U) << code;
        return changed(change, code).level;
    };
    using enum finding_level;
    EXPECT_EQ(level_of([](node_health& n) { n.error = node_errc::not_connected; }, "unreachable"),
              problem);
    EXPECT_EQ(level_of([](node_health& n) { n.run_id = "run0"; }, "same_server"), problem);
    EXPECT_EQ(level_of([](node_health& n) { n.role = server_role::replica; }, "replica"), problem);
    EXPECT_EQ(level_of([](node_health& n) { n.loading = true; }, "loading"), problem);
    EXPECT_EQ(level_of(
                  [](node_health& n) {
                      n.missing = {{"set", "+set", "locks", true}};
                  },
                  "missing_right"),
              problem);
    EXPECT_EQ(level_of(
                  [](node_health& n) {
                      n.missing = {{"eval", "", "locks", true, withheld_by::server}};
                  },
                  "missing_command"),
              problem);
    EXPECT_EQ(level_of([](node_health& n) { n.runs_scripts = false; }, "scripts"), problem);
    EXPECT_EQ(level_of(
                  [](node_health& n) {
                      n.memory = {100, 100, "noeviction"};
                  },
                  "memory_full"),
              problem);
    EXPECT_EQ(level_of(
                  [](node_health& n) {
                      n.replication = {0, 1, 10s};
                  },
                  "too_few_replicas"),
              problem);
    EXPECT_EQ(level_of([](node_health& n) { n.vote_error = node_errc::quarantined; }, "quarantine"),
              warning);
    EXPECT_EQ(level_of([](node_health& n) { n.vote_error = node_errc::configuration_mismatch; },
                       "configuration"),
              problem);
    EXPECT_EQ(level_of([](node_health& n) { n.vote_error = node_errc::bad_reply; }, "no_vote"),
              problem);
}

TEST(diagnose, names_the_rights_that_are_missing) {
    const auto verdict = changed(
        [](node_health& node) {
            node.missing = {{"hset", "+hset", "waiting in line", true},
                            {"redlock:*", "~redlock:*", "taking locks", true}};
        },
        "missing_right");
    EXPECT_EQ(verdict.what, "the user app may not use hset, redlock:*");
    EXPECT_THAT(verdict.why, HasSubstr("waiting in line and taking locks"));
    EXPECT_EQ(
        verdict.advice,
        "ACL SETUSER app +hset ~redlock:*, or set key_prefix (--key-prefix) to what the user's "
        "patterns begin with");
    EXPECT_EQ(changed(
                  [](node_health& n) {
                      n.missing = {{"scan", "+scan", "list", false}};
                  },
                  "missing_right")
                  .level,
              finding_level::warning);
}

TEST(diagnose, has_a_remedy_for_each_way_to_withhold_a_command) {
    const auto of = [](withheld_by by, const std::string& rule) {
        return changed(
            [&](node_health& n) {
                n.missing = {{"scan", rule, "list", false, by}};
            },
            by == withheld_by::acl ? "missing_right" : "missing_command");
    };
    EXPECT_EQ(of(withheld_by::acl, "+scan").advice, "ACL SETUSER app +scan");
    EXPECT_THAT(of(withheld_by::server, "").advice, HasSubstr("rename-command"));
    for (const withheld_by by :
         {withheld_by::proxy, withheld_by::hang_up, withheld_by::refusal, withheld_by::silence}) {
        EXPECT_THAT(of(by, "").what, HasSubstr("scan"));
        EXPECT_THAT(of(by, "").advice, AllOf(HasSubstr("proxy"), Not(HasSubstr("rename-command"))));
    }
}

TEST(diagnose, eviction_is_a_problem_where_memory_is_limited) {
    const auto evicting = changed(
        [](node_health& node) {
            node.memory = {100 << 20, 1000, "volatile-ttl"};
        },
        "evicting");
    EXPECT_EQ(evicting.level, finding_level::problem);
    EXPECT_THAT(evicting.what, AllOf(HasSubstr("volatile-ttl"), HasSubstr("100 MB")));
    EXPECT_EQ(changed(
                  [](node_health& node) {
                      node.memory = {0, 1000, "allkeys-lru"};
                  },
                  "evicting_if_limited")
                  .level,
              finding_level::note);
}

TEST(diagnose, a_clock_is_wrong_where_it_differs_from_the_others) {
    const auto ahead = changed([](node_health& n) { n.clock = {3s, 1ms}; }, "clock");
    EXPECT_EQ(ahead.level, finding_level::problem);
    EXPECT_THAT(ahead.what, HasSubstr("3.0 s ahead of"));
    EXPECT_THAT(ahead.why, HasSubstr("leases of 10.0 s allow for steps of 1.0 s (clock_step"));
    const auto behind = changed([](node_health& n) { n.clock = {-11s, 1ms}; }, "clock");
    EXPECT_THAT(behind.what, HasSubstr("11.0 s behind"));
    EXPECT_THAT(behind.why, HasSubstr("refuses fencing tokens"));
    EXPECT_EQ(changed(
                  [](node_health& n) {
                      n.clock = {200ms, 1ms};
                  },
                  "clock")
                  .level,
              finding_level::note);
    auto far = three();
    far[1].clock = {3s, 2500ms};
    EXPECT_EQ(found(far, "clock").at(0).level, finding_level::note)
        << "the round trip took so long that it may be right to half a second";
    far[1].clock.reset();
    EXPECT_THAT(found(far, "clock"), IsEmpty());
}

TEST(diagnose, a_clock_is_wrong_by_what_the_leases_allow_for) {
    manager_options short_leases;
    short_leases.lease_time = 1s;
    auto nodes = three();
    nodes[1].clock = {200ms, 1ms};
    const auto of_short = found(nodes, "clock", short_leases).at(0);
    EXPECT_EQ(of_short.level, finding_level::problem);
    EXPECT_THAT(of_short.why, HasSubstr("leases of 1.0 s allow for steps of 100 ms"));
    const auto of_long = found(nodes, "clock").at(0);
    EXPECT_EQ(of_long.level, finding_level::note);
    EXPECT_THAT(of_long.why, HasSubstr("which locks allow for"));
}

TEST(diagnose, our_own_clock_is_wrong_where_the_nodes_agree) {
    auto nodes = three();
    for (node_health& node : nodes) {
        node.clock = {5s, 1ms};
    }
    EXPECT_THAT(found(nodes, "clock"), IsEmpty());
    const auto own = found(nodes, "client_clock");
    ASSERT_EQ(own.size(), 1U);
    EXPECT_FALSE(own[0].node);
    EXPECT_EQ(own[0].level, finding_level::warning);
    EXPECT_THAT(own[0].what, HasSubstr("5.0 s behind"));
}

TEST(diagnose, of_two_clocks_the_one_that_ours_disagrees_with_is_wrong) {
    std::vector<node_health> two{well(0), well(1)};
    two[0].clock = {-4s, 1ms};
    const auto clocks = found(two, "clock");
    ASSERT_EQ(clocks.size(), 1U);
    EXPECT_EQ(clocks[0].node, node_index{0});
}

TEST(diagnose, tells_what_a_restart_forgets) {
    const auto what = [](persistence_settings kept) {
        return changed([&](node_health& node) { node.persistence = kept; }, "restart").what;
    };
    EXPECT_THAT(what({true, "everysec", "", false}), HasSubstr("2 s"));
    EXPECT_THAT(what({true, "no", "", false}), HasSubstr("30 s"));
    EXPECT_THAT(what({true, "", {}, false}), HasSubstr("perhaps"));
    EXPECT_THAT(what({false, "", "", false}), HasSubstr("everything"));
    EXPECT_THAT(what({false, "", "900 1", false}), HasSubstr("since the last snapshot"));
    EXPECT_THAT(what({false, "", {}, false}), HasSubstr("if there are any"));
    const auto forget_all = [](node_health& node) { node.persistence = {false, "", "", false}; };
    const auto guarded = changed(forget_all, "restart");
    EXPECT_EQ(guarded.level, finding_level::note);
    EXPECT_THAT(guarded.why, HasSubstr("61.6 s"));
    manager_options off;
    off.guard = restart_guard::off;
    EXPECT_EQ(changed(forget_all, "restart", off).level, finding_level::warning);
}

TEST(diagnose, doubts_what_a_url_claims) {
    auto nodes = three();
    nodes[1].durable = true;
    EXPECT_EQ(diagnose(nodes, {}).size(), 3U) << "it is true";
    const auto claimed = [](const std::function<void(node_health&)>& change,
                            std::string_view code) {
        return changed(
                   [&](node_health& node) {
                       node.durable = true;
                       change(node);
                   },
                   code)
            .level;
    };
    using enum finding_level;
    EXPECT_EQ(
        claimed([](node_health& n) { n.persistence->append_fsync = "everysec"; }, "not_durable"),
        problem);
    EXPECT_EQ(claimed([](node_health& n) { n.persistence->append_only = false; }, "not_durable"),
              problem);
    EXPECT_EQ(claimed([](node_health& n) { n.by_sentinel = true; }, "not_durable"), problem);
    EXPECT_EQ(claimed([](node_health& n) { n.persistence.reset(); }, "durable_unseen"), warning);
    EXPECT_EQ(claimed([](node_health& n) { n.persistence->append_fsync = ""; }, "durable_unseen"),
              warning);
    EXPECT_EQ(changed([](node_health& n) { n.persistence->writing_fails = true; }, "cannot_persist")
                  .level,
              problem);
}

TEST(diagnose, a_failover_needs_settings_that_allow_for_it) {
    const auto under_sentinel = [](replication_settings with) {
        auto nodes = three();
        nodes[1].by_sentinel = true;
        nodes[1].replication = with;
        return nodes;
    };
    manager_options allowing;
    allowing.clock_step = 12s;
    EXPECT_THAT(found(under_sentinel({1, 1, 10s}), "failover", allowing), IsEmpty());
    EXPECT_THAT(found(under_sentinel({1, 1, 10s}), "failover").at(0).advice, HasSubstr("12.0 s"));
    EXPECT_EQ(found(under_sentinel({2, 1, 10s}), "failover", allowing).size(), 1U);
    EXPECT_EQ(found(under_sentinel({1, 0, 10s}), "failover", allowing).size(), 1U);
    EXPECT_EQ(changed(
                  [](node_health& n) {
                      n.replication = {1, 0, 10s};
                  },
                  "replicas")
                  .level,
              finding_level::note);
}

TEST(diagnose, blames_several_servers_once) {
    auto nodes = three();
    nodes[0].vote_error = node_errc::several_servers;
    nodes[0].tracks_keys = false;
    EXPECT_EQ(found(nodes, "several_servers").size(), 1U);
    EXPECT_THAT(found(nodes, "tracking"), IsEmpty());
}

TEST(diagnose, names_the_page_on_proxies_where_a_command_does_not_pass) {
    const auto refused =
        changed([](node_health& n) { n.error = node_errc::unknown_command; }, "unreachable");
    EXPECT_THAT(refused.advice, HasSubstr("docs/proxies.md"));
}

TEST(diagnose, warns_of_smaller_things) {
    using enum finding_level;
    EXPECT_EQ(changed([](node_health& n) { n.round_trip->p99 = 300ms; }, "slow").level, warning);
    EXPECT_EQ(changed([](node_health& n) { n.tls = true; }, "tls_unverified").level, warning);
    EXPECT_EQ(changed([](node_health& n) { n.tracks_keys = false; }, "tracking").level, warning);
    EXPECT_EQ(changed([](node_health& n) { n.cluster = true; }, "cluster").level, note);
    const auto old =
        changed([](node_health& n) { n.redis_version = n.version = "6.0.16"; }, "old_version");
    EXPECT_EQ(old.level, problem);
    EXPECT_THAT(old.what, HasSubstr("6.0.16"));
    auto nodes = three();
    nodes[0].redis_version = "6.2.0";
    nodes[1].redis_version = "10.0";
    EXPECT_THAT(found(nodes, "old_version"), IsEmpty());
}

TEST(diagnose, tells_what_could_not_be_seen_and_draws_no_conclusion) {
    auto nodes = three();
    node_health blind;
    blind.node = 1;
    blind.name = nodes[1].name;
    blind.user = "app";
    blind.unseen = {{"its settings", "NOPERM no", "+config|get"}};
    nodes[1] = blind;
    const auto all = diagnose(nodes, {});
    ASSERT_EQ(all.size(), 4U) << "ok for each, and one note";
    EXPECT_THAT(all[1].what, HasSubstr("does not tell what it is"));
    EXPECT_EQ(all[2].code, "unseen");
    EXPECT_EQ(all[2].level, finding_level::note);
    EXPECT_EQ(all[2].advice, "ACL SETUSER app +config|get");
}

TEST(diagnose, counts_the_votes_for_the_resource_that_was_named) {
    auto nodes = three();
    nodes[0].fence_message = "too far";
    EXPECT_EQ(usable_nodes(nodes), 3U);
    EXPECT_EQ(usable_for_resource(nodes), 2U);
    EXPECT_THAT(found(nodes, "no_quorum"), IsEmpty());
    nodes[1].key_message = "a list";
    EXPECT_EQ(usable_for_resource(nodes), 1U);
    ASSERT_EQ(found(nodes, "no_quorum").size(), 1U);
    EXPECT_EQ(found(nodes, "no_quorum")[0].what,
              "1 of 3 nodes give votes for this resource; a lock needs 2");
    EXPECT_EQ(found(nodes, "wrong_type").size(), 1U);
}

TEST(diagnose, counts_the_nodes) {
    auto nodes = three();
    nodes[0].error = nodes[1].error = node_errc::no_answer;
    const auto none = found(nodes, "no_quorum");
    ASSERT_EQ(none.size(), 1U);
    EXPECT_EQ(none[0].what, "1 of 3 nodes give votes; a lock needs 2");
    EXPECT_THAT(found({well(0), well(1)}, "even_nodes").at(0).what, HasSubstr("2 nodes"));
    EXPECT_EQ(found({well(0)}, "one_node").size(), 1U);
    EXPECT_THAT(diagnose({}, {}), IsEmpty());
}

}  // namespace
}  // namespace redlock
