// Where a document may hold more than ASCII, and where not.
#include "configuration/toml_text.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace redlock::toml_text {
namespace {

TEST(toml_text, may_hold_anything_in_texts_and_comments) {
    for (const std::string_view document : {
             "",
             "a = 1\nb = [1, 2]\n",
             "a = \"\u00fc\"",
             "a = '\u00fc'",
             "a = \"\"\"\u00fc\n\u00fc\"\"\"\nb = 1",
             "a = '''\u00fc\n\u00fc'''\nb = 1",
             "# \u00fc\na = 1 # \u00fc",
             "\"\u00fc\" = 1",
             "a = \"\\\"\u00fc\"",
             "a = \"\"\" \"\" \u00fc \\\"\"\" \u00fc\"\"\"",
             "a = '\\' # '\u00fc'",
             "a = \"#\" # \u00fc",
             "\xEF\xBB\xBF"
             "a = 1",
         }) {
        EXPECT_FALSE(first_foreign(document)) << document;
    }
}

TEST(toml_text, names_the_first_character_elsewhere) {
    struct expected {
        std::string_view document;
        std::size_t line;
        std::size_t column;
    };
    for (const expected& each : {
             expected{"\u00fc = 1", 1, 1},
             expected{"a = 1\nb\u048d = 1", 2, 2},
             expected{"a = \"\u00fc\" \u00fc", 1, 9},
             expected{"a = ''\u00fc", 1, 7},
             expected{"a = '''\n'''\u00fc", 2, 4},
             expected{"a = \"\"\"\n\"\"\"\u00fc", 2, 4},
             expected{"# \u00fc\n\u00a0", 2, 1},
             expected{"a = '\\'\u00fc", 1, 8},
             expected{"a = \"\\\\\"\u00fc", 1, 9},
             // A text that was not closed ends with its line.
             expected{"a = \"b\n\u00fc", 2, 1},
             expected{"a = 'b\n\u00fc", 2, 1},
             expected{"a = \"b\\\n\u00fc", 2, 1},
             // No UTF-8 at all, and a byte order mark that is not at the beginning.
             expected{"a = 1\n\xFF", 2, 1},
             expected{" \xEF\xBB\xBF", 1, 2},
         }) {
        const auto found = first_foreign(each.document);
        ASSERT_TRUE(found) << each.document;
        EXPECT_EQ(found->line, each.line) << each.document;
        EXPECT_EQ(found->column, each.column) << each.document;
    }
}

}  // namespace
}  // namespace redlock::toml_text
