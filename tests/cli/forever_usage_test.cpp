// What `run --forever` and `run --proclaim` do not go with, and what they take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "cli/support/process.hpp"

namespace redlock::cli_test {
namespace {

using testing::HasSubstr;
using testing::Not;

finished refused(std::vector<std::string> options) {
    options.insert(options.begin(), "run");
    options.insert(options.end(), {"a", "--", "echo", "ran"});
    finished result = redlock(std::move(options), {{"REDLOCK_NODES", "redis://127.0.0.1:1"}});
    EXPECT_EQ(result.status, 64) << result.err;
    EXPECT_EQ(result.out, "");
    return result;
}

TEST(forever_usage, what_makes_no_sense_in_a_campaign_is_refused_by_name) {
    for (const std::vector<std::string>& option : std::vector<std::vector<std::string>>{
             {"--wait", "5s"},
             {"--wait", "forever"},
             {"--nonblock"},
             {"--conflict-exit-code", "0"},
             {"--shared"},
             {"--reentrant"},
             {"--no-fencing"},
         }) {
        std::vector<std::string> line{"--forever"};
        line.insert(line.end(), option.begin(), option.end());
        EXPECT_THAT(refused(line).err,
                    HasSubstr("run: --forever and " + option.front() + " exclude each other: "));
    }
    EXPECT_THAT(refused({"--forever", "--background", "keep"}).err,
                HasSubstr("run: --forever and --background keep exclude each other: "));
}

TEST(forever_usage, a_configuration_without_fencing_is_refused) {
    const std::string path = testing::TempDir() + "redlock-unfenced-" + std::to_string(::getpid());
    std::ofstream(path) << "fencing = false\n";
    EXPECT_THAT(refused({"--forever", "--config", path}).err, HasSubstr("give --fencing"));
    ::unlink(path.c_str());
}

TEST(forever_usage, a_text_that_cannot_be_proclaimed_is_refused) {
    EXPECT_THAT(refused({"--proclaim", "x", "--shared"}).err,
                HasSubstr("run: --proclaim and --shared exclude each other: "));
    EXPECT_THAT(refused({"--proclaim", "x", "--reentrant"}).err,
                HasSubstr("run: --proclaim and --reentrant exclude each other: "));
    EXPECT_THAT(refused({"--proclaim", "x", "--permits", "2"}).err,
                HasSubstr("run: --proclaim and --permits exclude each other: "));
    EXPECT_THAT(refused({"--proclaim", "x", "--also", "b"}).err,
                HasSubstr("run: --proclaim and --also exclude each other: "));
    EXPECT_THAT(refused({"--proclaim", ""}).err, HasSubstr("--proclaim: is empty"));
    EXPECT_THAT(refused({"--proclaim", std::string(257, 'x')}).err,
                HasSubstr("--proclaim: has 257 bytes; at most 256 are allowed"));
    const std::string err = refused({"--proclaim", "http://u:s3cret@h"}).err;
    EXPECT_THAT(err, HasSubstr("--proclaim: looks like a URL with a password"));
    EXPECT_THAT(err, Not(HasSubstr("s3cret")));
}

TEST(forever_usage, watching_alone_bears_an_outage) {
    const finished result = redlock({"leader", "--quorum-timeout", "1s", "a"});
    EXPECT_EQ(result.status, 64);
    EXPECT_THAT(result.err, HasSubstr("--quorum-timeout requires --watch"));
}

}  // namespace
}  // namespace redlock::cli_test
