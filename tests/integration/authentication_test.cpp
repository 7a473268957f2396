// Logging in to real servers: by user and password, by password alone, wrongly, not at all. What is
// told of a failure never shows the password.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* secret = "s3cret-w0rd";

class authentication : public testing::Test {
  protected:
    authentication() {
        server.command(
            {"ACL", "SETUSER", "app", "on", std::string{">"} + secret, "~*", "&*", "+@all"});
    }
    [[nodiscard]] std::string as(const std::string& login) const {
        return "redis://" + login + "127.0.0.1:" + std::to_string(server.port());
    }
    /// Empty: it worked.
    node_failure outcome(const std::string& url) {
        client user{turned, {url}, impatient_options()};
        const auto tried = user.try_acquire("job");
        node.command({"DEL", "job"});
        EXPECT_THAT(tried->why.to_string(), Not(HasSubstr(secret)));
        for (const auto& each : user.events().all(event_kind::node_down)) {
            EXPECT_THAT(each.message, Not(HasSubstr(secret)));
        }
        return tried->error && !tried->why.nodes.empty() ? tried->why.nodes[0] : node_failure{};
    }

    redis_server server{{.unix_socket = false, .password = secret, .arguments = {}}};
    redis_server& node = server;
    loop turned;
};

TEST_F(authentication, works_by_user_and_password_and_by_password_alone) {
    EXPECT_FALSE(outcome(as("app:s3cret-w0rd@")).cause);
    EXPECT_FALSE(outcome(as(":s3cret-w0rd@")).cause);
    EXPECT_FALSE(outcome(as("default:s3cret-w0rd@")).cause);
}

TEST_F(authentication, that_fails_is_told_without_the_password) {
    for (const char* login : {"app:s3cret-w0rd-not@", ":s3cret-w0rd-not@", "nobody:s3cret-w0rd@"}) {
        const auto why = outcome(as(login));
        EXPECT_EQ(why.cause, node_errc::authentication_failed) << login;
        EXPECT_THAT(why.message, HasSubstr("WRONGPASS"));
    }
}

TEST_F(authentication, that_is_left_out_is_told) {
    const auto why = outcome(as(""));
    EXPECT_EQ(why.cause, node_errc::authentication_failed);
    EXPECT_THAT(why.message, HasSubstr("NOAUTH"));
}

TEST_F(authentication, that_the_server_does_not_want_is_told) {
    const redis_server open;
    client user{turned,
                {"redis://:s3cret-w0rd@127.0.0.1:" + std::to_string(open.port())},
                impatient_options()};
    const auto tried = user.try_acquire("job");
    EXPECT_EQ(tried->cause(0), node_errc::authentication_failed);
    EXPECT_THAT(tried->why.to_string(),
                AllOf(HasSubstr("without any password configured"), Not(HasSubstr(secret))));
}

TEST_F(authentication, of_a_user_that_was_switched_off_is_told) {
    server.command({"ACL", "SETUSER", "app", "off"});
    EXPECT_EQ(outcome(as("app:s3cret-w0rd@")).cause, node_errc::authentication_failed);
}

}  // namespace
}  // namespace redlock::integration
