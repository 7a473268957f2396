// acquire, extend, release, status and list: what scripts read and branch on.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <sstream>
#include <stop_token>
#include <thread>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

namespace json = boost::json;

class script_commands : public three_nodes {
  protected:
    struct taken {
        std::string token;
        std::uint64_t fencing = 0;
    };
    taken acquire(const std::string& resource) {
        const auto result = run({"acquire", resource});
        EXPECT_EQ(result.status, 0) << result.err;
        taken out;
        std::istringstream{result.out} >> out.token >> out.fencing;
        return out;
    }
    json::value run_json(std::vector<std::string> arguments, int status = 0) {
        arguments.emplace_back("--json");
        const auto result = run(std::move(arguments));
        EXPECT_EQ(result.status, status) << result.err;
        return json::parse(result.out);
    }
};

TEST_F(script_commands, acquire_prints_token_and_fencing_token_and_leaves_the_lock_held) {
    const auto lock = acquire("a");
    EXPECT_GT(lock.fencing, 0U);
    for (auto& node : nodes) {
        EXPECT_EQ(node.get("a"), lock.token);
        EXPECT_GT(node.pttl("a"), 0);
        EXPECT_LE(node.pttl("a"), 10'000);
    }
}

TEST_F(script_commands, acquire_json) {
    const auto object = run_json({"acquire", "a", "--lease-time", "30s"}).as_object();
    EXPECT_EQ(object.at("resource").as_string(), "a");
    EXPECT_EQ(nodes[0].get("a"), std::string{object.at("token").as_string()});
    EXPECT_GT(object.at("fencing_token").to_number<std::uint64_t>(), 0U);
    EXPECT_GT(object.at("valid_for_ms").to_number<int>(), 0);
    EXPECT_LT(object.at("valid_for_ms").to_number<int>(), 30'000);
}

TEST_F(script_commands, acquire_contended_and_without_quorum) {
    hold_everywhere("a");
    EXPECT_EQ(run({"acquire", "-n", "a"}).status, 75);
    EXPECT_EQ(run({"acquire", "-w", "1s", "-E", "9", "a"}).status, 9);
    nodes[0].kill();
    nodes[1].kill();
    EXPECT_EQ(run({"acquire", "-n", "b"}).status, 69);
    EXPECT_FALSE(nodes[2].get("b"));
}

TEST_F(script_commands, acquire_whose_token_nobody_can_read_holds_nothing) {
    hold_everywhere("a");
    process reader_gone{start({"acquire", "a", "-v"})};
    reader_gone.wait_for_err("attempt failed");
    reader_gone.close_output();
    for (auto& node : nodes) {
        node.command({"DEL", "a"});
    }
    const auto result = reader_gone.wait();
    EXPECT_EQ(result.status, 74) << result.err;
    EXPECT_TRUE(clean("a"));
}

TEST_F(script_commands, acquire_interrupted_leaves_nothing) {
    hold_everywhere("a");
    process waiter{start({"acquire", "a", "-v", "--label", "me"})};
    waiter.wait_for_err("attempt failed");
    waiter.signal(SIGINT);
    const auto result = waiter.wait();
    EXPECT_EQ(result.status, 130);
    EXPECT_EQ(result.out, "");
    for (auto& node : nodes) {
        node.command({"DEL", "a"});
    }
    EXPECT_TRUE(clean("a"));
}

TEST_F(script_commands, extend_gives_a_new_lease) {
    const auto lock = acquire("a");
    const auto result = run({"extend", "a", lock.token, "--lease-time", "40s"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "");
    // The command ends with the majority's word: the third may not have heard of it yet.
    const auto extended = [this] {
        return std::count_if(nodes.begin(), nodes.end(),
                             [](auto& node) { return node.pttl("a") > 10'000; });
    };
    EXPECT_GE(extended(), 2);
    const auto object = run_json({"extend", "a", lock.token}).as_object();
    EXPECT_EQ(object.at("token").as_string(), lock.token);
    EXPECT_EQ(object.at("fencing_token").to_number<std::uint64_t>(), lock.fencing);
    EXPECT_GT(object.at("valid_for_ms").to_number<int>(), 0);
    EXPECT_GE(extended(), 2) << "never shortened";
}

TEST_F(script_commands, extend_of_what_is_gone_or_anothers) {
    const auto gone = run({"extend", "a", "no-such-token"});
    EXPECT_EQ(gone.status, 1);
    EXPECT_NE(gone.err.find("already gone"), std::string::npos) << gone.err;
    hold_everywhere("a");
    EXPECT_EQ(run({"extend", "a", "no-such-token"}).status, 1);
    EXPECT_EQ(nodes[0].get("a"), "other");
    nodes[0].kill();
    nodes[1].kill();
    EXPECT_EQ(run({"extend", "a", "other"}).status, 69);
}

TEST_F(script_commands, release_once_and_twice) {
    const auto lock = acquire("a");
    EXPECT_EQ(run({"release", "a", "no-such-token"}).status, 1);
    EXPECT_EQ(nodes_holding("a"), 3);
    EXPECT_EQ(run({"release", "a", lock.token}).status, 0);
    EXPECT_TRUE(clean("a"));
    const auto again = run({"release", "a", lock.token});
    EXPECT_EQ(again.status, 1);
    EXPECT_NE(again.err.find("already gone"), std::string::npos);
    EXPECT_EQ(again.out, "");
    EXPECT_FALSE(run_json({"release", "a", lock.token}, 1).as_object().at("released").as_bool());
    const auto next = acquire("a");
    EXPECT_GT(next.fencing, lock.fencing);
    EXPECT_TRUE(run_json({"release", "a", next.token}).as_object().at("released").as_bool());
}

TEST_F(script_commands, release_without_quorum) {
    const auto lock = acquire("a");
    nodes[0].kill();
    nodes[1].kill();
    EXPECT_EQ(run({"release", "a", lock.token}).status, 69);
}

TEST_F(script_commands, locks_of_other_libraries_can_be_extended_and_released_by_their_identifier) {
    hold_everywhere("a", "theirs");
    EXPECT_EQ(run({"extend", "a", "theirs", "--lease-time", "10s"}).status, 0);
    EXPECT_EQ(run({"release", "a", "theirs"}).status, 0);
    EXPECT_EQ(nodes_holding("a"), 0);
}

// The quorum has decided long before the slow node comes to it.
TEST_F(script_commands, wait_for_the_slowest_node) {
    const std::jthread slows{[&](const std::stop_token& enough) {
        while (!enough.stop_requested()) {
            nodes[2].command({"EVAL", "local n = 0 for i = 1, 4000000 do n = n + i end", "0"});
        }
    }};
    const std::vector<std::string> patience{"--node-timeout", "10s"};
    const auto with_patience = [&](std::vector<std::string> line) {
        line.insert(line.end(), patience.begin(), patience.end());
        return run(line);
    };
    for (int round = 0; round < 5; ++round) {
        const auto got = with_patience({"acquire", "--lease-time", "10s", "a"});
        ASSERT_EQ(got.status, 0) << got.err;
        EXPECT_EQ(nodes_holding("a"), 3);
        const std::string token = got.out.substr(0, got.out.find(' '));
        ASSERT_EQ(with_patience({"extend", "--lease-time", "50s", "a", token}).status, 0);
        EXPECT_GT(nodes[2].pttl("a"), 20'000);
        ASSERT_EQ(with_patience({"release", "a", token}).status, 0);
        EXPECT_EQ(nodes_holding("a"), 0);
    }
}

TEST_F(script_commands, status_verdicts) {
    EXPECT_EQ(run({"status", "a"}).status, 1);
    const auto lock = acquire("a");
    const auto held = run({"status", "a"});
    EXPECT_EQ(held.status, 0);
    EXPECT_TRUE(held.out.starts_with("a: held by " + lock.token + ", fencing token " +
                                     std::to_string(lock.fencing)))
        << held.out;
    nodes[0].command({"SET", "a", "x"});
    nodes[1].command({"SET", "a", "y"});
    const auto split = run({"status", "a"});
    EXPECT_EQ(split.status, 2) << split.out;
    EXPECT_NE(split.out.find("no expiry"), std::string::npos) << split.out;
    nodes[0].kill();
    nodes[1].kill();
    const auto unknown = run({"status", "a"});
    EXPECT_EQ(unknown.status, 69);
    EXPECT_TRUE(unknown.out.starts_with("a: unknown\n")) << unknown.out;
    EXPECT_NE(unknown.out.find("no answer"), std::string::npos) << unknown.out;
}

TEST_F(script_commands, status_json_shows_every_node) {
    const auto lock = acquire("a");
    nodes[2].kill();
    const auto object = run_json({"status", "a"}).as_object();
    EXPECT_EQ(object.at("resource").as_string(), "a");
    EXPECT_EQ(object.at("verdict").as_string(), "held");
    EXPECT_EQ(object.at("holder").as_string(), lock.token);
    EXPECT_EQ(object.at("fencing_token").to_number<std::uint64_t>(), lock.fencing);
    EXPECT_GT(object.at("remaining_ms").to_number<int>(), 0);
    const auto& each = object.at("nodes").as_array();
    ASSERT_EQ(each.size(), 3U);
    EXPECT_EQ(each[0].as_object().at("name").as_string(), nodes[0].url());
    EXPECT_EQ(each[1].as_object().at("holder").as_string(), lock.token);
    EXPECT_TRUE(each[2].as_object().contains("error"));
}

TEST_F(script_commands, names_of_any_kind_are_shown_safely) {
    for (const std::string& name :
         {std::string{"a\nb"}, std::string{"\x1b[2J"}, std::string{"\xff\xfe"},
          std::string{"{x}:{y}"}, std::string{"two words"}}) {
        EXPECT_EQ(run({"acquire", name}).status, 0);
        const auto status = run({"status", name});
        EXPECT_EQ(status.status, 0);
        EXPECT_EQ(std::count(status.out.begin(), status.out.end(), '\n'), 5) << status.out;
        EXPECT_EQ(status.out.find('\x1b'), std::string::npos);
        EXPECT_EQ(run_json({"status", name}).as_object().at("verdict").as_string(), "held");
    }
    EXPECT_TRUE(run({"status", "\xff\xfe"}).out.starts_with("\\xff\\xfe: held"));
    EXPECT_EQ(run_json({"status", "\xff\xfe"}).as_object().at("resource_hex").as_string(), "fffe");
    EXPECT_EQ(run_json({"list"}).at("locks").as_array().size(), 5U);
}

TEST_F(script_commands, list_shows_what_is_held) {
    EXPECT_EQ(run({"list"}).out, "");
    EXPECT_EQ(run_json({"list"}).at("locks").as_array().size(), 0U);
    acquire("orders:1");
    acquire("orders:2");
    const auto lock = acquire("users:1");
    hold_everywhere("orders:theirs");
    const auto all = run_json({"list"}).at("locks").as_array();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[2].as_object().at("resource").as_string(), "users:1");
    EXPECT_EQ(all[2].as_object().at("holder").as_string(), lock.token);
    EXPECT_EQ(run_json({"list", "orders:*"}).at("locks").as_array().size(), 3U)
        << "the others' lock too";
    const auto text = run({"list", "users:*"});
    EXPECT_NE(text.out.find("users:1"), std::string::npos) << text.out;
    EXPECT_EQ(text.out.find("orders"), std::string::npos);
    EXPECT_EQ(run({"release", "users:1", lock.token}).status, 0);
    EXPECT_EQ(run_json({"list"}).at("locks").as_array().size(), 2U);
    EXPECT_EQ(run_json({"list", "--all"}).at("locks").as_array().size(), 3U);
    nodes[0].kill();
    nodes[1].kill();
    EXPECT_EQ(run({"list"}).status, 69);
}

TEST_F(script_commands, list_does_not_ask_for_keys) {
    acquire("a");
    run({"list"});
    run({"list", "*"});
    for (auto& node : nodes) {
        const auto stats = node.command({"INFO", "commandstats"});
        EXPECT_NE(stats.find("cmdstat_scan"), std::string::npos);
        EXPECT_EQ(stats.find("cmdstat_keys"), std::string::npos);
    }
}

}  // namespace
}  // namespace redlock::cli_test
