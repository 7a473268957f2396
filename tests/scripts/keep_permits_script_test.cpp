// The script that keeps the number of permits of a semaphore on a node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scripts/slots_fixture.hpp"

namespace redlock::scripts {
namespace {

class keep_permits_script : public slots_fixture {
  protected:
    [[nodiscard]] std::string keep(const std::string& number, bool brings = true) const {
        return node.keep_permits(permits, number, hour_ms, brings);
    }
};

TEST_F(keep_permits_script, prolongs_the_number_that_is_there) {
    for (const bool brings : {true, false}) {
        node.server.command({"SET", permits, "3", "PX", "60000"});
        EXPECT_EQ(keep("3", brings), "1");
        EXPECT_EQ(node.server.get(permits), "3");
        EXPECT_THAT(node.server.pttl(permits), fresh(hour_ms));
    }
}

TEST_F(keep_permits_script, brings_it_where_there_is_none) {
    EXPECT_EQ(keep("3"), "1");
    EXPECT_EQ(node.server.get(permits), "3");
    EXPECT_THAT(node.server.pttl(permits), fresh(hour_ms));
}

TEST_F(keep_permits_script, does_not_bring_it_for_one_who_only_supposes_it) {
    EXPECT_EQ(keep("3", false), "0");
    EXPECT_EQ(node.server.get(permits), std::nullopt);
}

TEST_F(keep_permits_script, leaves_the_number_of_others_to_its_end) {
    node.server.command({"SET", permits, "5", "PX", "60000"});
    EXPECT_EQ(keep("3"), "0");
    EXPECT_EQ(node.server.get(permits), "5");
    EXPECT_THAT(node.server.pttl(permits), fresh(60'000));
}

}  // namespace
}  // namespace redlock::scripts
