// What --help says, and that it fits on a terminal of 80 columns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/output/help_text.hpp"
#include "cli/support/process.hpp"

namespace redlock::cli_test {
namespace {

using testing::HasSubstr;

const std::vector<std::string> subcommands{"run",  "acquire", "extend",  "release", "status",
                                           "list", "vouch",   "doctor",  "config",  "local",
                                           "demo", "leader",  "explain", "exporter"};

std::string help_of(std::vector<std::string> words) {
    words.emplace_back("--help");
    const finished result = redlock(std::move(words));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return result.out;
}

void expect_narrow(const std::string& help) {
    std::istringstream lines{help};
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        EXPECT_LE(line.size(), 80U) << line;
        EXPECT_FALSE(line.ends_with(' ')) << '"' << line << '"';
    }
    EXPECT_GT(count, 5U) << help;
}

TEST(wrapped, breaks_between_words) {
    EXPECT_EQ(cli::wrapped("one two three", 0, 0, 80), "one two three\n");
    EXPECT_EQ(cli::wrapped("one two three", 0, 2, 7), "one two\n  three\n");
    EXPECT_EQ(cli::wrapped("one two three", 3, 2, 7), "one\n  two\n  three\n");
    EXPECT_EQ(cli::wrapped("a verylongword b", 0, 0, 5), "a\nverylongword\nb\n");
    EXPECT_EQ(cli::wrapped(" one\n two ", 0, 0, 80), "one two\n");
    EXPECT_EQ(cli::wrapped("", 0, 0, 80), "\n");
}

TEST(wrapped, keeps_paragraphs_and_lines_that_begin_with_a_blank) {
    EXPECT_EQ(cli::wrapped_paragraphs("a b\nc d\n\n  as it is\n\ne", 5),
              "a b c\nd\n\n  as it is\n\ne\n");
    EXPECT_EQ(cli::wrapped_paragraphs("", 5), "");
}

TEST(help, fits_into_80_columns) {
    expect_narrow(help_of({}));
    expect_narrow(help_of({"config", "check"}));
    for (const std::string& each : subcommands) {
        expect_narrow(help_of({each}));
    }
}

TEST(help, names_every_subcommand) {
    const std::string all = help_of({});
    for (const std::string& each : subcommands) {
        EXPECT_THAT(all, HasSubstr("\n  " + each + " "));
    }
}

TEST(help, shows_the_form_of_the_whole_line) {
    EXPECT_THAT(help_of({"run"}),
                HasSubstr("Usage: redlock run [OPTIONS] RESOURCE -- COMMAND [ARG...]\n"));
    EXPECT_THAT(help_of({"local"}), HasSubstr("redlock local [OPTIONS] [-- COMMAND [ARG...]]\n"));
    EXPECT_THAT(help_of({"extend"}), HasSubstr("redlock extend [OPTIONS] RESOURCE TOKEN\n"));
    EXPECT_THAT(help_of({"list"}), HasSubstr("redlock list [OPTIONS] [PATTERN]\n"));
}

TEST(help, is_a_word_of_its_own_too) {
    EXPECT_EQ(redlock({"help"}).out, help_of({}));
    EXPECT_EQ(redlock({"help", "run"}).out, help_of({"run"}));
    EXPECT_EQ(redlock({"help", "config", "check"}).out, help_of({"config", "check"}));
    const finished unknown = redlock({"help", "relase"});
    EXPECT_EQ(unknown.status, 64);
    EXPECT_THAT(unknown.err, HasSubstr("unknown subcommand relase; did you mean release?"));
}

TEST(help, version_has_a_short_form) {
    const finished result = redlock({"-V"});
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.out, redlock({"--version"}).out);
    EXPECT_THAT(result.out, testing::StartsWith("redlock "));
}

}  // namespace
}  // namespace redlock::cli_test
