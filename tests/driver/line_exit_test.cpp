// A place in line that is given up: on every node, and once more where the word may have been lost.
#include "driver/line_exit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "driver/attempt_world.hpp"

namespace redlock::driver {
namespace {

using words = redis::fake_server::words;

class line_exit_test : public testing::Test {
  protected:
    line_exit_test() {
        node->server.on_command = [this, usual = node->server.on_command](const words& command) {
            return command[0] == "HDEL" ? redis::fake_server::answer{.bytes = says}
                                        : usual(command);
        };
        world.connect_to({node->url()});
    }
    void leave() { leave_line(*world.pool, "job", "me-1", core::node_set::only(0)); }
    [[nodiscard]] std::ptrdiff_t exits() const {
        return std::ranges::count(node->server.received,
                                  words{"HDEL", "redlock:line:{job}", "me-1", "called me-1"});
    }

    attempt_world world{{}};
    std::unique_ptr<scripted_node> node = std::make_unique<scripted_node>(world.io, "a");
    std::string says = ":1\r\n";
};

TEST_F(line_exit_test, is_said_once_where_it_is_answered) {
    leave();
    EXPECT_EQ(world.pool->open_writes(), 1U);
    ASSERT_TRUE(world.run_until_settled());
    node->server.hang_up();
    world.acquire(world.identity());
    ASSERT_TRUE(world.run_until([&] { return !node->calls().empty(); }));
    EXPECT_EQ(exits(), 1);
}

TEST_F(line_exit_test, is_said_again_when_it_went_down_with_its_connection) {
    says.clear();
    leave();
    ASSERT_TRUE(world.run_until([&] { return exits() == 1; }));
    says = ":0\r\n";
    node->server.hang_up();
    ASSERT_TRUE(world.run_until([&] { return exits() == 2; }));
    EXPECT_EQ(world.pool->open_writes(), 0U) << "nobody who closes waits for the second";
}

}  // namespace
}  // namespace redlock::driver
