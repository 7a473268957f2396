// What is embedded at build time against what a real server makes of it: it must load, under the
// very SHA1 that EVALSHA will ask for. A wrong digest would not fail anything else, only send every
// script in full for ever.
#include <gtest/gtest.h>

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

INSTANTIATE_TEST_SUITE_P(all, embedded_script,
                         testing::Values(&redlock::scripts::acquire,
                                         &redlock::scripts::acquire_in_line,
                                         &redlock::scripts::extend, &redlock::scripts::release,
                                         &redlock::scripts::status),
                         [](const auto& instance) { return std::string{instance.param->name}; });

}  // namespace
