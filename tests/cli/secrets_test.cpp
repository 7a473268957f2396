// A password never shows: not in any output of any subcommand, whatever goes wrong, however loud,
// and wherever it was given.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/support/process.hpp"
#include "support/redis_server.hpp"

namespace redlock::cli_test {
namespace {

// Longer than what a server repeats of an argument, so that a part of it shows as well.
const std::string secret = "s3cret-w0rd-that-n0body-may-see";
const std::string telling = "s3cret";

using environment_map = std::map<std::string, std::string>;

/// Every subcommand that reads a list of nodes, as loud and in as many forms as it goes.
const std::vector<std::vector<std::string>> subcommands{
    {"run", "-v", "-n", "a", "--", "true"},
    {"acquire", "-v", "-n", "a"},
    {"acquire", "-n", "--json", "b"},
    {"extend", "-v", "a", "t"},
    {"extend", "--json", "a", "t"},
    {"release", "-v", "a", "t"},
    {"release", "--json", "a", "t"},
    {"status", "-v", "a"},
    {"status", "-v", "--json", "a"},
    {"list", "-v"},
    {"list", "-v", "--json"},
    {"vouch", "-v"},
    {"doctor", "-v"},
    {"doctor", "-v", "--json"},
    {"config", "check", "-v"},
    {"config", "check", "--json"},
};

class secrets : public testing::Test {
  protected:
    secrets() {
        std::ofstream{password_file} << secret << "-not\n";
        std::ofstream{empty_file} << "";
    }
    ~secrets() override { std::filesystem::remove_all(folder); }

    [[nodiscard]] std::string url(const std::string& password,
                                  const std::string& scheme = "redis") const {
        return scheme + "://:" + password + "@" + address();
    }
    [[nodiscard]] std::string address() const {
        return "127.0.0.1:" + std::to_string(server.port());
    }

    /// What everything said together; and nothing of it is secret.
    static std::string run_all(const environment_map& environment,
                               const std::vector<std::string>& more = {}) {
        std::string all;
        for (std::vector<std::string> line : subcommands) {
            const auto at = line.front() == "run" ? line.end() - 2 : line.end();
            line.insert(at, more.begin(), more.end());
            const auto result = redlock(line, environment);
            for (const std::string& said : {result.out, result.err}) {
                EXPECT_EQ(said.find(telling), std::string::npos) << line.front() << ": " << said;
                all += said;
            }
            EXPECT_FALSE(result.out.empty() && result.err.empty() && result.status != 0)
                << line.front() << " says nothing of its failure";
        }
        return all;
    }
    static void expect_told(const std::string& all, const std::string& what) {
        EXPECT_NE(all.find(what), std::string::npos) << what << " is not told:\n" << all;
    }

    support::redis_server server{{.unix_socket = false, .password = secret, .arguments = {}}};
    std::string folder = support::make_temporary_folder("redlock-secrets");
    std::string password_file = folder + "/password";
    std::string empty_file = folder + "/empty";
};

TEST_F(secrets, stay_hidden_when_all_is_well) {
    expect_told(run_all({{"REDLOCK_NODES", url(secret)}}), "redis://" + address());
}

TEST_F(secrets, stay_hidden_when_refused) {
    expect_told(run_all({{"REDLOCK_NODES", url(secret + "-not")}}), "WRONGPASS");
    expect_told(run_all({{"REDLOCK_NODES", "redis://alice:" + secret + "@" + address()}}),
                "WRONGPASS");
}

TEST_F(secrets, stay_hidden_in_files) {
    expect_told(
        run_all({{"REDLOCK_NODES", "redis://" + address() + "?password_file=" + password_file}}),
        "WRONGPASS");
    const std::string config = folder + "/redlock.toml";
    std::ofstream{config} << "nodes = [\"" << url(secret + "-not") << "\"]\n";
    expect_told(run_all({}, {"--config", config}), "WRONGPASS");
    std::ofstream{config} << "nodes = [" << url(secret) << "]\n";
    expect_told(run_all({{"REDLOCK_CONFIG", config}}), "not TOML");
    std::ofstream{config} << "nodes = [\"" << url(secret) << ":\"]\npassword = \"" << secret
                          << "\"\n";
    expect_told(run_all({{"REDLOCK_CONFIG", config}}), "line 1");
}

TEST_F(secrets, stay_hidden_from_a_server_that_repeats_them) {
    const support::redis_server renamed{
        {.unix_socket = false, .password = {}, .arguments = {"--rename-command", "AUTH", ""}}};
    expect_told(run_all({{"REDLOCK_NODES",
                          "redis://:" + secret + "@127.0.0.1:" + std::to_string(renamed.port())}}),
                "unknown command");
}

TEST_F(secrets, stay_hidden_without_a_server) {
    const std::string nobody = url(secret);
    server.kill();
    expect_told(run_all({{"REDLOCK_NODES", nobody}}), "refused");
}

TEST_F(secrets, stay_hidden_when_no_tls_is_spoken) {
    run_all({{"REDLOCK_NODES", url(secret, "rediss") + "?verify=none"}});
}

TEST_F(secrets, stay_hidden_from_sentinels_that_are_none) {
    run_all({{"REDLOCK_NODES", "redis+sentinel://:" + secret + "@" + address() +
                                   "/m?sentinel_user=alice&sentinel_password=" + secret}});
    run_all({{"REDLOCK_NODES", "redis+sentinel://:" + secret + "@" + address() +
                                   "/m?sentinel_password_file=" + password_file}});
}

TEST_F(secrets, stay_hidden_from_a_cluster_that_is_none) {
    run_all({{"REDLOCK_NODES", url(secret, "redis+cluster")}});
}

TEST_F(secrets, stay_hidden_in_urls_that_cannot_be_read) {
    for (const std::string& bad :
         {url(secret) + "x", url(secret) + "/" + secret, url(secret) + "?x=" + secret,
          url(secret) + "#" + secret, "http://" + secret, "redis://" + secret + "@",
          "redis://:" + secret + " @h", "redis+sentinel://:" + secret + "@h",
          "redis://h?sentinel_password=" + secret, "redis://" + secret + ":1:2",
          "rediss://h?verify=" + secret, "redis://h?password_file=/" + secret,
          "redis://:x@h?password_file=" + password_file, "redis://h?password_file=" + empty_file}) {
        run_all({{"REDLOCK_NODES", bad}});
        run_all({}, {"--nodes", bad});
    }
}

TEST_F(secrets, stay_hidden_in_mistaken_command_lines) {
    for (const std::string& given :
         {url(secret), "redis+sentinel://h/m?sentinel_password=" + secret, "user:" + secret + "@h",
          "redis://u:" + secret + " blank@h", "redis://:" + secret, "user:" + secret + "'\\@h"}) {
        for (const std::vector<std::string>& line :
             std::vector<std::vector<std::string>>{{"status", given, "a", "b"},
                                                   {"status", "--ndoes", given},
                                                   {given},
                                                   {"run", "a", "curl", given},
                                                   {"status", "a", given + " "},
                                                   {"status", "--config", given, "a"},
                                                   {"status", "--config=" + given, "a"},
                                                   {"--config", given, "status", "a"},
                                                   {"status", "--nodes=" + given, "--what"},
                                                   {"vouch", given}}) {
            const auto result = redlock(line);
            EXPECT_EQ(result.status, 64);
            EXPECT_EQ((result.out + result.err).find(telling), std::string::npos) << result.err;
        }
    }
}

TEST_F(secrets, stay_hidden_where_a_url_stands_for_a_name) {
    for (const std::string& given : {url(secret), "redis://:" + secret}) {
        for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
                 {"status", given}, {"run", given, "--", "true"}, {"release", given, "token"}}) {
            const auto result = redlock(line);
            EXPECT_EQ(result.status, 64);
            EXPECT_EQ((result.out + result.err).find(telling), std::string::npos) << result.err;
        }
    }
}

TEST_F(secrets, stay_hidden_as_programs_that_are_none) {
    for (const std::string& given : {url(secret), "user:" + secret + "@h"}) {
        for (const std::string subcommand : {"local", "demo"}) {
            const auto result = redlock({subcommand, "--server", given});
            EXPECT_EQ(result.status, 69);
            EXPECT_NE(result.err.find("***@"), std::string::npos) << result.err;
            EXPECT_EQ(result.err.find(telling), std::string::npos) << result.err;
        }
    }
}

TEST_F(secrets, reach_the_command_which_may_need_them) {
    const auto result = redlock(
        {"run", "a", "--", "sh", "-c", std::string{REDLOCK_BINARY} + " run b -- echo nested"},
        {{"REDLOCK_NODES", url(secret)}});
    EXPECT_EQ(result.out, "nested\n") << result.err;
}

}  // namespace
}  // namespace redlock::cli_test
