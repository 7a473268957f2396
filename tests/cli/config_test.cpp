// The configuration file as an operator uses it: where it is taken from, what wins over it, and
// what `redlock config check` says of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "cli/support/process.hpp"
#include "support/redis_server.hpp"
#include "support/test_authority.hpp"

namespace redlock::cli_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class config : public testing::Test {
  protected:
    ~config() override { std::filesystem::remove_all(folder); }

    [[nodiscard]] std::string file(const std::string& text,
                                   const std::string& name = "redlock.toml") const {
        const std::string path = folder + '/' + name;
        std::ofstream{path, std::ios::binary} << text;
        std::filesystem::permissions(
            path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        return path;
    }

    std::string folder = support::make_temporary_folder("redlock-config");
};

boost::json::object checked(const std::vector<std::string>& options,
                            const std::map<std::string, std::string>& environment = {}) {
    std::vector<std::string> line{"config", "check", "--json"};
    line.insert(line.end(), options.begin(), options.end());
    const auto result = redlock(line, environment);
    EXPECT_EQ(result.status, 0) << result.err;
    return boost::json::parse(result.out).as_object();
}

std::string nodes_of(const boost::json::object& checked) {
    boost::json::array names;
    for (const auto& node : checked.at("nodes").as_array()) {
        names.push_back(node.as_object().at("name"));
    }
    return boost::json::serialize(names);
}

TEST_F(config, is_shown_as_it_will_be_used) {
    const auto path = file(
        "nodes = [\"redis://:s3cret-w0rd@h1\", \"rediss://h2:7000?verify=none\"]\n"
        "lease_time = \"7s\"\n[acquire]\nwait = \"3s\"\n");
    const auto result = redlock({"config", "check", "--config", path});
    EXPECT_EQ(result.status, 0);
    EXPECT_THAT(result.out,
                AllOf(HasSubstr("node 0  redis://h1:6379\n"), HasSubstr("node 1  rediss://h2:7000"),
                      HasSubstr("lease_time_ms = 7000\n"), HasSubstr("wait_ms = 3000\n"),
                      HasSubstr("node_timeout_ms = 500\n"), Not(HasSubstr("s3cret"))));
    EXPECT_THAT(result.err, AllOf(HasSubstr("verify=none trusts any server that answers"),
                                  HasSubstr("2 nodes survive no more failures than 1"),
                                  Not(HasSubstr("chmod"))));
}

TEST_F(config, is_read_once_and_so_may_be_a_pipe) {
    const std::string line =
        "'" REDLOCK_BINARY "' config check --nodes-file <(echo redis://127.0.0.1:1)";
    process shell{{.arguments = {"bash", "-c", line}}};
    const auto result = shell.wait();
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("node 0  redis://127.0.0.1:1"));
}

TEST_F(config, looks_at_the_files_of_tls_as_a_connection_would) {
    const support::test_authority authority;
    const auto client = authority.issue({.name = "client"});
    const auto other = authority.issue({.name = "other"});
    const std::string no = folder + "/no";
    const auto empty = file("", "empty");
    const auto junk = file("junk\n", "junk");
    const std::string cert = "cert=" + client.certificate;
    const std::string with_key = cert + "&key=";
    for (const auto& [query, words] : std::vector<std::pair<std::string, std::string>>{
             {"ca=" + no, "ca=" + no + " cannot be read (No such file"},
             {"cert=" + no, "cert=" + no + " cannot be read (No such file"},
             {with_key + no, "key=" + no + " cannot be read (No such file"},
             {"ca=" + empty, "is empty"},
             {"ca=" + junk, "holds no certificate"},
             {with_key + junk, "holds no private key"},
             {with_key + other.key, "does not hold the key of the certificate"}}) {
        const auto result = redlock({"config", "check", "--nodes", "rediss://h?" + query});
        EXPECT_EQ(result.status, 64) << result.out;
        EXPECT_THAT(result.err, AllOf(HasSubstr("rediss://h:6379: "), HasSubstr(words)));
    }
    const auto good = redlock({"config", "check", "--nodes",
                               "rediss://h?ca=" + authority.file() + "&" + with_key + client.key});
    EXPECT_EQ(good.status, 0) << good.err;
}

TEST_F(config, doubts_a_secret_that_everybody_may_read) {
    const support::test_authority authority;
    const auto client = authority.issue();
    const auto password = file("s3cret", "password");
    const std::vector<std::string> line{"config", "check", "--nodes",
                                        "rediss://h?password_file=" + password +
                                            "&cert=" + client.certificate + "&key=" + client.key};
    EXPECT_THAT(redlock(line).err, Not(HasSubstr("everyone can read " + password)));
    for (const std::string& secret : {password, client.key}) {
        std::filesystem::permissions(secret, std::filesystem::perms::others_read,
                                     std::filesystem::perm_options::add);
        EXPECT_THAT(redlock(line).err, HasSubstr("everyone can read " + secret));
    }
}

TEST_F(config, publishes_no_password_as_a_label) {
    const auto path = file("[acquire]\nlabel = \"redis://u:s3cret@h\"\n");
    const auto result = redlock({"config", "check", "--config", path});
    EXPECT_EQ(result.status, 64);
    EXPECT_THAT(result.err, AllOf(HasSubstr("--config: acquire.label looks like a URL"),
                                  Not(HasSubstr("s3cret"))));
}

TEST_F(config, that_cannot_be_read_is_named_with_where_it_was_named) {
    EXPECT_THAT(redlock({"status", "--config", folder + "/no", "a"}).err,
                HasSubstr("--config: cannot read " + folder + "/no"));
    EXPECT_THAT(redlock({"status", "a"}, {{"REDLOCK_CONFIG", folder + "/no"}}).err,
                HasSubstr("REDLOCK_CONFIG: cannot read " + folder + "/no"));
}

TEST_F(config, waits_forever_again_if_the_command_line_says_so) {
    const auto path = file("nodes = [\"redis://127.0.0.1:1\"]\n[acquire]\nwait = \"0s\"\n");
    const std::vector<std::string> begin{"run", "--config", path, "--quorum-timeout", "1ms", "-w"};
    for (const std::string wait : {"forever", "soon"}) {
        std::vector<std::string> line = begin;
        line.insert(line.end(), {wait, "a", "--", "true"});
        EXPECT_EQ(redlock(line).status, wait == "forever" ? 69 : 64);
    }
    EXPECT_THAT(redlock({"run", "-w", "soon", "a", "--", "true"}).err,
                HasSubstr("--wait: 'soon' is neither forever nor a duration"));
    EXPECT_THAT(redlock({"run", "--quorum-timeout", "48h", "a", "--", "true"}).err,
                HasSubstr("at most 24 hours, or forever"));
}

TEST_F(config, that_everybody_may_read_is_doubted) {
    const auto path = file("nodes = [\"redis://:s3cret-w0rd@h1\"]\n");
    std::filesystem::permissions(path, std::filesystem::perms::others_read,
                                 std::filesystem::perm_options::add);
    EXPECT_THAT(redlock({"config", "check", "--config", path}).err, HasSubstr("chmod o-r"));
}

TEST_F(config, is_overridden_by_the_command_line_and_overrides_the_environment) {
    const auto path = file("nodes = [\"redis://file\"]\nlease_time = \"7s\"\nguard = \"on\"\n");
    const auto other = file("nodes = [\"redis://other\"]\n", "other.toml");
    const std::map<std::string, std::string> nodes{{"REDLOCK_NODES", "redis://environment"}};
    std::map<std::string, std::string> both = nodes;
    both["REDLOCK_CONFIG"] = path;

    EXPECT_EQ(nodes_of(checked({"--config", path}, nodes)), R"(["redis://file:6379"])");
    EXPECT_EQ(nodes_of(checked({"--config", path, "--nodes", "redis://line"}, nodes)),
              R"(["redis://line:6379"])");
    EXPECT_EQ(nodes_of(checked({}, both)), R"(["redis://environment:6379"])");
    EXPECT_EQ(nodes_of(checked({}, {{"REDLOCK_CONFIG", path}})), R"(["redis://file:6379"])");
    EXPECT_EQ(nodes_of(checked({"--config", other}, both)), R"(["redis://other:6379"])");

    const auto settings = checked({"--restart-guard", "off", "--node-timeout", "1s"}, both)
                              .at("settings")
                              .as_object();
    EXPECT_EQ(settings.at("lease_time_ms"), 7000);
    EXPECT_EQ(settings.at("guard"), "off");
    EXPECT_EQ(settings.at("node_timeout_ms"), 1000);
}

TEST_F(config, may_list_sentinels_among_others) {
    EXPECT_EQ(
        nodes_of(checked({"--nodes", "redis://a,redis+sentinel://b,c:1/m, unix:@d,redis://e"})),
        R"(["redis://a:6379","redis+sentinel://b:26379,c:1/m","unix:@d","redis://e:6379"])");
}

TEST_F(config, that_is_wrong_is_refused_by_its_line) {
    for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
             {"nodes = [\"redis://:s3cret-w0rd@h:x\"]", "line 1, column 10: node 0: the port"},
             {"nodes = [redis://:s3cret-w0rd@h]", "this is not TOML"},
             {"nodes = []", "line 1, column 9: nodes is empty"},
             {"lease = \"1s\"", "line 1, column 1: a key that is not known"},
             {"lease_time = \"2m\"", "longer than max_lease_time"},
             {"nodes = [\"redis://h\", \"redis://h\"]", "listed twice"}}) {
        const auto result = redlock({"config", "check", "--config", file(text)});
        EXPECT_EQ(result.status, 64) << text;
        EXPECT_THAT(result.err, AllOf(HasSubstr(part), Not(HasSubstr("s3cret")))) << text;
        EXPECT_EQ(result.out, "");
    }
    const auto missing = redlock({"run", "--config", folder + "/none", "a", "--", "true"});
    EXPECT_EQ(missing.status, 64);
    EXPECT_THAT(missing.err, HasSubstr("No such file"));
    EXPECT_EQ(redlock({"status", "a"}, {{"REDLOCK_CONFIG", ""}}).status, 64);
    EXPECT_EQ(redlock({"status", "a"}, {{"REDLOCK_CONFIG", file("nodes = []")}}).status, 64);
    EXPECT_EQ(nodes_of(checked({"--config", file("lease_time = \"5s\"")})),
              R"(["redis://localhost:6379"])");
    EXPECT_EQ(redlock({"config"}).status, 64);
}

TEST_F(config, that_everybody_may_read_is_doubted_for_its_own_secrets_only) {
    const auto readable = [&](const std::string& text, const std::string& name) {
        const auto path = file(text, name);
        std::filesystem::permissions(path, std::filesystem::perms::others_read,
                                     std::filesystem::perm_options::add);
        return path;
    };
    const auto secret = readable("redis://:s3cret-w0rd@h1\n", "nodes");
    const auto harmless = readable("lease_time = \"7s\"\n", "harmless.toml");
    const auto check = [](const std::vector<std::string>& options,
                          const std::map<std::string, std::string>& environment = {}) {
        std::vector<std::string> line{"config", "check"};
        line.insert(line.end(), options.begin(), options.end());
        return redlock(line, environment).err;
    };
    EXPECT_THAT(check({"--nodes-file", secret}),
                HasSubstr("everyone can read " + secret + ": if it contains passwords"));
    EXPECT_THAT(check({"--nodes-file", secret, "--config", harmless}),
                AllOf(HasSubstr("everyone can read " + secret), Not(HasSubstr(harmless))));
    EXPECT_THAT(check({"--config", harmless}, {{"REDLOCK_NODES", "redis://:s3cret-w0rd@h1"}}),
                Not(HasSubstr("everyone can read")));
}

// What a manager says nothing of, because only acquisitions have it.
TEST_F(config, of_acquisitions_is_checked_and_shown_too) {
    for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
             {"[acquire]\nstop_margin = \"60s\"", "the stop margin is 60000ms"},
             {"lease_time = \"3s\"\n[acquire]\nstop_margin = \"3s\"", "the stop margin is 3000ms"},
             {"[acquire]\nlabel = \"" + std::string(5000, 'x') + "\"",
              "the label has 5000 bytes"}}) {
        const auto path = file(text);
        const auto result = redlock({"config", "check", "--config", path});
        EXPECT_EQ(result.status, 64) << part;
        EXPECT_THAT(result.err, HasSubstr(part));
        EXPECT_EQ(result.out, "");
        EXPECT_EQ(redlock({"run", "--config", path, "a", "--", "true"}).status, 64) << part;
    }
    const auto path =
        file("[acquire]\nlabel = \"nightly\"\nstop_margin = \"400ms\"\nwait = \"0s\"");
    const auto settings = checked({"--config", path}).at("settings").as_object();
    EXPECT_EQ(settings.at("label"), "nightly");
    EXPECT_EQ(settings.at("stop_margin_ms"), 400);
    EXPECT_EQ(settings.at("wait_ms"), 0);
    const auto usual = checked({}).at("settings").as_object();
    EXPECT_EQ(usual.at("label"), "");
    EXPECT_TRUE(usual.at("stop_margin_ms").is_null());
    EXPECT_TRUE(usual.at("wait_ms").is_null()) << boost::json::serialize(usual);
}

TEST_F(config, is_that_of_a_redlock_below_as_well) {
    support::redis_server server;
    // Other than the default, so that the node refuses whoever does not know of it.
    ASSERT_EQ(file("nodes = [\"" + server.url() + "\"]\nmax_lease_time = \"90s\"\n"),
              folder + "/redlock.toml");
    const std::string binary = REDLOCK_BINARY;
    process outer{{.arguments = {"sh", "-c",
                                 "cd " + folder + " && " + binary +
                                     " run --config redlock.toml a -- sh -c 'cd / && " + binary +
                                     " run b -- echo both; " + binary + " config check'"}}};
    const auto result = outer.wait();
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, AllOf(HasSubstr("both\n"), HasSubstr("max_lease_time_ms = 90000\n")));
}

TEST_F(config, is_what_the_other_subcommands_go_by) {
    support::redis_server server;
    const auto path = file("nodes = [\"" + server.url() +
                           "\"]\nlease_time = \"5s\"\n[acquire]\nlabel = \"from the file\"\nwait = "
                           "\"0s\"\n");
    const auto held = redlock({"acquire", "--json", "--config", path, "a"});
    ASSERT_EQ(held.status, 0) << held.err;
    const auto valid = boost::json::parse(held.out).at("valid_for_ms").as_int64();
    EXPECT_LE(valid, 5000);
    EXPECT_GT(valid, 0);
    const std::map<std::string, std::string> environment{{"REDLOCK_CONFIG", path}};
    EXPECT_THAT(redlock({"status", "a"}, environment).out, HasSubstr("from the file"));
    EXPECT_EQ(redlock({"run", "a", "--", "true"}, environment).status, 75);
    const auto other = redlock({"run", "--label", "mine", "b", "--", "sh", "-c",
                                "echo $REDLOCK_NODES; " REDLOCK_BINARY " status b"},
                               environment);
    EXPECT_THAT(other.out, AllOf(HasSubstr(server.url()), HasSubstr("mine")));
}

}  // namespace
}  // namespace redlock::cli_test
