// The command over TLS: it works, and warns in its own words when nothing is verified.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/support/process.hpp"
#include "support/redis_server.hpp"
#include "support/test_authority.hpp"

namespace redlock::cli_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct command_over_tls : testing::Test {
    [[nodiscard]] finished run(const std::string& query, std::vector<std::string> options) const {
        options.insert(options.begin(), "run");
        options.insert(options.end(), {"-n", "a", "--", "true"});
        return redlock(std::move(options),
                       {{"REDLOCK_NODES",
                         "rediss://127.0.0.1:" + std::to_string(server.tls_port()) + "?" + query}});
    }
    [[nodiscard]] static std::size_t count(const std::string& text, const std::string& what) {
        std::size_t times = 0;
        for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
            ++times;
        }
        return times;
    }

    support::test_authority authority;
    support::redis_server server{{.unix_socket = false,
                                  .password = {},
                                  .arguments = {},
                                  .tls = {{.files = authority.issue(), .ca = authority.file()}}}};
};

TEST_F(command_over_tls, works_and_has_nothing_to_say) {
    const finished done = run("ca=" + authority.file(), {});
    EXPECT_EQ(done.status, 0);
    EXPECT_EQ(done.err, "");
}

TEST_F(command_over_tls, warns_once_when_nothing_is_verified) {
    for (const std::vector<std::string>& options : {std::vector<std::string>{}, {"-v"}}) {
        const finished done = run("verify=none", options);
        EXPECT_EQ(done.status, 0) << done.err;
        EXPECT_EQ(count(done.err, "verify=none"), 1U) << done.err;
        EXPECT_THAT(done.err, HasSubstr("node unverified"));
    }
    EXPECT_EQ(run("verify=none", {"-q"}).err, "");
}

TEST_F(command_over_tls, says_what_to_do_about_an_unknown_authority) {
    const support::test_authority stranger{"stranger"};
    const finished done = run("ca=" + stranger.file(), {});
    EXPECT_EQ(done.status, 69);
    EXPECT_THAT(done.err, AllOf(HasSubstr("no secure connection could be made"),
                                HasSubstr("test authority"), HasSubstr("ca=")));
}

}  // namespace
}  // namespace redlock::cli_test
