// Several resources as one lock by the command: all or none, what the command finds in its
// environment, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <csignal>

#include "cli/commands/refusal.hpp"
#include "cli/support/three_nodes.hpp"
#include "support/redis_cluster.hpp"

namespace redlock::cli_test {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

class several : public three_nodes {
  protected:
    [[nodiscard]] static std::vector<std::string> line(const std::string& script) {
        return {"run", "--also", "a", "b", "--also", "c", "--", "sh", "-c", script};
    }
    json::object run_json(std::vector<std::string> arguments, int status = 0) {
        arguments.emplace_back("--json");
        const finished result = run(std::move(arguments));
        EXPECT_EQ(result.status, status) << result.err;
        return json::parse(result.out).as_object();
    }
    [[nodiscard]] int held() const {
        return nodes_holding("a") + nodes_holding("b") + nodes_holding("c");
    }
    [[nodiscard]] bool all_clean() const { return clean("a") && clean("b") && clean("c"); }
    const std::string redlock_itself = REDLOCK_BINARY;
};

TEST_F(several, are_held_together_and_named_to_the_command) {
    process runner{
        start(line("printf '%s|' \"$REDLOCK_RESOURCE\" \"$REDLOCK_RESOURCES\"; "
                   "echo $REDLOCK_TOKEN.; sleep 1000"))};
    runner.wait_for_out(".\n");
    EXPECT_THAT(runner.out(), StartsWith("b|b\na\nc|"));
    const std::string token = runner.out().substr(8, runner.out().find('.') - 8);
    for (const char* const name : {"a", "b", "c"}) {
        EXPECT_EQ(nodes[0].get(name), token);
        EXPECT_EQ(run({"run", "-n", name, "--", "echo", "in"}).status, 75) << name;
    }
    runner.signal(SIGTERM);
    EXPECT_EQ(runner.wait().status, 128 + SIGTERM);
    EXPECT_TRUE(all_clean());
}

TEST_F(several, are_taken_all_or_none) {
    process other{start({"run", "c", "--", "sh", "-c", "echo in; sleep 1000"})};
    other.wait_for_out("in");
    const finished refused = run({"run", "-n", "b", "--also", "a", "--also", "c", "--", "true"});
    EXPECT_EQ(refused.status, 75);
    EXPECT_THAT(refused.err,
                MatchesRegex("redlock: b, a, c: c is held by [^ ]+ sh, [0-9.]+s left\n"));
    EXPECT_EQ(held(), 3) << "the other's";
    process waiter{{.arguments = redlock_line(line("echo ran")),
                    .environment = environment(),
                    .on_terminal = true}};
    waiter.wait_for_out("b, a, c: c is held by ");
    other.signal(SIGTERM);
    other.wait();
    const finished came = waiter.wait();
    EXPECT_EQ(came.status, 0);
    EXPECT_THAT(came.out, HasSubstr("ran\r\n"));
    EXPECT_TRUE(all_clean());
}

TEST_F(several, of_which_one_is_lost_end_the_command) {
    process runner{start(line("echo in; sleep 1000"))};
    runner.wait_for_out("in");
    for (const auto& node : nodes) {
        node.command({"DEL", "c"});
    }
    const finished result = runner.wait();
    EXPECT_EQ(result.status, 79);
    EXPECT_THAT(result.err, StartsWith("redlock: b, a, c: the lock is lost"));
    EXPECT_EQ(held(), 0);
}

TEST_F(several, that_do_not_go_together_are_refused_by_name) {
    const auto expect = [this](const std::vector<std::string>& arguments, const char* code,
                               const char* part) {
        std::vector<std::string> line{"acquire"};
        line.insert(line.end(), arguments.begin(), arguments.end());
        const json::object object = run_json(line, 64);
        EXPECT_EQ(object.at("code").as_string(), code);
        EXPECT_THAT(std::string{object.at("error").as_string()}, HasSubstr(part));
        line.front() = "run";
        line.insert(line.end(), {"--", "echo", "in"});
        const finished result = run(line);
        EXPECT_EQ(result.status, 64);
        EXPECT_THAT(result.out, IsEmpty());
        EXPECT_THAT(result.err, HasSubstr(part));
    };
    expect({"a", "--also", "b", "--also", "a"}, "resource_twice", "a is named twice");
    expect({"a", "--also", "b", "--shared"}, "usage", "--shared and --also do not go together");
    expect({"a", "--also", ""}, "usage", "--also: the resource name is empty");
    expect({"a", "--also", "redlock:x"}, "usage", "--also: the resource name begins with redlock:");
    std::vector<std::string> many{"a"};
    for (int i = 0; i < 64; ++i) {
        many.insert(many.end(), {"--also", "b" + std::to_string(i)});
    }
    expect(many, "too_many_resources", "a, b0, b1 and 62 more: there are 65 resources; at most 64");
    many.resize(many.size() - 2);
    EXPECT_EQ(run_json([&] {
                  many.insert(many.begin(), "acquire");
                  return many;
              }())
                  .at("resources")
                  .as_array()
                  .size(),
              64U);
    EXPECT_EQ(run({"run", "--reentrant", "a", "--also", "b", "--", "true"}).status, 64);
    const finished lines = run({"run", "a", "--also", "b\nc", "--", "true"});
    EXPECT_EQ(lines.status, 64);
    EXPECT_THAT(lines.err, HasSubstr("run: the name b\\x0ac has a line feed"));
}

TEST_F(several, with_long_names_reach_the_command_or_are_refused_before_anything_is_held) {
    const auto long_name = [](char letter) { return std::string(60'000, letter); };
    const std::string inner = redlock_itself + " run --reentrant \"$REDLOCK_RESOURCE\" -- echo ran";
    EXPECT_EQ(run({"run", long_name('a'), "--", "sh", "-c", inner}).out, "ran\n");
    EXPECT_EQ(run({"run", "--permits", "1", long_name('a'), "--", "echo", "ran"}).out, "ran\n");
    const finished fits =
        run({"run", long_name('a'), "--also", long_name('b'), "--", "sh", "-c", inner});
    EXPECT_EQ(fits.out, "ran\n") << fits.err.substr(0, 500);
    const finished refused = run({"run", long_name('a'), "--also", long_name('b'), "--also",
                                  long_name('c'), "--", "echo", "ran"});
    EXPECT_EQ(refused.status, 64);
    EXPECT_THAT(refused.out, IsEmpty());
    EXPECT_EQ(refused.err,
              "redlock: run: REDLOCK_RESOURCES in the environment of COMMAND would have 180021 "
              "bytes, and the system allows 131072; give fewer names, or shorter ones; see redlock "
              "--help\n");
    EXPECT_EQ(nodes[0].command({"EXISTS", "redlock:fence:{" + long_name('c') + "}"}), "0");
}

TEST_F(several, in_different_slots_of_a_cluster_are_refused_by_name) {
    const support::redis_cluster cluster;
    const std::map<std::string, std::string> there{{"REDLOCK_NODES", cluster.where().to_string()}};
    const finished refused = redlock({"run", "a", "--also", "b", "--", "echo", "in"}, there);
    EXPECT_EQ(refused.status, 64) << refused.err;
    EXPECT_THAT(refused.out, IsEmpty());
    EXPECT_THAT(refused.err, HasSubstr("a and b lie in different slots of the Redis Cluster"));
    EXPECT_THAT(redlock({"acquire", "a", "--also", "b", "--json"}, there).out,
                HasSubstr("\"code\":\"different_slots\""));
    EXPECT_EQ(redlock({"run", "{x}a", "--also", "{x}b", "--", "echo", "in"}, there).out, "in\n");
}

TEST_F(several, inside_one_of_them_are_refused) {
    const finished refused =
        run({"run", "a", "--", "sh", "-c", redlock_itself + " run b --also a -- echo ran"});
    EXPECT_EQ(refused.status, 64);
    EXPECT_THAT(refused.out, IsEmpty());
    EXPECT_THAT(refused.err, HasSubstr("redlock: a: this command runs under that lock already"));
    const finished other_way = run(line(redlock_itself + " run c -- echo ran"));
    EXPECT_EQ(other_way.status, 64);
    EXPECT_THAT(other_way.err, HasSubstr("redlock: c: this command runs under that lock already"));
    EXPECT_EQ(run(line(redlock_itself + " run --reentrant c -- sh -c "
                                        "'echo $REDLOCK_RESOURCE ${REDLOCK_RESOURCES-none}'"))
                  .out,
              "c none\n");
    EXPECT_EQ(run(line(redlock_itself + " run d -- echo ran")).out, "ran\n");
}

TEST_F(several, are_held_across_the_commands_of_a_script_by_their_token) {
    const finished got = run({"acquire", "b", "--also", "a", "--label", "me"});
    ASSERT_EQ(got.status, 0) << got.err;
    const std::string token = got.out.substr(0, got.out.find(' '));
    EXPECT_EQ(run({"extend", "a", "--also", "b", "--lease-time", "50s", token}).status, 0)
        << "in any order";
    for (const char* const name : {"a", "b"}) {
        EXPECT_GT(nodes[0].pttl(name), 20'000) << name;
    }
    const json::object extended = run_json({"extend", "b", "--also", "a", token});
    EXPECT_EQ(extended.at("resource").as_string(), "b");
    EXPECT_EQ(extended.at("resources").as_array().size(), 2U);
    EXPECT_EQ(run({"extend", "b", "--also", "c", token}).status, 1) << "c is not among them";
    EXPECT_EQ(run({"release", "b", "--also", "a", "no-such-token"}).status, 1);
    EXPECT_EQ(held(), 6);
    EXPECT_EQ(run({"release", "b", "--also", "a", token}).status, 0);
    EXPECT_TRUE(all_clean());
    const finished again = run({"release", "b", "--also", "a", token});
    EXPECT_EQ(again.status, 1);
    EXPECT_THAT(again.err, StartsWith("redlock: b, a: was already gone"));
}

TEST_F(several, of_which_one_is_gone_are_released_under_the_other_names) {
    const finished got = run({"acquire", "b", "--also", "a", "--lease-time", "50s"});
    const std::string token = got.out.substr(0, got.out.find(' '));
    for (auto& node : nodes) {
        node.command({"DEL", "a"});
    }
    const finished released = run({"release", "b", "--also", "a", token});
    EXPECT_EQ(released.status, 1) << "the lock as a whole was lost";
    EXPECT_TRUE(clean("b"));
}

TEST_F(several, are_listed_and_shown_under_each_name) {
    const finished got = run({"acquire", "b", "--also", "a"});
    const std::string token = got.out.substr(0, got.out.find(' '));
    const json::array locks = run_json({"list"}).at("locks").as_array();
    ASSERT_EQ(locks.size(), 2U);
    for (const json::value& each : locks) {
        EXPECT_EQ(each.as_object().at("holder").as_string(), token);
    }
    EXPECT_EQ(run_json({"status", "a"}).at("holder").as_string(), token);
}

TEST(holder_of_several, is_described_with_the_name_that_it_holds) {
    lock_holder who{.token = lock_token{"x"}};
    who.resource = "b\n";
    who.remaining = std::chrono::seconds{7};
    EXPECT_EQ(cli::describe(who, "x"), "b\\x0a is held by x, 7.0s left");
    diagnostics why;
    why.holder = who;
    EXPECT_EQ(cli::refusal_line("a, b", errc::timed_out, why, {}),
              "a, b: b\\x0a is held by x, 7.0s left");
}

}  // namespace
}  // namespace redlock::cli_test
