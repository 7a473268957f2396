// What the command writes to standard error on real servers: as text, as JSON, to a journal, and in
// colour on a terminal.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "cli/base/message.hpp"
#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class logging : public three_nodes {
  protected:
    /// Each line as an object with the members that the page promises.
    static std::vector<json::object> objects_in(const std::string& lines) {
        const std::regex time{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"};
        std::vector<json::object> all;
        std::istringstream rest{lines};
        for (std::string line; std::getline(rest, line);) {
            json::object object = json::parse(line).as_object();
            EXPECT_EQ(object.size(), 7U) << line;
            for (const char* const each :
                 {"time", "level", "event", "resource", "node", "message", "code"}) {
                EXPECT_TRUE(object.contains(each)) << each << " is not in " << line;
            }
            EXPECT_TRUE(std::regex_match(std::string{object.at("time").as_string()}, time)) << line;
            EXPECT_TRUE(object.at("event").is_string()) << line;
            all.push_back(std::move(object));
        }
        return all;
    }
    static std::vector<std::string> events_in(const std::string& lines) {
        std::vector<std::string> names;
        for (const json::object& each : objects_in(lines)) {
            names.emplace_back(each.at("event").as_string());
        }
        return names;
    }
    /// Of a failure, which is one line.
    json::object said_by(std::vector<std::string> arguments, int status) const {
        arguments.insert(arguments.begin(), {"--log-format", "json"});
        const finished result = run(arguments);
        EXPECT_EQ(result.status, status) << result.err;
        const auto all = objects_in(result.err);
        EXPECT_EQ(all.size(), 1U) << result.err;
        return all.empty() ? json::object{} : all.front();
    }
};

TEST_F(logging, tells_events_as_objects) {
    const finished result =
        run({"run", "-v", "--log-format", "json", "job", "--", "echo", "the command's own"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "the command's own\n");
    EXPECT_THAT(events_in(result.err),
                AllOf(Contains("node_ready"), Contains("acquired"), Contains("released")));
    for (const json::object& each : objects_in(result.err)) {
        const bool is_of_a_node = each.at("event") == "node_ready";
        EXPECT_EQ(each.at("resource").is_null(), is_of_a_node);
        EXPECT_EQ(each.at("node").is_null(), !is_of_a_node);
        EXPECT_EQ(each.at("level"), "info");
        EXPECT_TRUE(each.at("code").is_null());
    }
}

TEST_F(logging, tells_failures_as_objects) {
    const json::object none =
        said_by({"run", "-n", "--nodes", "redis://127.0.0.1:1", "job", "--", "true"}, 69);
    EXPECT_EQ(none.at("level"), "error");
    EXPECT_EQ(none.at("event"), "not_acquired");
    EXPECT_EQ(none.at("resource"), "job");
    EXPECT_EQ(none.at("code"), "no_quorum");
    EXPECT_THAT(std::string{none.at("message").as_string()}, HasSubstr("Connection refused"));
    hold_everywhere("job");
    const json::object contended = said_by({"run", "-n", "job", "--", "true"}, 75);
    EXPECT_EQ(contended.at("level"), "notice");
    EXPECT_EQ(contended.at("code"), "contended");
    const json::object gone = said_by({"release", "job", "token"}, 1);
    EXPECT_EQ(gone.at("event"), "already_gone");
    EXPECT_EQ(gone.at("code"), "lost");
    const json::object overrun =
        said_by({"run", "--max-hold", "20ms", "own", "--", "sleep", "1000"}, 124);
    EXPECT_EQ(overrun.at("event"), "overrun");
    EXPECT_EQ(said_by({"run", "own", "--", "/"}, 126).at("event"), "cannot_execute");
    const json::object usage = said_by({"run", "--frob", "job", "--", "true"}, 64);
    EXPECT_EQ(usage.at("event"), "usage");
    EXPECT_EQ(usage.at("code"), "usage");
}

TEST_F(logging, keeps_secrets_and_odd_names) {
    const finished result = run({"release", "--log-format=json", "--nodes",
                                 "redis://u:s3cret@127.0.0.1:1", "a\"\n\x01", "t"});
    EXPECT_EQ(result.status, 69);
    EXPECT_THAT(result.err, Not(HasSubstr("s3cret")));
    EXPECT_EQ(objects_in(result.err).size(), 1U);
    const finished usage =
        redlock({"status", "--log-format", "json", "--nodes", "u:s3cret@h", "a"});
    EXPECT_EQ(usage.status, 64);
    EXPECT_THAT(usage.err, Not(HasSubstr("s3cret")));
    EXPECT_EQ(objects_in(usage.err).size(), 1U);
}

TEST_F(logging, has_two_formats) {
    const finished result = run({"status", "--log-format", "xml", "job"});
    EXPECT_EQ(result.status, 64);
    EXPECT_THAT(result.err, HasSubstr("'xml' is none of text|json"));
    EXPECT_THAT(run({"release", "--log-format", "text", "job", "x"}).err, StartsWith("redlock: "));
}

/// The keeper has its lines from before the lock was lost, but the time of the loss.
TEST_F(logging, the_keeper_speaks_likewise_and_tells_its_own_time) {
    process held{start(
        {"run", "--log-format", "json", "job", "--", "sh", "-c", "echo $PPID; exec sleep 1000"})};
    held.wait_for_out("\n");
    const cli::utc_text now = cli::utc_time(std::chrono::system_clock::now());
    held.signal(SIGKILL);
    const auto said = objects_in(held.wait_for_the_last_word().err);
    ASSERT_EQ(said.size(), 1U);
    EXPECT_EQ(said[0].at("event"), "redlock_killed");
    EXPECT_GE(std::string{said[0].at("time").as_string()}, (std::string{now.data(), now.size()}));
    EXPECT_EQ(said[0].at("resource"), "job");
    EXPECT_EQ(said[0].at("level"), "error");
}

/// A file stands for the journal: what counts is that JOURNAL_STREAM names standard error.
class journal : public logging {
  protected:
    journal() {
        const int file = ::open(path_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
        struct stat is {};
        EXPECT_EQ(::fstat(file, &is), 0);
        ::close(file);
        stream_ = std::to_string(is.st_dev) + ":" + std::to_string(is.st_ino);
    }
    ~journal() override { ::unlink(path_.c_str()); }

    /// What stands in the file after this line, which the shell redirects there.
    std::string written_by(const std::string& line, const std::string& stream) const {
        process shell{
            {.arguments = {"sh", "-c", std::string{REDLOCK_BINARY} + " " + line + " 2>" + path_},
             .environment = {{"REDLOCK_NODES", urls()}, {"JOURNAL_STREAM", stream}}}};
        EXPECT_EQ(shell.wait().err, "");
        std::ifstream file{path_};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    const std::string path_ = testing::TempDir() + "redlock_journal." + std::to_string(::getpid());
    std::string stream_;
};

TEST_F(journal, gets_levels_and_only_the_journal) {
    EXPECT_THAT(written_by("release job token", stream_), StartsWith("<3>redlock: job: was"));
    EXPECT_THAT(written_by("run -v job -- true", stream_), HasSubstr("<6>redlock: acquired job"));
    EXPECT_THAT(written_by("release --log-format json job token", stream_),
                StartsWith("<3>{\"time\":\""));
    EXPECT_THAT(written_by("release job token", "1:1"), StartsWith("redlock: job: was"));
    EXPECT_THAT(written_by("release job token", ""), StartsWith("redlock: job: was"));
}

TEST_F(logging, has_colour_on_a_terminal_that_wants_it) {
    const auto shown = [this](std::vector<std::string> line,
                              const std::map<std::string, std::string>& more) {
        process_options options = start(std::move(line));
        options.on_terminal = true;
        options.environment.insert(more.begin(), more.end());
        return process{options}.wait().out;
    };
    const std::vector<std::string> line{"release", "job", "token"};
    EXPECT_THAT(shown(line, {{"TERM", "xterm"}, {"NO_COLOR", ""}}),
                HasSubstr("\x1b[31mredlock: job: was already gone"));
    EXPECT_THAT(shown(line, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}), Not(HasSubstr("\x1b[3")));
    EXPECT_THAT(shown(line, {{"TERM", "dumb"}, {"NO_COLOR", ""}}), Not(HasSubstr("\x1b[3")));
    EXPECT_THAT(shown({"doctor"}, {{"TERM", "xterm"}, {"NO_COLOR", ""}}),
                HasSubstr("\x1b[32mok      \x1b[m "));
    EXPECT_THAT(shown({"doctor"}, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}),
                AllOf(HasSubstr("ok       node 0"), Not(HasSubstr("\x1b[3"))));
    EXPECT_THAT(shown({"run", "--log-format", "json", "-n", "job", "--", "true"}, {}),
                Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace redlock::cli_test
