// What is told of nodes that did not help: the latest word of each, in the nodes' order, by name.
#include "driver/failures.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace redlock::driver {
namespace {

const std::vector<std::string> names{"redis://a:1", "redis://b:2", "redis://c:3"};

TEST(failures, are_told_in_the_order_of_the_nodes_and_by_name) {
    failures why;
    why.note(2, node_errc::no_answer);
    why.note(0, node_errc::error_reply, "ERR no");
    const diagnostics told = why.to_diagnostics("too bad", names);
    EXPECT_EQ(told.message, "too bad");
    ASSERT_EQ(told.nodes.size(), 2U);
    EXPECT_EQ(told.nodes[0].node, 0U);
    EXPECT_EQ(told.nodes[0].message, "redis://a:1: ERR no");
    EXPECT_EQ(told.nodes[0].cause, node_errc::error_reply);
    EXPECT_EQ(told.nodes[1].message, "redis://c:3");
    EXPECT_EQ(told.to_string(),
              "too bad; node 0 (redis://a:1: ERR no): answered with an error; node 2 "
              "(redis://c:3): no answer within the node timeout");
}

TEST(failures, keep_the_latest_cause_of_a_node) {
    failures why;
    why.note(1, node_errc::no_answer, "silence");
    why.note(1, node_errc::read_only, "READONLY");
    ASSERT_EQ(why.nodes().size(), 1U);
    EXPECT_EQ(why.nodes()[0].cause, node_errc::read_only);
    EXPECT_EQ(why.nodes()[0].message, "READONLY");
}

TEST(failures, forget_a_node_that_answered_after_all) {
    failures why;
    EXPECT_TRUE(why.empty());
    why.note(1, node_errc::no_answer);
    why.note(2, node_errc::no_answer);
    why.clear(1);
    why.clear(0);
    ASSERT_EQ(why.nodes().size(), 1U);
    EXPECT_EQ(why.nodes()[0].node, 2U);
    why.clear(2);
    EXPECT_TRUE(why.empty());
}

TEST(failures, can_be_told_more_than_once) {
    failures why;
    why.note(0, node_errc::no_answer, "x");
    EXPECT_EQ(why.to_diagnostics("", names).to_string(), why.to_diagnostics("", names).to_string());
    EXPECT_EQ(why.nodes()[0].message, "x");
}

}  // namespace
}  // namespace redlock::driver
