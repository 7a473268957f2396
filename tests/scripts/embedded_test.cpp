// What is embedded at build time against what a real server makes of it: it must load, under the
// very SHA1 that EVALSHA will ask for. A wrong digest would not fail anything else, only send every
// script in full for ever.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "scripts/scripts.hpp"
#include "support/redis_server.hpp"

namespace {

using redlock::scripts::script;

class embedded_script : public testing::TestWithParam<const script*> {};

TEST_P(embedded_script, is_known_to_a_server_by_the_same_digest) {
    const script& sent = *GetParam();
    const redlock::support::redis_server server;
    EXPECT_EQ(server.command({"SCRIPT", "LOAD", std::string{sent.body}}), sent.sha1);
}

TEST_P(embedded_script, travels_without_comments_and_indentation) {
    const std::string lines = "\n" + std::string{GetParam()->body};
    EXPECT_EQ(lines.find("\n--"), std::string::npos);
    EXPECT_EQ(lines.find("\n "), std::string::npos);
    EXPECT_EQ(lines.find("\n\n"), std::string::npos);
    EXPECT_EQ(lines.back(), '\n');
}

INSTANTIATE_TEST_SUITE_P(all, embedded_script, testing::ValuesIn(redlock::scripts::all),
                         [](const auto& instance) { return std::string{instance.param->name}; });

TEST(embedded_scripts, are_all_listed) {
    const auto folder = std::filesystem::path{REDLOCK_ROOT "/src/scripts/lua"};
    std::size_t files = 0;
    for (const auto& each : std::filesystem::directory_iterator{folder}) {
        if (each.is_directory()) {
            continue;  // parts of scripts
        }
        ++files;
        EXPECT_TRUE(std::any_of(
            redlock::scripts::all.begin(), redlock::scripts::all.end(),
            [&](const script* known) { return known->name == each.path().stem().string(); }))
            << each.path();
    }
    EXPECT_EQ(files, redlock::scripts::all.size());
}

}  // namespace
