// `redlock leader`, and what a leader proclaims, on real servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

class leader : public three_nodes {
  protected:
    [[nodiscard]] process_options campaign(std::vector<std::string> options = {}) const {
        std::vector<std::string> line{"run", "--forever"};
        line.insert(line.end(), options.begin(), options.end());
        line.insert(line.end(), {"a", "--", "sh", "-c", "echo up; exec sleep 1000"});
        return start(std::move(line));
    }
    /// Each node has it, so that no look can find the former state on a majority.
    void wait_for_text(const std::string& text) const {
        eventually(
            [&] {
                return std::ranges::all_of(nodes, [&](const auto& node) {
                    return node.get("redlock:holder:{a}").value_or("").ends_with(text);
                });
            },
            "the text is on each node");
    }
};

TEST_F(leader, is_nobody_while_the_lock_is_free) {
    const finished result = run({"leader", "a"});
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out, "a: nobody leads\n");
    EXPECT_EQ(result.err, "");
    const finished as_json = run({"leader", "--json", "a"});
    EXPECT_EQ(as_json.status, 1);
    EXPECT_EQ(as_json.out,
              "{\"resource\":\"a\",\"token\":null,\"fencing_token\":null,\"label\":null,"
              "\"proclaimed\":null,\"remaining_ms\":null,\"blocked\":false,\"error\":null,"
              "\"code\":null,\"nodes\":[]}\n");
}

TEST_F(leader, is_nobody_where_the_key_is_no_lock) {
    for (auto& node : nodes) {
        node.command({"RPUSH", "a", "x"});
    }
    const std::string said =
        "a: nobody leads: the key of this name is no lock but something else, so that nobody can "
        "lead until it is deleted\n";
    const finished result = run({"leader", "a"});
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out, said);
    EXPECT_THAT(run({"leader", "--json", "a"}).out,
                AllOf(HasSubstr("\"token\":null"), HasSubstr("\"blocked\":true")));
    process watcher{start({"leader", "--watch", "a"})};
    watcher.wait_for_out("\n");
    EXPECT_EQ(watcher.out(), said);
    for (auto& node : nodes) {
        node.command({"DEL", "a"});
    }
    watcher.wait_for_out(said + "a: nobody leads\n");
    hold_everywhere("a");
    watcher.wait_for_out("a: led by token other\n");
    watcher.signal(SIGTERM);
    watcher.wait();
}

TEST_F(leader, is_unknown_with_the_reason_of_each_node) {
    for (auto& node : nodes) {
        node.kill();
    }
    const finished result = run({"leader", "a"});
    EXPECT_EQ(result.status, 69);
    EXPECT_THAT(result.err, HasSubstr("Connection refused"));
}

TEST_F(leader, is_named_with_its_term_its_lease_and_its_text) {
    process runner{campaign({"--proclaim", "http://10.0.0.7:8080", "--label", "me"})};
    runner.wait_for_out("up");
    wait_for_text("http://10.0.0.7:8080");
    const std::string token = nodes[0].get("a").value_or("");
    const finished result = run({"leader", "a"});
    EXPECT_EQ(result.status, 0);
    EXPECT_THAT(result.out, MatchesRegex("a: led by me, token " + token +
                                         ", term [0-9]+, [0-9.]+m?s left, proclaims "
                                         "http://10.0.0.7:8080\n"));
    const finished as_json = run({"leader", "--json", "a"});
    EXPECT_EQ(as_json.status, 0);
    EXPECT_THAT(as_json.out,
                AllOf(HasSubstr("\"token\":\"" + token + "\""), HasSubstr("\"label\":\"me\""),
                      HasSubstr("\"proclaimed\":\"http://10.0.0.7:8080\"")));
    runner.signal(SIGTERM);
    runner.wait();
    EXPECT_EQ(run({"leader", "a"}).status, 1);
}

TEST_F(leader, is_who_holds_the_lock_of_another_library_too) {
    hold_everywhere("a");
    const finished result = run({"leader", "a"});
    EXPECT_EQ(result.status, 0);
    EXPECT_THAT(result.out, MatchesRegex("a: led by token other, [0-9.]+s left\n"));
}

TEST_F(leader, is_nobody_who_shares_the_lock_or_has_no_majority) {
    ASSERT_EQ(run({"acquire", "--shared", "a"}).status, 0);
    nodes[0].command({"SET", "b", "other", "PX", "60000"});
    for (const std::string name : {"a", "b"}) {
        const finished result = run({"leader", name});
        EXPECT_EQ(result.status, 1);
        EXPECT_EQ(result.out, name + ": nobody leads\n");
    }
}

TEST_F(leader, is_unknown_while_too_few_nodes_answer) {
    nodes[0].kill();
    nodes[1].kill();
    for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
             {"leader", "a"}, {"leader", "--watch", "--quorum-timeout", "100ms", "a"}}) {
        const finished result = run(line);
        EXPECT_EQ(result.status, 69);
        EXPECT_EQ(result.out, "");
        EXPECT_THAT(result.err, AllOf(HasSubstr("a: too few nodes answered to tell who leads"),
                                      HasSubstr("node 0 (" + nodes[0].url()),
                                      HasSubstr("node 1 (" + nodes[1].url())));
    }
    EXPECT_THAT(run({"leader", "--json", "a"}).out, HasSubstr("\"code\":\"no_quorum\""));
}

TEST_F(leader, is_watched_line_by_line_until_a_signal) {
    process watcher{start({"leader", "--watch", "a"})};
    watcher.wait_for_out("a: nobody leads\n");
    process runner{campaign({"--label", "me", "--proclaim", "first"})};
    watcher.wait_for_out(", proclaims first\n");
    runner.signal(SIGTERM);
    runner.wait();
    watcher.wait_for_out("first\na: nobody leads\n");
    process next{campaign({"--label", "other"})};
    watcher.wait_for_out("a: led by other, token ");
    watcher.signal(SIGTERM);
    const finished result = watcher.wait();
    EXPECT_EQ(result.status, 128 + SIGTERM);
    EXPECT_EQ(result.err, "");
    EXPECT_THAT(result.out, Not(HasSubstr(" left")));
    next.signal(SIGTERM);
    next.wait();
}

TEST_F(leader, is_watched_through_an_outage_if_asked) {
    process watcher{start({"leader", "--watch", "--quorum-timeout", "forever", "a"})};
    watcher.wait_for_out("a: nobody leads\n");
    for (auto& node : nodes) {
        node.kill();
    }
    for (auto& node : nodes) {
        node.restart();
        node.vouch();
    }
    hold_everywhere("a");
    watcher.wait_for_out("a: led by token other\n");
    watcher.signal(SIGINT);
    EXPECT_EQ(watcher.wait().status, 128 + SIGINT);
}

TEST_F(leader, is_watched_as_objects_of_which_the_last_tells_of_the_end) {
    process watcher{start({"leader", "--watch", "--json", "a"})};
    watcher.wait_for_out("\n");
    hold_everywhere("a");
    watcher.wait_for_out("\"token\":\"other\"");
    watcher.signal(SIGTERM);
    const finished result = watcher.wait();
    EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 3) << result.out;
    EXPECT_THAT(result.out, AllOf(StartsWith("{\"resource\":\"a\",\"token\":null,"),
                                  EndsWith("\"code\":\"interrupted\",\"nodes\":[]}\n")));
}

TEST_F(leader, is_not_watched_for_a_reader_who_has_gone) {
    process watcher{start({"leader", "--watch", "a"})};
    watcher.wait_for_out("a: nobody leads\n");
    watcher.close_output();
    hold_everywhere("a");
    EXPECT_EQ(watcher.wait().status, 74);
}

TEST_F(leader, is_shown_with_its_text_by_status_and_list) {
    process runner{start({"run", "--proclaim", "at\tdesk 4", "a", "--", "sleep", "1000"})};
    wait_for_text("at\tdesk 4");
    const finished status = run({"status", "a"});
    EXPECT_THAT(status.out, MatchesRegex("a: held by [^\n]*, proclaims at\\\\x09desk 4\n.*"));
    for (const std::vector<std::string>& line :
         std::vector<std::vector<std::string>>{{"status", "--json", "a"}, {"list", "--json"}}) {
        const std::string out = run(line).out;
        std::size_t shown = 0;
        for (auto at = out.find("\"proclaimed\":\"at\\tdesk 4\""); at != std::string::npos;
             at = out.find("\"proclaimed\":\"at\\tdesk 4\"", at + 1)) {
            ++shown;
        }
        EXPECT_EQ(shown, 4U) << "by the whole and by each node: " << out;
    }
    runner.signal(SIGTERM);
    runner.wait();
}

}  // namespace
}  // namespace redlock::cli_test
