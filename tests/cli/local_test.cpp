// `redlock local` and `redlock demo`: throwaway servers that are really thrown away.
#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "cli/demo/progress.hpp"
#include "cli/process/redis_process.hpp"
#include "cli/support/process.hpp"
#include "support/redis_server.hpp"

namespace redlock::cli_test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

void expect_dead(const std::vector<pid_t>& processes) {
    for (const pid_t each : processes) {
        eventually([&] { return !alive(each); }, "a server ends");
    }
}

TEST(progress, remembers_what_could_not_be_written) {
    cli::progress account;
    const int before = ::dup(STDOUT_FILENO);
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    std::fflush(stdout);
    ::dup2(full, STDOUT_FILENO);
    EXPECT_TRUE(account.shown());
    account.line("a result");
    ::dup2(before, STDOUT_FILENO);
    account.line("");
    EXPECT_FALSE(account.shown());
    ::close(full);
    ::close(before);
}

TEST(local, one_command_prints_one_integer) {
    const auto result = redlock({"local", "-n", "3", "--", REDLOCK_BINARY, "run", "job", "--", "sh",
                                 "-c", "echo \"$REDLOCK_FENCING_TOKEN\""});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, MatchesRegex("[0-9]+\n"));
}

TEST(local, the_command_finds_this_redlock) {
    const auto result =
        redlock({"local", "-n", "1", "--", "redlock", "run", "job", "--", "echo", "x"},
                {{"PATH", "/usr/bin:/bin"}});
    EXPECT_EQ(result.out, "x\n") << result.err;
}

TEST(local, a_second_token_is_larger) {
    const auto result = redlock({"local", "-n", "3", "--", "sh", "-c",
                                 "for i in 1 2; do redlock run job -- sh -c 'echo "
                                 "$REDLOCK_FENCING_TOKEN'; done"});
    std::istringstream in{result.out};
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    ASSERT_TRUE(in >> first >> second) << result.out << result.err;
    EXPECT_GT(second, first);
}

TEST(local, the_shows_line_of_the_background_job) {
    const auto result = redlock({"local", "-n", "3", "--", "sh", "-c",
                                 "redlock run a -- sleep 5 & sleep 1; redlock run -n a -- true; "
                                 "echo $?"});
    EXPECT_EQ(result.out, "75\n") << result.err;
    EXPECT_EQ(result.status, 0);
}

TEST(local, passes_status_on) {
    EXPECT_EQ(redlock({"local", "-n", "1", "--", "sh", "-c", "exit 9"}).status, 9);
    EXPECT_EQ(redlock({"local", "-n", "1", "--", "sh", "-c", "kill -TERM $$"}).status, 143);
    EXPECT_EQ(redlock({"local", "-n", "1", "--", "/no/such/program"}).status, 127);
    EXPECT_EQ(redlock({"local", "-n", "1", "--", "/etc/passwd"}).status, 126);
}

TEST(local, starts_as_many_servers_as_asked_and_ends_them) {
    process shell{{.arguments = redlock_line({"local", "-n", "4", "--", "sh", "-c",
                                              "echo $REDLOCK_NODES.; sleep 1000"})}};
    shell.wait_for_out(".\n");
    const auto children = children_of(shell.pid());
    EXPECT_EQ(children.size(), 5U);
    shell.signal(SIGTERM);
    const auto result = shell.wait();
    EXPECT_EQ(result.status, 128 + SIGTERM);
    EXPECT_EQ(std::count(result.out.begin(), result.out.end(), ','), 3);
    expect_dead(children);
}

TEST(local, killed_it_takes_everything_with_it) {
    process shell{
        {.arguments = redlock_line({"local", "-n", "2", "--", "sh", "-c", "echo up; sleep 1000"})}};
    shell.wait_for_out("up");
    const auto children = children_of(shell.pid());
    EXPECT_EQ(children.size(), 3U);
    shell.signal(SIGKILL);
    expect_dead(children);
}

TEST(local, ends_what_the_command_left_running) {
    const auto result =
        redlock({"local", "-n", "1", "--", "sh", "-c", "sleep 1000 & echo $!; trap '' TERM"});
    EXPECT_EQ(result.status, 0);
    expect_dead({static_cast<pid_t>(std::stoi(result.out))});
}

TEST(local, without_a_command_it_prints_a_line_for_the_shell_and_stays) {
    process stays{{.arguments = redlock_line({"local", "-n", "2"})}};
    stays.wait_for_out("\n");
    const auto children = children_of(stays.pid());
    EXPECT_EQ(children.size(), 2U);
    stays.signal(SIGINT);
    const auto result = stays.wait();
    EXPECT_EQ(result.status, 0);
    EXPECT_THAT(result.out, MatchesRegex("export REDLOCK_NODES=redis://127.0.0.1:[0-9]+,"
                                         "redis://127.0.0.1:[0-9]+\n"));
    expect_dead(children);
}

TEST(local, starts_servers_though_the_standard_descriptors_are_closed) {
    for (const std::string closing : {">&-", "<&- >&-", "<&- >&- 2>&-"}) {
        const std::string line = REDLOCK_BINARY " local -n 1 -- true " + closing;
        process shell{{.arguments = {"sh", "-c", line}}};
        EXPECT_EQ(shell.wait().status, 0) << closing;
    }
    // And what cannot be written still counts as not written.
    const auto result = redlock({"local", "-n", "1", "--", "sh", "-c",
                                 "redlock acquire a >&-; echo $?; redlock run -n a -- echo free"});
    EXPECT_EQ(result.out, "74\nfree\n") << result.err;
}

TEST(local, a_missing_server_is_explained) {
    const auto result =
        redlock({"local", "--", "/bin/true"}, {{"PATH", "/nonexistent"}, {"REDLOCK_SERVER", ""}});
    EXPECT_EQ(result.status, 69);
    EXPECT_NE(result.err.find("there is no redis-server"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("apt install redis-server, or valkey-server"), std::string::npos)
        << result.err;
    const auto other = redlock({"local", "--server", "/bin/false", "--", "true"});
    EXPECT_EQ(other.status, 69);
    EXPECT_NE(other.err.find("/bin/false"), std::string::npos) << other.err;
}

/// A folder with programs that say their name and fail.
struct fake_servers {
    explicit fake_servers(const std::vector<std::string>& names) {
        for (const std::string& name : names) {
            const std::string file = folder + "/" + name;
            std::ofstream{file} << "#!/bin/sh\necho a fake " << name << "\nexit 1\n";
            std::filesystem::permissions(file, std::filesystem::perms::owner_all);
        }
    }
    fake_servers(const fake_servers&) = delete;
    fake_servers& operator=(const fake_servers&) = delete;
    ~fake_servers() { std::filesystem::remove_all(folder); }

    /// What `redlock COMMAND` says when only these programs are in PATH.
    [[nodiscard]] std::string said(std::vector<std::string> command,
                                   const std::string& by_environment) const {
        const auto ended =
            redlock(std::move(command), {{"PATH", folder}, {"REDLOCK_SERVER", by_environment}});
        EXPECT_EQ(ended.status, 69);
        return ended.err;
    }

    std::string folder = support::make_temporary_folder("redlock-fakes");
};

TEST(local, starts_the_server_that_is_there) {
    const fake_servers both{{"redis-server", "valkey-server", "other-server"}};
    const fake_servers valkey{{"valkey-server"}};
    for (const std::string command : {"local", "demo"}) {
        SCOPED_TRACE(command);
        EXPECT_THAT(both.said({command}, ""), HasSubstr("a fake redis-server"));
        EXPECT_THAT(valkey.said({command}, ""), HasSubstr("a fake valkey-server"));
        EXPECT_THAT(both.said({command}, "valkey-server"), HasSubstr("a fake valkey-server"));
        EXPECT_THAT(both.said({command}, valkey.folder + "/valkey-server"),
                    HasSubstr("a fake valkey-server"));
        EXPECT_THAT(both.said({command, "--server", "other-server"}, "valkey-server"),
                    HasSubstr("a fake other-server"));
    }
}

TEST(demo, loses_updates_without_the_lock_and_none_with_it) {
    process demo{{.arguments = redlock_line({"demo"})}};
    const auto result = demo.wait();
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    const std::size_t guarded = result.out.find("\nguarded counter:");
    ASSERT_NE(guarded, std::string::npos) << result.out;
    int kept = 0;
    int written = -1;
    std::sscanf(result.out.c_str() + guarded, "\nguarded counter: %d of %d", &kept, &written);
    EXPECT_EQ(kept, written) << result.out;
    EXPECT_TRUE(result.out.ends_with(" updates kept, 0 lost updates\n")) << result.out;
    EXPECT_NE(result.out.find("SIGSTOP"), std::string::npos);
    EXPECT_EQ(result.out.find('\r'), std::string::npos) << "plain lines in a pipe";
    EXPECT_EQ(result.err, "");
}

TEST(demo, killed_it_takes_everything_with_it) {
    process demo{{.arguments = redlock_line({"demo"})}};
    demo.wait_for_out("Started 5");
    std::vector<pid_t> children;
    eventually(
        [&] {
            children = children_of(demo.pid());
            return children.size() >= 9;
        },
        "servers and workers run");
    demo.signal(SIGKILL);
    expect_dead(children);
}

TEST(redis_process, starts_freezes_and_restarts_on_its_port) {
    cli::redis_process server;
    server.start();
    server.wait_until_ready();
    const auto port = server.port();
    const auto first = server.pid();
    EXPECT_TRUE(alive(first));
    server.freeze();
    server.restart();
    EXPECT_EQ(server.port(), port);
    EXPECT_NE(server.pid(), first);
    EXPECT_FALSE(alive(first));
    server.kill();
    EXPECT_FALSE(server.running());
}

TEST(redis_process, takes_another_port_when_its_own_is_taken) {
    cli::redis_process first;
    first.start();
    first.wait_until_ready();
    // As if somebody had been faster: the same port by an argument that wins.
    cli::redis_process second{{.arguments = {"--port", std::to_string(first.port())}}};
    second.start();
    EXPECT_THROW(second.wait_until_ready(), cli::redis_error);
}

}  // namespace
}  // namespace redlock::cli_test
