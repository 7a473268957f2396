// What the command of `redlock run` finds in its environment, and what others see of it.
#include "cli/run/run_context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace redlock::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

run_context usual() {
    return {.resource = "a b",
            .token = lock_token{"17-ab"},
            .fencing = fencing_token{17},
            .node_urls = {"redis://:secret@one", "redis://two:7001"},
            .configuration_file = {}};
}

TEST(run_context, names_the_lock_and_the_nodes) {
    EXPECT_THAT(
        usual().variables(),
        ElementsAre("REDLOCK_RESOURCE=a b", "REDLOCK_TOKEN=17-ab", "REDLOCK_FENCING_TOKEN=17",
                    "REDLOCK_NODES=redis://:secret@one,redis://two:7001", "REDLOCK_SLOT",
                    "REDLOCK_RESOURCES"))
        << "the last two are taken away";
}

TEST(run_context, names_the_slot_of_a_permit_and_all_names_of_several) {
    run_context with = usual();
    with.slot = 0;
    EXPECT_THAT(with.variables(), Contains("REDLOCK_SLOT=0"));
    with.also = {"x", "b"};
    EXPECT_THAT(with.variables(), Contains("REDLOCK_RESOURCES=a b\nx\nb"));
}

TEST(run_context, names_the_configuration_file_for_any_folder) {
    run_context with = usual();
    with.configuration_file = "some/redlock.toml";
    const auto here = std::filesystem::current_path().string();
    EXPECT_THAT(with.variables(), Contains("REDLOCK_CONFIG=" + here + "/some/redlock.toml"));
    with.configuration_file = "/etc/redlock.toml";
    EXPECT_THAT(with.variables(), Contains("REDLOCK_CONFIG=/etc/redlock.toml"));
}

TEST(usual_label, has_the_machine_the_process_and_the_last_part_of_the_program) {
    EXPECT_EQ(usual_label("host", 7, "/usr/bin/backup"), "host:7 backup");
    EXPECT_EQ(usual_label("host", 7, "backup"), "host:7 backup");
    EXPECT_EQ(usual_label("host", 7, std::string(300, 'x')), "host:7 " + std::string(200, 'x'));
}

TEST(usual_label, is_of_this_process) {
    EXPECT_THAT(usual_label("sh"), HasSubstr(":" + std::to_string(::getpid()) + " sh"));
}

}  // namespace
}  // namespace redlock::cli
