// Configuration files: everything that may stand in one, every mistake with its line, and no secret
// in any complaint.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <fstream>
#include <redlock/configuration.hpp>
#include <redlock/error.hpp>

#include "support/redis_server.hpp"

namespace redlock {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string complaint(std::string_view text) {
    const auto read = parse_configuration(text, "test.toml");
    return read ? "accepted" : read.error().message;
}

TEST(configuration, may_say_nothing) {
    const configuration read = parse_configuration("", "test.toml").value();
    const manager_options usual;
    EXPECT_TRUE(read.nodes.empty());
    EXPECT_EQ(read.options.lease_time, usual.lease_time);
    EXPECT_EQ(read.options.guard, restart_guard::automatic);
    EXPECT_EQ(read.wait.longest(), wait_policy::forever().longest());
    EXPECT_EQ(read.label, "");
    EXPECT_TRUE(read.fair);
    EXPECT_FALSE(read.stop_margin);
}

TEST(configuration, may_say_everything) {
    const configuration read = parse_configuration(R"(
nodes = [
    "redis://10.0.0.1",
    "rediss://:pw@10.0.0.2:6380/1?ca=/etc/ca.pem",   # another line
    "redis+sentinel://a,b/main",
]
lease_time = "20s"
max_lease_time = "1m"
node_timeout = "250ms"
connect_timeout = "2s"
quorum_timeout = "3s"
reconnect_min = "10ms"
reconnect_max = "1s"
close_timeout = "400ms"
clock_window = "5s"
fence_lifetime = "3m"
clock_step = "0.5s"
hand_over_time = "20ms"
hand_over_count = 7
key_prefix = "team:"
fencing = false
guard = "off"

[acquire]
wait = "1.5s"
label = "nightly \u00fc"
fair = false
stop_margin = "300ms"
)",
                                                   "test.toml")
                                   .value();
    ASSERT_EQ(read.nodes.size(), 3U);
    EXPECT_EQ(read.urls[1], "rediss://:pw@10.0.0.2:6380/1?ca=/etc/ca.pem");
    EXPECT_EQ(read.nodes[1].password, "pw");
    EXPECT_EQ(read.nodes[2].sentinel->master, "main");
    EXPECT_EQ(read.options.lease_time, 20s);
    EXPECT_EQ(read.options.max_lease_time, 1min);
    EXPECT_EQ(read.options.node_timeout, 250ms);
    EXPECT_EQ(read.options.connect_timeout, 2s);
    EXPECT_EQ(read.options.quorum_timeout, 3s);
    EXPECT_EQ(read.options.reconnect_min, 10ms);
    EXPECT_EQ(read.options.reconnect_max, 1s);
    EXPECT_EQ(read.options.close_timeout, 400ms);
    EXPECT_EQ(read.options.clock_window, 5s);
    EXPECT_EQ(read.options.fence_lifetime, 3min);
    EXPECT_EQ(read.options.clock_step, 500ms);
    EXPECT_EQ(read.options.hand_over_time, 20ms);
    EXPECT_EQ(read.options.hand_over_count, 7U);
    EXPECT_EQ(read.options.key_prefix, "team:");
    EXPECT_FALSE(read.options.fencing);
    EXPECT_EQ(read.options.guard, restart_guard::off);
    const acquire_options with = read.acquire();
    EXPECT_EQ(with.wait.longest(), 1500ms);
    EXPECT_EQ(with.label, "nightly ü");
    EXPECT_FALSE(with.fair);
    EXPECT_EQ(with.stop_margin, 300ms);
}

TEST(configuration, waits_for_ever_by_name) {
    const auto read = parse_configuration("[acquire]\nwait = \"forever\"", "test.toml").value();
    EXPECT_EQ(read.wait.longest(), wait_policy::forever().longest());
    const auto standby = parse_configuration("quorum_timeout = \"forever\"", "test.toml").value();
    EXPECT_EQ(standby.options.quorum_timeout, manager_options::no_limit);
    EXPECT_FALSE(parse_configuration("node_timeout = \"forever\"", "test.toml"));
}

TEST(configuration, names_the_line_and_what_to_write) {
    const std::vector<std::pair<std::string, std::string>> faults{
        {"lease_time = 10s", "line 1, column 16: this is not TOML"},
        {"\nlabel = \u00fcber", "line 2, column 9: this character may only stand in a text"},
        {"\u048d", "line 1, column 1: this character may only stand in a text"},
        {"\n\nnodes = [\"redis://h\"", "this is not TOML"},
        {"lease_time = \"1s\"\nlease_time = \"2s\"", "key given twice"},
        {"nodes = \"redis://h\"", "array of URLs"},
        {"nodes = [1]", "node 0 must be a text in quotes"},
        {"nodes = [\n  \"redis://h\",\n  \"redis://h:x\"\n]", "line 3, column 3: node 1: the port"},
        {"a = 1", "not known; known are nodes, lease_time"},
        {"lease_time = 10", "lease_time must be a text in quotes"},
        {"lease_time = \"10\\u0020s\"", "lease_time is not a duration: write for example"},
        {"lease_time = \"-1s\"", "must not be negative"},
        {"node_timeout = \"1500us\"", "whole milliseconds"},
        {"guard = \"maybe\"", R"("automatic", "on" or "off")"},
        {"guard = true", "guard must be a text"},
        {"key_prefix = \"\"", "key_prefix is empty"},
        {"key_prefix = 7", "key_prefix must be a text"},
        {"fencing = \"no\"", "fencing must be true or false"},
        {"hand_over_count = \"7\"", "whole number"},
        {"hand_over_count = -7", "whole number from zero"},
        {"acquire = 1", "[acquire]"},
        {"[acquire]\nwait = \"soon\"", "line 2, column 8: acquire.wait is not a duration"},
        {"[acquire]\nfair = \"yes\"", "acquire.fair must be true or false"},
        {"[acquire]\nlabel = 5", "acquire.label must be a text"},
        {"[acquire]\nlable = \"x\"", "line 2, column 1: a key that is not known in [acquire]"},
        {"[[nodes]]\nurl = \"redis://h\"", "node 0 must be a text"},
    };
    for (const auto& [text, part] : faults) {
        EXPECT_THAT(complaint(text), HasSubstr(part)) << text;
        EXPECT_THAT(complaint(text), StartsWith("test.toml, line ")) << text;
    }
}

TEST(configuration, shows_no_secret_in_any_complaint) {
    const std::string secret = "TopSecret";
    for (const std::string text :
         {"nodes = [\"redis://:TopSecret@h:x\"]", "nodes = [redis://:TopSecret@h]",
          "nodes = [\"redis://:TopSecret@h]", "nodes = \"redis://:TopSecret@h\"", "TopSecret = 1",
          "TopSecret", "lease_time = \"TopSecret\"", "guard = \"TopSecret\"",
          "[acquire]\nwait = \"TopSecret\"", "[TopSecret]\n[TopSecret]", "TopSecret.a = 1",
          "nodes = ['TopSecret://h']", "nodes = [\"redis://:\\TopSecret@h\"]",
          "password = TopSecret", "a = 'TopSecret", "hand_over_count = 0xTopSecret"}) {
        EXPECT_THAT(complaint(text), Not(HasSubstr("Secret"))) << text;
        EXPECT_THAT(complaint(text), Not(HasSubstr("accepted"))) << text;
    }
}

TEST(configuration, is_read_from_a_file) {
    const std::string folder = support::make_temporary_folder("redlock-toml");
    const std::string file = folder + "/redlock.toml";
    std::ofstream{file} << "nodes = [\"redis://h\"]\nguard = 1\n";
    EXPECT_EQ(read_configuration(file).error().message,
              file + ", line 2, column 9: guard must be a text in quotes, such as \"automatic\"");
    std::ofstream{file} << "nodes = [\"redis://h\"]\n";
    EXPECT_EQ(read_configuration(file).value().nodes.front().host, "h");
    std::filesystem::remove_all(folder);
    EXPECT_THAT(read_configuration(file).error().message, HasSubstr("No such file"));
    EXPECT_THAT(read_configuration("/").error().message, HasSubstr("folder"));
}

TEST(configuration, throws_a_lock_error_when_an_error_is_taken_for_a_value) {
    try {
        static_cast<void>(parse_configuration("x", "test.toml").value());
        FAIL() << "nothing was thrown";
    } catch (const lock_error& error) {
        EXPECT_EQ(error.code(), errc::invalid_argument);
    }
}

RC_GTEST_PROP(configuration_property, any_text_is_answered, (const std::string& text)) {
    for (const std::string prefix :
         {"", "nodes = [\"", "lease_time = \"", "[acquire]\nwait = \""}) {
        const auto read = parse_configuration(prefix + text, "test.toml");
        RC_ASSERT(read.has_value() || !read.error().message.empty());
    }
}

}  // namespace
}  // namespace redlock
