// What an acquisition that is refused tells of the holder, and what it costs to learn that.
#include <gtest/gtest.h>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

struct refused : testing::Test {
    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls()};
    client other{turned, nodes.urls()};
};

TEST_F(refused, attempts_tell_who_holds_it) {
    const lock held = user.take("job", {.label = "web3:812 report"});
    for (const auto& attempt : {other.try_acquire("job"), other.acquire("job", {.wait = 20ms}),
                                user.try_acquire("job")}) {
        ASSERT_TRUE(attempt->why.holder) << attempt->error.message();
        EXPECT_EQ(attempt->why.holder->token, held.token());
        EXPECT_EQ(attempt->why.holder->fencing, held.fencing_token());
        EXPECT_EQ(attempt->why.holder->label, "web3:812 report");
        ASSERT_TRUE(attempt->why.holder->remaining);
        EXPECT_GT(*attempt->why.holder->remaining, 0ms);
        EXPECT_LE(*attempt->why.holder->remaining, 10s);
    }
}

TEST_F(refused, attempts_cost_a_majority_of_unanimous_nodes_one_read_and_only_if_it_is_wanted) {
    const lock held = user.take("job");
    other.warm_up();
    const auto reads = [&] { return nodes.commands("evalsha"); };
    const auto before = reads();
    bool done = false;
    other.manager->async_try_acquire("job", {}, [&](const error_code& error, const lock&) {
        EXPECT_EQ(error, errc::contended);
        done = true;
    });
    ASSERT_TRUE(turned.until([&] { return done; }));
    other.warm_up();
    const auto unasked = reads() - before;
    EXPECT_EQ(other.try_acquire("job")->error, errc::contended);
    other.warm_up();
    EXPECT_EQ(reads() - before - unasked, unasked + 3) << "each node is asked once more";
}

TEST_F(refused, attempts_on_nodes_that_are_silent_or_disagree_name_nobody) {
    nodes[0].command({"SET", "job", "one", "PX", "60000"});
    nodes[1].command({"SET", "job", "two", "PX", "60000"});
    const auto attempt = other.try_acquire("job");
    EXPECT_EQ(attempt->error, errc::contended);
    EXPECT_FALSE(attempt->why.holder);
}

}  // namespace
}  // namespace redlock::integration
