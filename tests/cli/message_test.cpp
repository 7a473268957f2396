// The forms of a message: text, in colour, for the journal, as JSON; and that the page about them
// has every event.
#include "cli/base/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fstream>
#include <iterator>
#include <redlock/observer.hpp>
#include <regex>
#include <set>

#include "cli/base/events.hpp"
#include "cli/output/report.hpp"

namespace redlock::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr system_clock::time_point epoch{};

std::string line_of(const message& what, const log_style& style) {
    return rendered(what, style, epoch + milliseconds{1'796'117'220'007});
}

TEST(messages, are_lines_of_text) {
    const message what{.level = severity::error, .event = "failed", .text = "it broke"};
    EXPECT_EQ(line_of(what, {}), "redlock: it broke\n");
    EXPECT_EQ(line_of(what, {.journal = true}), "<3>redlock: it broke\n");
    EXPECT_EQ(line_of({.level = severity::debug, .text = "x"}, {.journal = true}),
              "<7>redlock: x\n");
}

TEST(messages, are_coloured_by_what_they_mean) {
    const log_style style{.colour = true};
    EXPECT_EQ(line_of({.level = severity::error, .text = "x"}, style),
              "\x1b[31mredlock: x\x1b[m\n");
    EXPECT_EQ(line_of({.level = severity::warning, .text = "x"}, style),
              "\x1b[33mredlock: x\x1b[m\n");
    EXPECT_EQ(line_of({.level = severity::notice, .text = "x"}, style), "redlock: x\n");
    EXPECT_TRUE(may_colour("", "xterm"));
    EXPECT_FALSE(may_colour("1", "xterm"));
    EXPECT_FALSE(may_colour("", "dumb"));
}

TEST(messages, are_objects_with_the_same_members) {
    const log_style style{.format = log_format::json, .colour = true};
    EXPECT_EQ(
        line_of({.level = severity::warning, .event = "outage", .text = "a \"b\"\\\n"}, style),
        R"({"time":"2026-12-01T09:27:00.007Z","level":"warning","event":"outage",)"
        R"("resource":null,"node":null,"message":"a \"b\"\\\n","code":null})"
        "\n");
    const auto object = boost::json::parse(line_of({.level = severity::info,
                                                    .event = "acquired",
                                                    .text = "t",
                                                    .resource = "a\"\xff\t",
                                                    .code = "lost",
                                                    .node = "redis://h"},
                                                   style))
                            .as_object();
    EXPECT_EQ(object.at("resource"), R"(a"\xff)"
                                     "\t");
    EXPECT_EQ(object.at("code"), "lost");
    EXPECT_EQ(object.at("node"), "redis://h");
    EXPECT_THAT(line_of({.text = "x"}, {.format = log_format::json, .journal = true}),
                testing::StartsWith("<3>{\"time\":\""));
}

TEST(messages, tell_where_their_time_stands) {
    for (const bool journal : {false, true}) {
        const std::string line =
            line_of({.text = "x"}, {.format = log_format::json, .journal = journal});
        const auto at = place_of_time(line);
        ASSERT_NE(at, std::string::npos);
        EXPECT_EQ(line.substr(at, std::tuple_size_v<utc_text>), "2026-12-01T09:27:00.007Z");
        EXPECT_EQ(place_of_time(line_of({.text = "{\"time\":\""}, {.journal = journal})),
                  std::string::npos);
    }
    EXPECT_EQ(place_of_time(""), std::string::npos);
    EXPECT_EQ(place_of_time("<"), std::string::npos);
}

TEST(messages, have_a_time_of_fixed_width) {
    const auto text = [](system_clock::time_point when) {
        const utc_text digits = utc_time(when);
        return std::string{digits.data(), digits.size()};
    };
    EXPECT_EQ(text(epoch), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(text(epoch + milliseconds{951'827'696'789}), "2000-02-29T12:34:56.789Z");
}

TEST(the_journal, is_noticed_by_its_own_file_only) {
    EXPECT_TRUE(names_file("8:4711", 8, 4711));
    for (const char* const each :
         {"", "8", "8:", ":4711", "8:4712", "9:4711", "8:4711x", "8;4711", "8:4711:1", " 8:4711"}) {
        EXPECT_FALSE(names_file(each, 8, 4711)) << each;
    }
}

TEST(events, are_all_on_the_page_and_no_other) {
    std::set<std::string> known{events::all.begin(), events::all.end()};
    EXPECT_EQ(known.size(), events::all.size());
    for (int kind = 0; to_string(static_cast<event_kind>(kind)) != "?"; ++kind) {
        known.insert(name_of(static_cast<event_kind>(kind)));
    }
    std::ifstream file{std::string{REDLOCK_ROOT} + "/docs/logging.md"};
    const std::string page{std::istreambuf_iterator<char>{file}, {}};
    const std::string tables = page.substr(page.find("\n## Events\n"));
    std::set<std::string> shown;
    const std::regex row{"\n\\| (`[^|]*) \\|"};
    const std::regex name{"`([a-z_]+)`"};
    for (std::sregex_iterator each{tables.begin(), tables.end(), row}, end; each != end; ++each) {
        const std::string cell = (*each)[1];
        for (std::sregex_iterator one{cell.begin(), cell.end(), name}; one != end; ++one) {
            shown.insert((*one)[1]);
        }
    }
    EXPECT_EQ(shown, known);
}

}  // namespace
}  // namespace redlock::cli
