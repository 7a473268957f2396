// A password never shows: not in any output of any subcommand, whatever goes wrong, however loud.
#include <gtest/gtest.h>

#include "cli/support/process.hpp"
#include "support/redis_server.hpp"

namespace redlock::cli_test {
namespace {

constexpr const char* secret = "s3cret-w0rd";

class secrets : public testing::Test {
  protected:
    [[nodiscard]] std::string url(const std::string& password) const {
        return "redis://:" + password + "@127.0.0.1:" + std::to_string(server.port());
    }
    static void expect_silent(const finished& result) {
        EXPECT_EQ(result.out.find(secret), std::string::npos) << result.out;
        EXPECT_EQ(result.err.find(secret), std::string::npos) << result.err;
    }

    support::redis_server server{{.unix_socket = false, .password = secret, .arguments = {}}};
};

TEST_F(secrets, stay_hidden_when_all_is_well) {
    const std::map<std::string, std::string> environment{{"REDLOCK_NODES", url(secret)}};
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"run", "-v", "a", "--", "true"},
                                               {"acquire", "-v", "--json", "b"},
                                               {"status", "-v", "--json", "b"},
                                               {"status", "-v", "b"},
                                               {"list", "-v"}}) {
        const auto result = redlock(arguments, environment);
        EXPECT_EQ(result.status, 0) << result.err;
        expect_silent(result);
    }
}

TEST_F(secrets, stay_hidden_when_refused) {
    const std::string wrong = std::string{secret} + "-not";
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"run", "-v", "-n", "a", "--", "true"},
                                               {"acquire", "-v", "-n", "a"},
                                               {"extend", "-v", "a", "t"},
                                               {"release", "-v", "a", "t"},
                                               {"status", "-v", "a"},
                                               {"status", "--json", "a"},
                                               {"list", "-v"}}) {
        const auto result = redlock(arguments, {{"REDLOCK_NODES", url(wrong)}});
        EXPECT_EQ(result.status, 69) << result.err;
        expect_silent(result);
        EXPECT_NE((result.err + result.out).find("WRONGPASS"), std::string::npos)
            << "why is told: " << result.err;
    }
}

TEST_F(secrets, stay_hidden_without_a_server) {
    const auto nobody = url(secret);
    server.kill();
    const auto result =
        redlock({"run", "-v", "-n", "a", "--", "true"}, {{"REDLOCK_NODES", nobody}});
    EXPECT_EQ(result.status, 69);
    expect_silent(result);
}

TEST_F(secrets, reach_the_command_which_may_need_them) {
    const auto result = redlock(
        {"run", "a", "--", "sh", "-c", std::string{REDLOCK_BINARY} + " run b -- echo nested"},
        {{"REDLOCK_NODES", url(secret)}});
    EXPECT_EQ(result.out, "nested\n") << result.err;
}

}  // namespace
}  // namespace redlock::cli_test
