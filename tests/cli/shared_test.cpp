// Shared locks by the command: beside each other, against exclusive ones, and as they are shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <csignal>

#include "cli/commands/refusal.hpp"
#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

class shared_command : public three_nodes {
  protected:
    /// The token of a shared lock that `redlock acquire` took, once all nodes have it.
    std::string acquire(const std::string& resource, std::vector<std::string> more = {}) {
        more.insert(more.begin(), {"acquire", "--shared", resource});
        const finished result = run(more);
        EXPECT_EQ(result.status, 0) << result.err;
        return result.out.substr(0, result.out.find(' '));
    }
    json::object run_json(std::vector<std::string> arguments, int status = 0) {
        arguments.emplace_back("--json");
        const finished result = run(std::move(arguments));
        EXPECT_EQ(result.status, status) << result.err;
        return json::parse(result.out).as_object();
    }
    [[nodiscard]] std::vector<std::string> reader(const std::string& script) const {
        return {"run", "--shared", "a", "--", "sh", "-c", script};
    }
    /// How many nodes have the marker of readers.
    [[nodiscard]] int nodes_read() const {
        return static_cast<int>(std::ranges::count_if(nodes, [](const auto& node) {
            return node.get("a").value_or("").starts_with("redlock:shared");
        }));
    }
    const std::string redlock_itself = REDLOCK_BINARY;
};

TEST_F(shared_command, runs_side_by_side_and_keeps_a_writer_waiting) {
    process first{start(reader("echo in; sleep 1000"))};
    first.wait_for_out("in");
    process second{start(reader("echo in; sleep 1000"))};
    second.wait_for_out("in");
    EXPECT_EQ(run({"run", "-n", "a", "--", "true"}).status, 75);
    process writer{start({"run", "-v", "a", "--", "echo", "wrote"})};
    writer.wait_for_err("attempt failed");
    first.signal(SIGTERM);
    EXPECT_EQ(first.wait().status, 128 + SIGTERM);
    EXPECT_THAT(writer.out(), IsEmpty());
    second.signal(SIGTERM);
    EXPECT_EQ(second.wait().status, 128 + SIGTERM);
    writer.wait_for_out("wrote");
    EXPECT_EQ(writer.wait().status, 0);
    EXPECT_TRUE(clean("a"));
}

TEST_F(shared_command, waits_for_a_writer_and_not_for_other_readers) {
    process writer{start({"run", "a", "--", "sh", "-c", "echo in; sleep 1000"})};
    writer.wait_for_out("in");
    EXPECT_EQ(run({"run", "-n", "--shared", "a", "--", "true"}).status, 75);
    process waiting{start(reader("echo in; sleep 1000"))};
    process beside{start(reader("echo in; sleep 1000"))};
    writer.signal(SIGTERM);
    EXPECT_EQ(writer.wait().status, 128 + SIGTERM);
    waiting.wait_for_out("in");
    beside.wait_for_out("in");
}

TEST_F(shared_command, that_loses_its_lock_is_stopped) {
    process runner{start(reader("echo in; exec sleep 1000"))};
    runner.wait_for_out("in");
    hold_everywhere("a");
    EXPECT_EQ(runner.wait().status, 79);
    EXPECT_EQ(nodes_holding("a"), 3) << "the other's";
}

TEST_F(shared_command, gives_scripts_a_token_to_extend_and_release_by) {
    const std::string first = acquire("a");
    const std::string second = acquire("a", {"--label", "nightly"});
    EXPECT_EQ(nodes_read(), 3);
    EXPECT_EQ(run({"acquire", "-n", "a"}).status, 75);
    EXPECT_EQ(run({"extend", "--lease-time", "50s", "a", first}).status, 0);
    EXPECT_GT(run_json({"status", "a"}).at("remaining_ms").to_number<int>(), 20'000);
    const json::object extended = run_json({"extend", "a", second});
    EXPECT_EQ(extended.at("mode").as_string(), "shared");
    EXPECT_EQ(extended.at("token").as_string(), second);
    EXPECT_EQ(run({"release", "a", first}).status, 0);
    EXPECT_EQ(nodes_read(), 3) << "one reads still";
    EXPECT_EQ(run({"release", "a", first}).status, 1) << "it is gone";
    EXPECT_EQ(run({"extend", "a", first}).status, 1);
    EXPECT_EQ(run({"release", "a", second}).status, 0);
    EXPECT_TRUE(clean("a"));
    EXPECT_EQ(run_json({"acquire", "--shared", "a"}).at("mode").as_string(), "shared");
    EXPECT_EQ(run_json({"acquire", "b"}).at("mode").as_string(), "exclusive");
}

TEST_F(shared_command, is_shown_by_status_with_each_reader) {
    const std::string first = acquire("a", {"--lease-time", "60s", "--label", "the\treport"});
    const std::string second = acquire("a", {"--lease-time", "30s"});
    const finished text = run({"status", "a"});
    EXPECT_EQ(text.status, 0);
    EXPECT_THAT(text.out, StartsWith("a: held by 2 readers, "));
    EXPECT_THAT(text.out, HasSubstr("  2 readers  "));
    EXPECT_THAT(text.out, HasSubstr("\nREADER "));
    EXPECT_THAT(text.out, HasSubstr("\n" + first + "  "));
    EXPECT_THAT(text.out, HasSubstr("the\\x09report\n" + second + "  "));
    EXPECT_THAT(text.out, testing::Not(HasSubstr(" more\n")));
    const json::object object = run_json({"status", "a"});
    EXPECT_EQ(object.at("verdict").as_string(), "held");
    EXPECT_EQ(object.at("mode").as_string(), "shared");
    EXPECT_EQ(object.at("holder").as_string(), "redlock:shared");
    EXPECT_TRUE(object.at("fencing_token").is_null());
    EXPECT_EQ(object.at("reader_count").to_number<int>(), 2);
    const json::array& readers = object.at("readers").as_array();
    ASSERT_EQ(readers.size(), 2U);
    EXPECT_EQ(readers[0].as_object().at("token").as_string(), first);
    EXPECT_EQ(readers[0].as_object().at("label").as_string(), "the\treport");
    EXPECT_GT(readers[0].as_object().at("fencing_token").to_number<std::uint64_t>(), 0U);
    EXPECT_TRUE(readers[1].as_object().at("label").is_null());
    const json::object& node = object.at("nodes").as_array()[0].as_object();
    EXPECT_EQ(node.at("mode").as_string(), "shared");
    EXPECT_EQ(node.at("readers").as_array().size(), 2U);
    EXPECT_EQ(run_json({"status", "free"}, 1).at("mode"), nullptr);
}

TEST_F(shared_command, is_shown_by_status_with_how_many_are_left_out) {
    const std::string one = acquire("a", {"--lease-time", "60s", "--label", "in a list"});
    for (const auto& node : nodes) {
        for (int i = 0; i < 150; ++i) {
            node.command({"ZADD", "redlock:readers:{a}", "4000000000000", ":" + std::to_string(i)});
        }
    }
    const finished text = run({"status", "a"});
    EXPECT_THAT(text.out, StartsWith("a: held by 151 readers, "));
    EXPECT_THAT(text.out, HasSubstr("\nand 51 more\n"));
    EXPECT_EQ(run({"release", "a", one}).status, 0) << "also one that is not listed";
}

TEST_F(shared_command, is_listed_with_its_readers) {
    acquire("a");
    acquire("a");
    ASSERT_EQ(run({"acquire", "b"}).status, 0);
    EXPECT_THAT(run({"list"}).out, HasSubstr("\na         held     2 readers "));
    const json::object object = run_json({"list", "a*"});
    ASSERT_EQ(object.at("locks").as_array().size(), 1U);
    const json::object& lock = object.at("locks").as_array()[0].as_object();
    EXPECT_EQ(lock.at("mode").as_string(), "shared");
    EXPECT_EQ(lock.at("reader_count").to_number<int>(), 2);
}

TEST_F(shared_command, is_named_to_who_does_not_get_the_lock) {
    process busy{start(reader("echo in; sleep 1000"))};
    busy.wait_for_out("in");
    EXPECT_THAT(run({"run", "-n", "a", "--", "true"}).err,
                MatchesRegex("redlock: a: held by 1 reader \\([^ ]+:" + std::to_string(busy.pid()) +
                             " sh\\), [0-9.]+s left\n"));
    acquire("a");
    EXPECT_THAT(run({"acquire", "-n", "a"}).err,
                MatchesRegex("redlock: a: held by 2 readers, [0-9.]+s left\n"));
}

TEST_F(shared_command, keeps_its_minimum) {
    ASSERT_EQ(run({"run", "--shared", "--min-hold", "30s", "a", "--", "true"}).status, 0);
    EXPECT_EQ(run({"run", "-n", "a", "--", "true"}).status, 75);
    EXPECT_EQ(run({"run", "-n", "--shared", "a", "--", "true"}).status, 0);
}

TEST_F(shared_command, inside_itself_is_refused_or_runs_under_the_outer_one) {
    const auto within = [this](const std::string& outer, const std::string& inner) {
        return run({"run", outer, "a", "--", "sh", "-c", redlock_itself + inner});
    };
    const finished refused = within("--shared", " run --shared a -- echo ran");
    EXPECT_EQ(refused.status, 64);
    EXPECT_THAT(refused.err, HasSubstr("runs under that lock already and might wait for itself"));
    EXPECT_EQ(within("--shared", " run --shared --reentrant a -- echo ran").out, "ran\n");
    EXPECT_EQ(within("--fencing", " run --shared --reentrant a -- echo ran").out, "ran\n")
        << "an exclusive one covers it";
    const finished upgrade = within("--shared", " run --reentrant a -- echo ran");
    EXPECT_EQ(upgrade.status, 64);
    EXPECT_THAT(upgrade.err, HasSubstr("a is held as a shared lock"));
    EXPECT_THAT(upgrade.out, IsEmpty());
}

TEST(readers, are_described_by_how_many_they_are) {
    lock_holder who{.token = lock_token{"redlock:shared"}};
    who.mode = lock_mode::shared;
    EXPECT_EQ(cli::who_is(who), "readers");
    who.readers = 3;
    EXPECT_EQ(cli::who_is(who), "3 readers");
    who.readers = 1;
    EXPECT_EQ(cli::who_is(who), "1 reader");
    who.label = "web3:812\n";
    EXPECT_EQ(cli::who_is(who), "1 reader (web3:812\\x0a)");
}

}  // namespace
}  // namespace redlock::cli_test
