// Names chosen by anybody must not reach a terminal or a JSON reader raw.
#include "cli/base/escape.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "cli/output/json_output.hpp"
#include "cli/output/table.hpp"

namespace redlock::cli {
namespace {

using namespace std::string_literals;

TEST(printable, leaves_ordinary_text) {
    EXPECT_EQ(printable("orders:42"), "orders:42");
    EXPECT_EQ(printable("Größe {42} 鎖 🔒"), "Größe {42} 鎖 🔒");
}

TEST(printable, shows_control_characters) {
    EXPECT_EQ(printable("a\0b\nc\td\x1b[31m\x7f"s), "a\\x00b\\x0ac\\x09d\\x1b[31m\\x7f");
    EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // CSI as one C1 character
}

TEST(printable, shows_what_changes_direction_or_is_unseen) {
    EXPECT_EQ(printable("a\xe2\x80\xae"
                        "b"),
              "a\\xe2\\x80\\xaeb");
    EXPECT_EQ(printable("\xe2\x80\x8b"), "\\xe2\\x80\\x8b");
    EXPECT_EQ(printable("\xef\xbb\xbf"), "\\xef\\xbb\\xbf");
}

TEST(printable, shows_bytes_that_are_not_utf8) {
    EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
    EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");           // overlong
    EXPECT_EQ(printable("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");  // overlong
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
    EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");  // cut short
}

TEST(printable, cannot_be_mistaken) {
    EXPECT_EQ(printable("\\x00"), "\\\\x00");
}

RC_GTEST_PROP(printable, no_control_byte_survives, (const std::string& text)) {
    const std::string shown = printable(text);
    RC_ASSERT(is_valid_utf8(shown));
    RC_ASSERT(std::none_of(shown.begin(), shown.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    }));
}

RC_GTEST_PROP(json_text, any_bytes_make_valid_json, (const std::string& text)) {
    boost::json::object object;
    set_text(object, "name", text);
    const auto parsed = boost::json::parse(boost::json::serialize(object)).as_object();
    RC_ASSERT(parsed.contains("name_hex") == !is_valid_utf8(text));
    if (is_valid_utf8(text)) {
        RC_ASSERT(parsed.at("name").as_string() == text);
    }
}

TEST(json_text, tells_the_exact_bytes_beside) {
    boost::json::object object;
    set_text(object, "name", "a\xff");
    EXPECT_EQ(object.at("name").as_string(), "a\\xff");
    EXPECT_EQ(object.at("name_hex").as_string(), "61ff");
}

TEST(shell_line, quotes_what_a_shell_would_take_apart) {
    EXPECT_EQ(shell_line({"./x.sh", "-n", "a b", "", "it's", "$HOME"}),
              "./x.sh -n 'a b' '' 'it'\\''s' '$HOME'");
    EXPECT_EQ(shell_line({}), "");
}

TEST(table, aligns_by_characters_and_pads_no_end) {
    table shown{{"A", "B", "C"}};
    shown.add({"größe", "x", "last"});
    shown.add({"1", "long cell", ""});
    EXPECT_EQ(shown.text(),
              "A      B          C\n"
              "größe  x          last\n"
              "1      long cell\n");
}

}  // namespace
}  // namespace redlock::cli
