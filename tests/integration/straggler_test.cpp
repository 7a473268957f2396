// A node that answers after the others have decided: who ends then, manager or command, waits for
// it, so that the lock is backed by every healthy node and not by a bare majority.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <memory>
#include <string>
#include <vector>

#include "integration/harness.hpp"
#include "integration/proxy.hpp"
#include "support/child.hpp"

namespace redlock::integration {
namespace {

// Longer than everything else takes, even on a loaded machine, and shorter than the node timeout.
constexpr milliseconds late = 300ms;
constexpr std::int64_t old_lease = 15'000;
constexpr milliseconds new_lease = 40s;

/// Leaves it to be reaped.
bool has_ended(pid_t process) {
    siginfo_t what{};
    return ::waitid(P_PID, static_cast<id_t>(process), &what, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           what.si_pid == process;
}

struct straggler : testing::Test {
    static manager_options options() {
        manager_options with = usual_options();
        with.close_timeout = with.node_timeout = 10s;
        return with;
    }
    [[nodiscard]] std::vector<std::string> urls() {
        return {nodes[0].url(), nodes[1].url(), slow.url()};
    }
    [[nodiscard]] bool extended(std::size_t node) { return nodes[node].pttl("job") > old_lease; }

    cluster nodes{3};
    loop turned;
    proxy slow{turned.io, nodes[2].port()};
    client user{turned, urls(), options()};
};

TEST_F(straggler, has_extended_when_the_manager_has_closed) {
    lock held = user.take("job", {.lease_time = milliseconds{old_lease}});
    ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
    slow.delay = late;
    EXPECT_FALSE(user.extend(held, new_lease));
    static_cast<void>(held.detach());
    EXPECT_FALSE(extended(2)) << "the test shows nothing: it was not late";
    EXPECT_FALSE(user.close());
    EXPECT_TRUE(extended(0) && extended(1) && extended(2));
}

TEST_F(straggler, has_granted_when_the_manager_has_closed) {
    user.rehearse();
    slow.delay = late;
    lock held = user.take("job", {.lease_time = new_lease});
    static_cast<void>(held.detach());
    EXPECT_EQ(nodes[2].get("job"), std::nullopt) << "the test shows nothing: it was not late";
    EXPECT_FALSE(user.close());
    EXPECT_TRUE(extended(2));
}

TEST_F(straggler, that_does_not_answer_at_all_costs_a_close_no_more_than_the_node_timeout) {
    manager_options brief = usual_options();
    brief.node_timeout = 200ms;
    brief.close_timeout = 24h;
    client other{turned, urls(), brief};
    lock held = other.take("job", {.lease_time = milliseconds{old_lease}});
    ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
    slow.drop_requests = true;
    EXPECT_FALSE(other.extend(held, new_lease));
    static_cast<void>(held.detach());
    EXPECT_FALSE(other.close());
}

TEST_F(straggler, has_extended_when_the_command_has_ended) {
    lock held = user.take("job", {.lease_time = milliseconds{old_lease}});
    ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 3; }));
    const std::string token = held.detach().str();
    slow.delay = 50ms;
    const auto all = urls();
    support::child extending{
        {.arguments = {REDLOCK_BINARY, "extend", "job", token, "--lease-time", "40s",
                       "--node-timeout", "10s", "--nodes",
                       all[0] + "," + all[1] + "," + all[2]},
         .environment = {},
         .output = {}}};
    ASSERT_TRUE(turned.until([&] { return has_ended(extending.pid()); }));
    EXPECT_EQ(extending.wait(hang), 0);
    EXPECT_TRUE(extended(0) && extended(1) && extended(2));
}

}  // namespace
}  // namespace redlock::integration
