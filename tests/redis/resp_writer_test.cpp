// The encoder, alone and against the parser.
#include "redis/wire/resp_writer.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "redis/wire/resp_reader.hpp"

namespace redlock::redis::resp_writer_cases {
namespace {

TEST(resp_writer, encodes_an_array_of_bulk_strings) {
    std::string out;
    append_command(out, {"SET", "key", ""});
    EXPECT_EQ(out, "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$0\r\n\r\n");
}

TEST(resp_writer, appends) {
    std::string out = "before";
    append_command(out, {"PING"});
    append_command(out, {"PING"});
    EXPECT_EQ(out, "before*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n");
}

TEST(resp_writer, writes_the_extremes_of_every_integer) {
    std::string out;
    resp_writer writer{out};
    writer.begin(6);
    writer.arg(std::numeric_limits<std::int64_t>::min());
    writer.arg(std::numeric_limits<std::int64_t>::max());
    writer.arg(std::numeric_limits<std::uint64_t>::max());
    writer.arg(0);
    writer.arg(std::uint16_t{65535});
    writer.arg(-1L);
    EXPECT_EQ(out,
              "*6\r\n$20\r\n-9223372036854775808\r\n$19\r\n9223372036854775807\r\n"
              "$20\r\n18446744073709551615\r\n$1\r\n0\r\n$5\r\n65535\r\n$2\r\n-1\r\n");
}

TEST(resp_writer, takes_any_byte) {
    using namespace std::string_view_literals;
    std::string out;
    append_command(out, {"a\0b"sv, "\r\n$1\r\n"sv, "\xff\xfe"sv});
    EXPECT_EQ(out, "*3\r\n$3\r\na\0b\r\n$6\r\n\r\n$1\r\n\r\n$2\r\n\xff\xfe\r\n"sv);
}

RC_GTEST_PROP(resp_writer_property, is_read_back_by_the_parser,
              (const std::vector<std::string>& arguments)) {
    RC_PRE(!arguments.empty());
    std::string out;
    resp_writer writer{out};
    writer.begin(arguments.size());
    for (const std::string& argument : arguments) {
        writer.arg(argument);
    }
    resp_reader reader;
    reader.feed(out);
    RC_ASSERT(reader.next() == resp_reader::status::reply);
    const reply_view read = reader.current();
    RC_ASSERT(read.size() == arguments.size());
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        RC_ASSERT(read[i].text() == arguments[i]);
    }
    RC_ASSERT(reader.next() == resp_reader::status::need_more);
}

}  // namespace
}  // namespace redlock::redis::resp_writer_cases
