// The parser against every kind of reply, every way to cut it in pieces, and peers that lie.
#include "redis/wire/resp_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace redlock::redis::resp_reader_cases {
namespace {

using status = resp_reader::status;

std::string shown(const reply_view& reply) {
    switch (reply.kind()) {
        case reply_kind::nil:
            return "nil";
        case reply_kind::integer:
            return std::to_string(reply.integer());
        case reply_kind::string:
            return "\"" + std::string{reply.text()} + "\"";
        case reply_kind::status:
            return "+" + std::string{reply.text()};
        case reply_kind::error:
            return "-" + std::string{reply.text()};
        case reply_kind::array: {
            std::string all = "[";
            for (std::size_t i = 0; i < reply.size(); ++i) {
                all += (i == 0 ? "" : " ") + shown(reply[i]);
            }
            return all + "]";
        }
    }
    return "?";
}

// All replies in `bytes`, fed in pieces of `piece` bytes; "!" and the text for a protocol error.
std::vector<std::string> read_all(resp_reader& reader, std::string_view bytes, std::size_t piece) {
    std::vector<std::string> found;
    while (true) {
        const std::string_view part = bytes.substr(0, piece);
        bytes.remove_prefix(part.size());
        reader.feed(part);
        status now = reader.next();
        for (; now == status::reply; now = reader.next()) {
            found.push_back(shown(reader.current()));
        }
        if (now == status::protocol_error) {
            found.push_back("!" + reader.error());
            return found;
        }
        if (bytes.empty()) {
            return found;
        }
    }
}

std::vector<std::string> read_all(std::string_view bytes) {
    resp_reader reader;
    return read_all(reader, bytes, bytes.size());
}

bool refuses(std::string_view bytes) {
    const auto found = read_all(bytes);
    return !found.empty() && found.back().starts_with("!") && found.back().size() > 1;
}

constexpr std::string_view everything =
    "+OK\r\n:-42\r\n:9223372036854775807\r\n$-1\r\n*-1\r\n$0\r\n\r\n$3\r\na\r\n\r\n*0\r\n"
    "*3\r\n:1\r\n$1\r\nx\r\n$-1\r\n-ERR no\r\n"
    "*3\r\n*2\r\n:1\r\n*1\r\n+in\r\n$3\r\nmid\r\n*2\r\n*0\r\n:9\r\n";

const std::vector<std::string> everything_shown{"+OK",
                                                "-42",
                                                "9223372036854775807",
                                                "nil",
                                                "nil",
                                                "\"\"",
                                                "\"a\r\n\"",
                                                "[]",
                                                "[1 \"x\" nil]",
                                                "-ERR no",
                                                "[[1 [+in]] \"mid\" [[] 9]]"};

TEST(resp_reader, reads_every_kind_of_reply) {
    EXPECT_EQ(read_all(everything), everything_shown);
}

TEST(resp_reader, reads_the_same_in_pieces_of_any_size) {
    for (std::size_t piece = 1; piece <= everything.size(); ++piece) {
        resp_reader reader;
        EXPECT_EQ(read_all(reader, everything, piece), everything_shown) << piece;
    }
}

TEST(resp_reader, reads_the_same_when_cut_once_anywhere) {
    for (std::size_t cut = 0; cut <= everything.size(); ++cut) {
        resp_reader reader;
        auto found = read_all(reader, everything.substr(0, cut), cut + 1);
        const auto rest = read_all(reader, everything.substr(cut), everything.size());
        found.insert(found.end(), rest.begin(), rest.end());
        EXPECT_EQ(found, everything_shown) << cut;
    }
}

TEST(resp_reader, keeps_strings_whole_across_many_reads) {
    std::string bytes;
    std::vector<std::string> expected;
    for (int i = 0; i < 3000; ++i) {
        const std::string text(static_cast<std::size_t>(i % 97), static_cast<char>('a' + i % 26));
        bytes += "*2\r\n:" + std::to_string(i) + "\r\n$" + std::to_string(text.size()) + "\r\n" +
                 text + "\r\n";
        expected.push_back("[" + std::to_string(i) + " \"" + text + "\"]");
    }
    for (const std::size_t piece : {1000U, 16384U, 1000000U}) {
        resp_reader reader;
        EXPECT_EQ(read_all(reader, bytes, piece), expected);
    }
}

TEST(resp_reader, answers_wrong_questions_without_harm) {
    resp_reader reader;
    reader.feed(std::string_view{"*2\r\n:7\r\n$1\r\nx\r\n"});
    ASSERT_EQ(reader.next(), status::reply);
    const reply_view reply = reader.current();
    EXPECT_EQ(reply.text(), "");
    EXPECT_EQ(reply.integer(), 0);
    EXPECT_TRUE(reply[2].is_nil());
    EXPECT_TRUE(reply[0][0].is_nil());
    EXPECT_EQ(reply[0].text(), "");
    EXPECT_EQ(reply[1].integer(), 0);
    EXPECT_EQ(reply_view{}.size(), 0U);
    EXPECT_EQ(reply_view{}.text(), "");
    EXPECT_TRUE(reply_view{}[3].is_nil());
}

TEST(resp_reader, has_no_current_reply_before_the_first) {
    resp_reader reader;
    EXPECT_TRUE(reader.current().is_nil());
    EXPECT_EQ(reader.next(), status::need_more);
}

TEST(resp_reader, finds_children_behind_nested_arrays) {
    resp_reader reader;
    reader.feed(std::string_view{"*3\r\n*2\r\n:1\r\n*1\r\n:2\r\n*0\r\n*1\r\n:3\r\n"});
    ASSERT_EQ(reader.next(), status::reply);
    const reply_view reply = reader.current();
    EXPECT_EQ(reply[0][1][0].integer(), 2);
    EXPECT_EQ(reply[1].size(), 0U);
    EXPECT_EQ(reply[2][0].integer(), 3);
}

TEST(resp_reader, refuses_what_is_not_the_protocol) {
    for (const std::string_view bytes :
         {"HTTP/1.1 400 Bad Request\r\n", "\r\n", "$x\r\n", "$-2\r\n", ":12a\r\n", ":\r\n",
          "*x\r\n", "*-2\r\n", "*2\r\n:1\r\n?\r\n", "$99999999999999999999\r\n",
          "*99999999999999999999\r\n"}) {
        EXPECT_TRUE(refuses(bytes)) << bytes;
    }
    EXPECT_TRUE(refuses(std::string_view{"\0\0\0\0", 4}));
}

TEST(resp_reader, refuses_for_ever_until_cleared) {
    resp_reader reader;
    EXPECT_EQ(read_all(reader, "x\r\n", 3).size(), 1U);
    reader.feed(std::string_view{"+OK\r\n"});
    EXPECT_EQ(reader.next(), status::protocol_error);
    reader.clear();
    EXPECT_EQ(reader.error(), "");
    EXPECT_THAT(read_all(reader, "+OK\r\n", 5), testing::ElementsAre("+OK"));
}

TEST(resp_reader, forgets_half_a_reply_when_cleared) {
    resp_reader reader;
    EXPECT_TRUE(read_all(reader, "*3\r\n:1\r\n$10\r\nabc", 100).empty());
    reader.clear();
    EXPECT_THAT(read_all(reader, ":5\r\n", 100), testing::ElementsAre("5"));
}

TEST(resp_reader, bounds_a_bulk_string_by_its_announcement) {
    const auto announced = [](std::size_t size) { return "$" + std::to_string(size) + "\r\n"; };
    EXPECT_TRUE(read_all(announced(resp_reader::max_text)).empty());
    EXPECT_TRUE(refuses(announced(resp_reader::max_text + 1)));
    EXPECT_TRUE(refuses("$9223372036854775807\r\n"));
    EXPECT_TRUE(refuses("$" + std::string(100, '1')));
}

TEST(resp_reader, takes_the_largest_bulk_string) {
    resp_reader reader;
    const std::string text(resp_reader::max_text, 'z');
    const std::string bytes = "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    reader.feed(bytes);
    ASSERT_EQ(reader.next(), status::reply);
    EXPECT_EQ(reader.current().text(), text);
}

TEST(resp_reader, bounds_the_text_of_a_reply_altogether) {
    const std::string half(resp_reader::max_text / 2 + 1, 'z');
    const std::string bulk = "$" + std::to_string(half.size()) + "\r\n" + half + "\r\n";
    EXPECT_TRUE(refuses("*2\r\n" + bulk + bulk));
}

TEST(resp_reader, bounds_an_array_by_its_announcement) {
    const auto announced = [](std::size_t size) { return "*" + std::to_string(size) + "\r\n"; };
    EXPECT_TRUE(read_all(announced(resp_reader::max_elements)).empty());
    EXPECT_TRUE(refuses(announced(resp_reader::max_elements + 1)));
    EXPECT_TRUE(refuses("*2147483647\r\n"));
}

TEST(resp_reader, bounds_the_values_of_a_reply_altogether) {
    std::string array = "*1000\r\n";
    for (int i = 0; i < 1000; ++i) {
        array += ":1\r\n";
    }
    std::string bytes = "*1100\r\n";
    for (int i = 0; i < 1100; ++i) {
        bytes += array;
    }
    EXPECT_TRUE(refuses(bytes));
}

TEST(resp_reader, bounds_depth) {
    const auto nested = [](std::size_t depth) {
        std::string bytes;
        for (std::size_t i = 0; i < depth; ++i) {
            bytes += "*1\r\n";
        }
        return bytes + ":1\r\n";
    };
    EXPECT_THAT(read_all(nested(resp_reader::max_depth)),
                testing::ElementsAre("[[[[[[[[1]]]]]]]]"));
    EXPECT_TRUE(refuses(nested(resp_reader::max_depth + 1)));
    EXPECT_TRUE(refuses(nested(100000)));
}

TEST(resp_reader, bounds_a_line_without_end) {
    for (const char* kind : {"+", "-", ":", "*"}) {
        EXPECT_TRUE(refuses(kind + std::string(2 * resp_reader::max_line, '1'))) << kind;
    }
    EXPECT_TRUE(refuses("*1\r\n+" + std::string(2 * resp_reader::max_line, 'x')));
}

TEST(resp_reader, goes_on_after_a_huge_reply) {
    resp_reader reader;
    const std::string text(8 * 1024 * 1024, 'y');
    const std::string bytes =
        "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n+OK\r\n*1\r\n:1\r\n";
    const auto found = read_all(reader, bytes, 65536);
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].size(), text.size() + 2);
    EXPECT_EQ(found[2], "[1]");
}

TEST(reply_view, walks_over_children_that_are_trees) {
    // Found by its place, each child would be a walk over all before it: hours in all.
    constexpr std::int64_t children = 500'000;
    std::string bytes = "*" + std::to_string(children) + "\r\n";
    for (std::int64_t i = 0; i < children; ++i) {
        bytes += "*1\r\n:" + std::to_string(i) + "\r\n";
    }
    resp_reader reader;
    reader.feed(bytes);
    ASSERT_EQ(reader.next(), status::reply);
    std::int64_t expected = 0;
    for (const reply_view each : reader.current()) {
        ASSERT_EQ(each[0].integer(), expected++);
    }
    EXPECT_EQ(expected, children);
}

TEST(reply_view, has_nothing_to_walk_over_when_it_is_no_array_or_an_empty_one) {
    for (const std::string bytes : {"*0\r\n", "*-1\r\n", ":1\r\n", "$1\r\nx\r\n"}) {
        resp_reader reader;
        reader.feed(bytes);
        ASSERT_EQ(reader.next(), status::reply);
        EXPECT_EQ(reader.current().begin(), reader.current().end()) << bytes;
    }
    EXPECT_EQ(reply_view{}.begin(), reply_view{}.end());
}

// --- properties ---

std::string encode(int depth) {
    const int kind = *rc::gen::inRange(0, depth > 0 ? 6 : 5);
    switch (kind) {
        case 0:
            return "$-1\r\n";
        case 1:
            return ":" + std::to_string(*rc::gen::arbitrary<std::int64_t>()) + "\r\n";
        case 2: {
            const auto text = *rc::gen::arbitrary<std::string>();
            return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
        }
        case 3:
            return "+fine\r\n";
        case 4:
            return "-ERR wrong\r\n";
        default: {
            const int size = *rc::gen::inRange(0, 5);
            std::string all = "*" + std::to_string(size) + "\r\n";
            for (int i = 0; i < size; ++i) {
                all += encode(depth - 1);
            }
            return all;
        }
    }
}

// The reverse of the parser, written independently of it: a view as bytes again.
std::string encode(const reply_view& reply) {
    const std::string text{reply.text()};
    switch (reply.kind()) {
        case reply_kind::nil:
            return "$-1\r\n";
        case reply_kind::integer:
            return ":" + std::to_string(reply.integer()) + "\r\n";
        case reply_kind::string:
            return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
        case reply_kind::status:
            return "+" + text + "\r\n";
        case reply_kind::error:
            return "-" + text + "\r\n";
        case reply_kind::array:
            break;
    }
    std::string all = "*" + std::to_string(reply.size()) + "\r\n";
    std::size_t place = 0;
    for (const reply_view each : reply) {
        // Either way to a child leads to the same.
        all += encode(place++ % 2 == 0 ? each : reply[place - 1]);
    }
    return all;
}

RC_GTEST_PROP(resp_reader_property, gives_back_what_was_encoded, ()) {
    std::string bytes;
    const int replies = *rc::gen::inRange(1, 10);
    for (int i = 0; i < replies; ++i) {
        bytes += encode(7);
    }
    resp_reader reader;
    std::string again;
    std::string_view rest = bytes;
    while (!rest.empty()) {
        const auto piece = *rc::gen::inRange<std::size_t>(1, 64);
        const std::string part{rest.substr(0, piece)};
        rest.remove_prefix(part.size());
        reader.feed(part);
        for (status now = reader.next(); now != status::need_more; now = reader.next()) {
            RC_ASSERT(now == status::reply);
            again += encode(reader.current());
        }
    }
    RC_ASSERT(again == bytes);
}

RC_GTEST_PROP(resp_reader_property, survives_garbage, ()) {
    std::string bytes = encode(3);
    const int blows = *rc::gen::inRange(0, 6);
    for (int i = 0; i < blows; ++i) {
        const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size() + 1);
        bytes.insert(at, *rc::gen::elementOf(std::vector<std::string>{
                             "*", "$", "\r\n", "9", "-", std::string(1, '\0'), ":", "*1\r\n",
                             "$4\r\n", "*-1\r\n"}));
    }
    resp_reader reader;
    const auto found = read_all(reader, bytes, *rc::gen::inRange<std::size_t>(1, 40));
    RC_ASSERT(found.size() <= bytes.size());
}

}  // namespace
}  // namespace redlock::redis::resp_reader_cases
