// Permits of a semaphore by the command: at most N at once, the slot that each has, and what does
// not go together with them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <csignal>
#include <set>
#include <sstream>

#include "cli/run/wait_report.hpp"
#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class permits : public three_nodes {
  protected:
    [[nodiscard]] static std::vector<std::string> line(const std::string& script,
                                                       const std::string& number = "2") {
        return {"run", "--permits", number, "pool", "--", "sh", "-c", script};
    }
    /// What a permit prints and then keeps.
    [[nodiscard]] process_options holder() const {
        return start(line("echo slot=$REDLOCK_SLOT.; sleep 1000"));
    }
    static std::string slot_in(const std::string& out) {
        const auto at = out.find("slot=") + 5;
        return out.substr(at, out.find('.', at) - at);
    }
    struct taken {
        std::string token;
        std::uint64_t fencing = 0;
        std::size_t slot = 1000;
    };
    taken acquire(std::vector<std::string> more = {}) {
        more.insert(more.begin(), {"acquire", "--permits", "2", "pool"});
        const finished result = run(more);
        EXPECT_EQ(result.status, 0) << result.err;
        taken out;
        std::istringstream{result.out} >> out.token >> out.fencing >> out.slot;
        return out;
    }
    json::object run_json(std::vector<std::string> arguments, int status = 0) {
        arguments.emplace_back("--json");
        const finished result = run(std::move(arguments));
        EXPECT_EQ(result.status, status) << result.err;
        return json::parse(result.out).as_object();
    }
    void expect_usage(const std::vector<std::string>& arguments, const std::string& part) {
        const finished result = run(arguments);
        EXPECT_EQ(result.status, 64) << result.err;
        EXPECT_THAT(result.out, IsEmpty());
        EXPECT_THAT(result.err, HasSubstr(part));
    }
    [[nodiscard]] int slots_held() const {
        return std::max(nodes_holding("redlock:slot:{pool}:0"), 0) +
               std::max(nodes_holding("redlock:slot:{pool}:1"), 0);
    }
    const std::string redlock_itself = REDLOCK_BINARY;
};

TEST_F(permits, let_as_many_run_at_once_each_with_its_slot) {
    process first{holder()};
    first.wait_for_out(".\n");
    process second{holder()};
    second.wait_for_out(".\n");
    EXPECT_EQ((std::set<std::string>{slot_in(first.out()), slot_in(second.out())}),
              (std::set<std::string>{"0", "1"}));
    const finished refused = run({"run", "-n", "--permits", "2", "pool", "--", "echo", "in"});
    EXPECT_EQ(refused.status, 75);
    EXPECT_THAT(refused.out, IsEmpty());
    EXPECT_EQ(refused.err, "redlock: pool: others hold all permits\n");
    EXPECT_EQ(run({"run", "-n", "pool", "--", "echo", "in"}).out, "in\n")
        << "a lock of that name is another thing";
    process third{start({"run", "-v", "--permits", "2", "pool", "--", "echo", "in"})};
    third.wait_for_err("attempt failed");
    first.signal(SIGTERM);
    EXPECT_EQ(first.wait().status, 128 + SIGTERM);
    const finished came = third.wait();
    EXPECT_EQ(came.out, "in\n") << came.err;
    second.signal(SIGTERM);
    second.wait();
    EXPECT_EQ(slots_held(), 0);
}

TEST_F(permits, that_are_lost_end_the_command) {
    process runner{holder()};
    runner.wait_for_out(".\n");
    for (const auto& node : nodes) {
        node.command({"DEL", "redlock:slot:{pool}:" + slot_in(runner.out())});
    }
    const finished result = runner.wait();
    EXPECT_EQ(result.status, 79);
    EXPECT_THAT(result.err, StartsWith("redlock: pool: the lock is lost"));
}

TEST_F(permits, of_another_number_are_refused_by_name) {
    process runner{holder()};
    runner.wait_for_out(".\n");
    const finished refused = run(line("echo in", "3"));
    EXPECT_EQ(refused.status, 78);
    EXPECT_THAT(refused.out, IsEmpty());
    EXPECT_THAT(refused.err,
                AllOf(HasSubstr("pool: the semaphore has 3 permits here and 2 for other clients"),
                      HasSubstr("give all clients the same number")));
    const json::object object = run_json({"acquire", "--permits", "3", "pool"}, 78);
    EXPECT_EQ(object.at("code").as_string(), "permits_mismatch");
    const finished status = run({"status", "--permits", "3", "pool"});
    EXPECT_EQ(status.status, 78);
    EXPECT_THAT(status.out, IsEmpty());
    EXPECT_THAT(status.err, HasSubstr("has 2 permits for other clients"));
}

TEST_F(permits, of_another_number_name_each_node_once) {
    acquire();
    const finished refused = run(line("echo in", "3"));
    const std::string why = "its other clients have another number of permits";
    EXPECT_NE(refused.err.find(why), std::string::npos) << refused.err;
    EXPECT_EQ(refused.err.find(why), refused.err.rfind(why)) << refused.err;
    for (const auto& node : nodes) {
        const auto named = refused.err.find("(" + node.url());
        EXPECT_EQ(named, refused.err.rfind("(" + node.url())) << refused.err;
    }
}

TEST_F(permits, go_together_with_no_other_shape_and_are_a_number_in_bounds) {
    expect_usage({"run", "--permits", "2", "--shared", "a", "--", "true"},
                 "run: --permits and --shared do not go together");
    expect_usage({"acquire", "--permits", "2", "--shared", "a"},
                 "acquire: --permits and --shared do not go together");
    expect_usage({"run", "--permits", "2", "--also", "b", "a", "--", "true"},
                 "run: --permits and --also do not go together");
    for (const char* const each : {"0", "1025", "-1", "two", "2x", ""}) {
        expect_usage({"run", "--permits", each, "a", "--", "true"},
                     "is no number of permits: give one from 1 to 1024");
    }
}

TEST_F(permits, leave_no_slot_to_a_lock_of_another_shape_below_them) {
    const finished inner =
        run(line(redlock_itself + " run a -- sh -c 'echo \"[${REDLOCK_SLOT-none}]\"'; "
                                  "echo \"[${REDLOCK_SLOT-none}]\""));
    EXPECT_EQ(inner.status, 0) << inner.err;
    EXPECT_THAT(inner.out, StartsWith("[none]\n["));
    EXPECT_THAT(inner.out.substr(7), Not(HasSubstr("none")));
}

TEST_F(permits, inside_themselves_are_refused_or_used) {
    const finished refused = run(line(redlock_itself + " run --permits 2 pool -- echo ran"));
    EXPECT_EQ(refused.status, 64);
    EXPECT_THAT(refused.out, IsEmpty());
    EXPECT_THAT(refused.err, HasSubstr("pool: this command runs under a permit of that semaphore "
                                       "already and might wait for itself"));
    const std::string show = "echo $REDLOCK_SLOT $REDLOCK_TOKEN";
    const finished used = run(line(show + "; " + redlock_itself +
                                   " run --permits 2 --reentrant pool -- sh -c '" + show + "'"));
    EXPECT_EQ(used.status, 0) << used.err;
    const std::string said = used.out.substr(0, used.out.find('\n') + 1);
    EXPECT_EQ(used.out, said + said);
    EXPECT_EQ(run(line(redlock_itself + " run pool -- echo ran")).out, "ran\n")
        << "a lock of that name is another thing";
    EXPECT_EQ(run({"run", "pool", "--", "sh", "-c",
                   redlock_itself + " run --permits 2 --reentrant pool -- echo ran"})
                  .out,
              "ran\n")
        << "the other way round too";
}

TEST_F(permits, are_held_across_the_commands_of_a_script_by_their_token) {
    const taken first = acquire({"--label", "nightly"});
    const taken second = acquire();
    EXPECT_LT(first.slot, 2U);
    EXPECT_EQ(first.slot + second.slot, 1U);
    EXPECT_EQ(run({"acquire", "-n", "--permits", "2", "pool"}).status, 75);
    const std::string key = "redlock:slot:{pool}:" + std::to_string(first.slot);
    EXPECT_EQ(run({"extend", "--permits", "2", "--lease-time", "50s", "pool", first.token}).status,
              0);
    EXPECT_GT(nodes[0].pttl(key), 20'000);
    const json::object extended = run_json({"extend", "--permits", "2", "pool", second.token});
    EXPECT_EQ(extended.at("slot").to_number<std::size_t>(), second.slot);
    EXPECT_EQ(extended.at("resource").as_string(), "pool");
    EXPECT_EQ(run({"release", "--permits", "2", "pool", "no-such-token"}).status, 1);
    EXPECT_EQ(slots_held(), 6);
    EXPECT_EQ(run({"release", "--permits", "2", "pool", first.token}).status, 0);
    EXPECT_EQ(run({"release", "--permits", "2", "pool", first.token}).status, 1);
    EXPECT_EQ(slots_held(), 3);
    const taken again = acquire();
    EXPECT_EQ(again.slot, first.slot);
    EXPECT_GT(again.fencing, first.fencing);
    const json::object released = run_json({"release", "--permits", "2", "pool", again.token});
    EXPECT_TRUE(released.at("released").as_bool());
}

TEST_F(permits, are_shown_by_status_with_each_holder) {
    EXPECT_EQ(run({"status", "--permits", "2", "pool"}).status, 1) << "all are free";
    const taken held = acquire({"--label", "the\treport"});
    const finished text = run({"status", "--permits", "2", "pool"});
    EXPECT_EQ(text.status, 1) << "one is free";
    EXPECT_THAT(text.out,
                AllOf(StartsWith("pool: 1 of 2 permits free\nSLOT  STATE"),
                      HasSubstr("\n" + std::to_string(held.slot) + "     held   " + held.token),
                      HasSubstr("the\\x09report\n")));
    acquire();
    EXPECT_EQ(run({"status", "--permits", "2", "pool"}).status, 0) << "none is free";
    const json::object object = run_json({"status", "--permits", "2", "pool"});
    EXPECT_EQ(object.at("verdict").as_string(), "held");
    EXPECT_EQ(object.at("held").to_number<int>(), 2);
    EXPECT_EQ(object.at("free").to_number<int>(), 0);
    const json::array& slots = object.at("slots").as_array();
    ASSERT_EQ(slots.size(), 2U);
    EXPECT_EQ(slots[held.slot].as_object().at("holder").as_string(), held.token);
    nodes[0].kill();
    nodes[1].kill();
    EXPECT_EQ(run({"status", "--permits", "2", "pool"}).status, 69);
}

TEST_F(permits, are_listed_under_the_name_of_their_semaphore) {
    const taken held = acquire();
    ASSERT_EQ(run({"acquire", "a"}).status, 0);
    const finished text = run({"list"});
    EXPECT_THAT(text.out,
                AllOf(HasSubstr("RESOURCE  SLOT  VERDICT"), HasSubstr("\na         -     "),
                      HasSubstr("\npool      " + std::to_string(held.slot) + "     held     " +
                                held.token)));
    for (const char* const pattern : {"po*", "pool"}) {
        const json::array locks = run_json({"list", pattern}).at("locks").as_array();
        ASSERT_EQ(locks.size(), 1U) << pattern;
        EXPECT_EQ(locks[0].as_object().at("resource").as_string(), "pool");
        EXPECT_EQ(locks[0].as_object().at("slot").to_number<std::size_t>(), held.slot);
    }
    EXPECT_EQ(run_json({"list", "p"}).at("locks").as_array().size(), 0U);
    ASSERT_EQ(run({"release", "--permits", "2", "pool", held.token}).status, 0);
    EXPECT_EQ(run_json({"list"}).at("locks").as_array().size(), 1U);
}

TEST(wait_report, says_of_a_permit_how_many_there_are) {
    using namespace std::chrono_literals;
    EXPECT_EQ(cli::describe("pool", {.holder = {}, .ahead = 1, .waited = 12s, .permits = 3}),
              "pool: waiting for one of 3 permits; 1 before us in line; waited for 12.0s");
}

}  // namespace
}  // namespace redlock::cli_test
