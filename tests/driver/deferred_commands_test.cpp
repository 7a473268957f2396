// What a node must still get: in order, only while it is of use, and releases before exits.
#include "driver/deferred_commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace redlock::driver {
namespace {

using sending = deferred_commands::sending;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class deferred_commands_test : public testing::Test {
  protected:
    bool push(std::string bytes, core::instant until, worth lost = worth::lease) {
        return all.push({std::move(bytes), "key", {}, until, 1s}, lost);
    }
    /// What was offered, when each of `results` is answered in turn, the last one for all others.
    std::vector<std::string> offered(core::instant now, std::vector<sending> results) {
        std::vector<std::string> names;
        all.send_all(now, [&](const deferred_command& each) {
            names.push_back(each.encoded);
            return results[std::min(names.size(), results.size()) - 1];
        });
        return names;
    }

    deferred_commands all;
    core::instant start{1h};
};

TEST_F(deferred_commands_test, are_sent_once_and_in_order) {
    push("a", start + 1s);
    push("b", start + 1s, worth::grace);
    push("c", start + 1s);
    EXPECT_THAT(offered(start, {sending::done}), ElementsAre("a", "b", "c"));
    EXPECT_TRUE(all.empty());
}

TEST_F(deferred_commands_test, are_dropped_at_the_instant_from_which_they_are_of_no_use) {
    push("early", start + 1s);
    push("late", start + 1s + 1ns);
    EXPECT_THAT(offered(start + 1s, {sending::done}), ElementsAre("late"));
    push("early", start + 1s);
    push("late", start + 2s);
    all.drop_outdated(start + 1s);
    EXPECT_EQ(all.size(), 1U);
}

TEST_F(deferred_commands_test, keep_their_order_when_some_could_not_be_sent) {
    for (const char* const name : {"a", "b", "c", "d"}) {
        push(name, start + 1s);
    }
    EXPECT_THAT(offered(start, {sending::not_this, sending::done, sending::not_this}),
                ElementsAre("a", "b", "c", "d"));
    EXPECT_THAT(offered(start, {sending::done}), ElementsAre("a", "c", "d"));
}

TEST_F(deferred_commands_test, are_not_offered_further_when_none_can_be_sent) {
    for (const char* const name : {"a", "b", "c"}) {
        push(name, start + 1s);
    }
    EXPECT_THAT(offered(start, {sending::done, sending::none}), ElementsAre("a", "b"));
    EXPECT_THAT(offered(start, {sending::done}), ElementsAre("b", "c"));
}

TEST_F(deferred_commands_test, stay_before_those_that_come_while_they_are_sent) {
    push("a", start + 1s);
    all.send_all(start, [&](const deferred_command& /*each*/) {
        push("new", start + 1s);
        return sending::not_this;
    });
    EXPECT_THAT(offered(start, {sending::done}), ElementsAre("a", "new"));
}

TEST_F(deferred_commands_test, places_in_line_leave_room_for_releases) {
    for (std::size_t i = 0; i < deferred_commands::most_of_grace; ++i) {
        ASSERT_TRUE(push("exit", start + 1s, worth::grace));
    }
    EXPECT_FALSE(push("exit", start + 1s, worth::grace));
    for (std::size_t i = all.size(); i < deferred_commands::most; ++i) {
        ASSERT_TRUE(push("release", start + 1s));
    }
    EXPECT_FALSE(push("release", start + 1s));
    all.clear();
    EXPECT_TRUE(all.empty());
    EXPECT_THAT(offered(start, {sending::done}), IsEmpty());
}

}  // namespace
}  // namespace redlock::driver
