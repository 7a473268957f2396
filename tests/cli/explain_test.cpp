// `redlock explain`: the pages that it is made of have a section for every code, with the messages
// that the library has today, and what it prints of them.
#include "cli/output/explanations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <redlock/error.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "cli/support/process.hpp"
#include "cli/support/worded.hpp"

namespace redlock::cli_test {
namespace {

using cli::explanation;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string content(const std::string& path) {
    std::ifstream file{std::string{REDLOCK_ROOT} + path};
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>{file}, {}};
}

const std::vector<explanation>& embedded() {
    static const auto all = cli::explanations_in(cli::troubleshooting_pages);
    return all;
}

const explanation& section(std::string_view code) {
    static const explanation none{};
    const explanation* const found = cli::find_explanation(embedded(), code);
    EXPECT_NE(found, nullptr) << "no section for " << code;
    return found == nullptr ? none : *found;
}

bool is_status(const std::string& code) {
    return code.find_first_not_of("0123456789") == std::string::npos;
}

/// Each enumerator has its name; behind the last one comes "unknown".
template <class Code>
void expect_sections_of_each(int at_least) {
    int number = 1;
    for (; to_string(static_cast<Code>(number)) != "unknown"; ++number) {
        const auto code = static_cast<Code>(number);
        const explanation& its = section(to_string(code));
        EXPECT_EQ(its.code, to_string(code));
        EXPECT_TRUE(has_message(its, make_error_code(code).message()))
            << its.code << " has no message like: " << make_error_code(code).message();
    }
    EXPECT_GT(number, at_least);
}

TEST(explanations, are_the_pages_of_the_documentation) {
    EXPECT_EQ(cli::troubleshooting_pages,
              content("/docs/troubleshooting.md") + content("/docs/troubleshooting-nodes.md"));
}

TEST(explanations, have_each_error_with_its_message) {
    expect_sections_of_each<errc>(15);
    expect_sections_of_each<node_errc>(24);
}

TEST(explanations, have_each_exit_status_and_no_other) {
    const std::string header = content("/src/cli/base/exit_status.hpp");
    const std::regex value{R"(= (\d+),)"};
    std::set<std::string> known;
    for (std::sregex_iterator each{header.begin(), header.end(), value}, end; each != end; ++each) {
        known.insert((*each)[1]);
    }
    EXPECT_GT(known.size(), 10U);
    std::set<std::string> explained;
    for (const explanation& each : embedded()) {
        if (is_status(each.code)) {
            explained.insert(each.code);
        }
    }
    EXPECT_EQ(explained, known);
}

// The schema's enumeration is what --json prints as `code`.
TEST(explanations, have_each_code_of_json) {
    const std::string page = content("/docs/command.md");
    const auto row = page.find("| `code` |");
    const std::string line = page.substr(row, page.find('\n', row) - row);
    const std::regex word{"`([a-z_]+)`"};
    int count = 0;
    for (std::sregex_iterator each{line.begin(), line.end(), word}, end; each != end; ++each) {
        const std::string code = (*each)[1];
        if (code != "code" && code != "error") {
            EXPECT_EQ(section(code).code, code);
            ++count;
        }
    }
    EXPECT_GT(count, 14);
}

TEST(explanations, say_of_each_code_what_it_means_and_what_to_do) {
    const std::set<std::string> labels{"Message", "Meaning", "Why", "Do"};
    std::set<std::string> codes;
    for (const explanation& each : embedded()) {
        EXPECT_TRUE(codes.insert(each.code).second) << each.code << " stands there twice";
        EXPECT_NE(each.first("Meaning"), "") << each.code;
        EXPECT_NE(each.first("Do"), "") << each.code;
        EXPECT_EQ(each.first("Message").empty() && !is_status(each.code), false) << each.code;
        for (const auto& point : each.points) {
            EXPECT_TRUE(labels.contains(point.label)) << each.code << ": " << point.label;
            EXPECT_NE(point.text, "") << each.code << ": " << point.label;
        }
    }
}

TEST(explanations, are_found_as_programs_write_them) {
    for (const char* const each :
         {"lost", "errc::lost", "redlock::errc::lost", "lock_lost", "LockLost"}) {
        EXPECT_EQ(section(each).code, "lost") << each;
    }
    EXPECT_EQ(section("node_errc::no_answer").code, "no_answer");
    EXPECT_EQ(section("no-quorum").code, "no_quorum");
    EXPECT_EQ(section("SameServerTwice").code, "same_server_twice");
    EXPECT_EQ(section("143").code, "128");
    for (const char* const each :
         {"", "los", "lock_", "256", "-1", "3", "129x", "lock_lock_lost"}) {
        EXPECT_EQ(cli::find_explanation(embedded(), each), nullptr) << each;
    }
}

TEST(explanations, are_read_from_markdown) {
    const auto all = cli::explanations_in(
        "# Page\n\nNo section.\n\n- No: point\n\n## Group\n\n### one\n\n- Message: \"it `is` "
        "[so]\"\n- Meaning: see [a `page`](b.md#c), **now**,\n  or a[1]\n\n## Other\n\n- No: "
        "point\n### two\n- Do: it");
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].code, "one");
    EXPECT_EQ(all[0].group, "Group");
    EXPECT_EQ(all[0].first("Message"), "it `is` [so]");
    EXPECT_EQ(all[0].first("Meaning"), "see a page, now, or a[1]");
    EXPECT_EQ(all[0].points.size(), 2U);
    EXPECT_EQ(all[1].group, "Other");
    EXPECT_EQ(all[1].first("Do"), "it");
}

TEST(explain, prints_the_section_as_plain_text) {
    const finished result = redlock({"explain", "lock_lost"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.err, "");
    EXPECT_THAT(result.out,
                AllOf(StartsWith("lost\n\n  Message:  the lock is not held any more, and"),
                      HasSubstr("\n  Meaning:  The lock ended before"), HasSubstr("\n  Do:       "),
                      Not(HasSubstr("](")), Not(HasSubstr("`"))));
    std::istringstream lines{result.out};
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 80U) << line;
    }
    EXPECT_THAT(redlock({"explain", "75"}).out, StartsWith("75\n\n  Meaning:  Another client"));
    EXPECT_THAT(redlock({"explain", "130"}).out, StartsWith("128\n"));
}

TEST(explain, does_what_the_pages_show) {
    int shown = 0;
    for (const char* const page : {"/docs/troubleshooting.md", "/docs/command.md"}) {
        std::istringstream lines{content(page)};
        for (std::string line; std::getline(lines, line);) {
            constexpr std::string_view begun = "redlock explain ";
            if (line.starts_with(begun)) {
                const finished result = redlock({"explain", line.substr(begun.size())});
                EXPECT_EQ(result.status, 0) << page << ": " << line << ": " << result.err;
                EXPECT_THAT(result.out, HasSubstr("\n  Meaning:  ")) << line;
                ++shown;
            }
        }
    }
    EXPECT_GE(shown, 4);
}

TEST(explain, lists_every_code) {
    const finished result = redlock({"explain"});
    EXPECT_EQ(result.status, 0) << result.err;
    for (const explanation& each : embedded()) {
        EXPECT_THAT(result.out, HasSubstr("\n  " + each.code + " ")) << each.code;
    }
    EXPECT_THAT(result.out, HasSubstr("Exit statuses:\n  0"));
}

TEST(explain, names_what_may_be_meant_by_an_unknown_code) {
    const auto refusal_of = [](const std::string& code) {
        const finished result = redlock({"explain", code});
        EXPECT_EQ(result.status, 64) << result.out;
        EXPECT_EQ(result.out, "");
        return result.err;
    };
    EXPECT_EQ(refusal_of("no_quorm"),
              "redlock: explain: there is no code no_quorm; did you mean no_quorum?; redlock "
              "explain lists the codes; see redlock --help\n");
    EXPECT_THAT(refusal_of("same"), HasSubstr("did you mean same_server_twice, same_server?"));
    EXPECT_THAT(refusal_of("quorum"), HasSubstr("did you mean no_quorum?"));
    EXPECT_THAT(refusal_of("frobnicate"),
                AllOf(Not(HasSubstr("mean")), HasSubstr("redlock explain lists the codes")));
    EXPECT_THAT(refusal_of(std::string(10'000, 'x')), Not(HasSubstr("xxx")));
    EXPECT_THAT(refusal_of(""), HasSubstr("CODE"));
}

}  // namespace
}  // namespace redlock::cli_test
