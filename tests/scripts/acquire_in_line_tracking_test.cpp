// That whoever is refused by ACQUIRE IN LINE hears of the lock's next change, by the server's
// client tracking, and so need not poll: on a real server, with one connection that asks and one
// that is told. Blocks in reads of at most some seconds; one thread.
#include <gtest/gtest.h>

#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "scripts/line_fixture.hpp"
#include "support/redis_peer.hpp"

namespace redlock::scripts {
namespace {

class acquire_in_line_tracking : public line_fixture {
  protected:
    acquire_in_line_tracking() {
        const std::string id = listener_.ask({"CLIENT", "ID"});
        listener_.ask({"SUBSCRIBE", "__redis__:invalidate"});
        asker_.ask({"CLIENT", "TRACKING", "ON", "REDIRECT", id, "NOLOOP"});
    }

    /// The first number of the answer.
    int ask(const script_node::in_line_call& with) {
        return std::stoi(asker_.ask(node.acquire_in_line_command(with)));
    }
    /// Whether, of all that the asker is told after its answer, something is about the lock. A last
    /// change of a key that it has read tells where to stop.
    bool hears_of_lock_after(const std::vector<std::string>& change) {
        asker_.ask({"GET", "end"});
        node.server.command(change);
        node.server.command({"SET", "end", "x"});
        for (bool heard = false;;) {
            std::istringstream keys{listener_.next()};
            for (std::string key; std::getline(keys, key);) {
                heard = heard || key == node.lock;
                if (key == "end") {
                    return heard;
                }
            }
        }
    }

    support::redis_peer listener_{node.server.port()};
    support::redis_peer asker_{node.server.port()};
};

TEST_F(acquire_in_line_tracking, tells_of_the_release_whoever_found_the_lock_held) {
    hold();
    ASSERT_EQ(ask({}), 0);
    EXPECT_TRUE(hears_of_lock_after({"DEL", node.lock}));
    // Out of turn, too, where nothing is tried before the lock is looked at.
    hold();
    stand("a-1", 10);
    ASSERT_EQ(ask({}), 0);
    EXPECT_TRUE(hears_of_lock_after({"DEL", node.lock}));
}

TEST_F(acquire_in_line_tracking, tells_of_the_release_of_a_lock_of_another_type) {
    node.server.command({"RPUSH", node.lock, "a"});
    ASSERT_EQ(ask({}), 0);
    EXPECT_TRUE(hears_of_lock_after({"DEL", node.lock}));
}

TEST_F(acquire_in_line_tracking, tells_of_the_acquisition_whoever_waits_for_another_to_come) {
    stand("a-1", 10);
    ASSERT_EQ(ask({}), -3);
    EXPECT_TRUE(hears_of_lock_after(node.acquire_in_line_command({.place = "a-1", .ticket = 10})));
}

TEST_F(acquire_in_line_tracking, tells_nobody_of_what_the_script_itself_wrote) {
    hold();
    ASSERT_EQ(ask({}), 0);
    EXPECT_FALSE(hears_of_lock_after({"GET", node.lock}));
    set_free();
    stand("a-1", 10);
    ASSERT_EQ(ask({}), -3);
    // The release above is heard here; from then on there is nothing.
    EXPECT_TRUE(hears_of_lock_after({"GET", node.lock}));
    EXPECT_FALSE(hears_of_lock_after({"GET", node.lock}));
}

}  // namespace
}  // namespace redlock::scripts
