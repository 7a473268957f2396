// Redis URLs: every form, every malformed part, and no secret in any message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>
#include <string>
#include <utility>
#include <vector>

namespace redlock {
namespace {

using testing::HasSubstr;
using testing::Not;
using kind = endpoint::transport_kind;

std::string complaint(std::string_view url) {
    const auto read = parse_endpoint(url);
    return read ? "accepted" : read.error().message;
}

TEST(endpoint, is_a_host_alone) {
    const endpoint read = parse_endpoint("redis://example.org").value();
    EXPECT_EQ(read.transport, kind::tcp);
    EXPECT_EQ(read.host, "example.org");
    EXPECT_EQ(read.port, 6379);
    EXPECT_EQ(read.user, "");
    EXPECT_EQ(read.password, "");
    EXPECT_EQ(read.database, 0U);
}

TEST(endpoint, has_all_parts) {
    const endpoint read = parse_endpoint("redis://alice:s3cret@10.0.0.3:6380/7").value();
    EXPECT_EQ(read.host, "10.0.0.3");
    EXPECT_EQ(read.port, 6380);
    EXPECT_EQ(read.user, "alice");
    EXPECT_EQ(read.password, "s3cret");
    EXPECT_EQ(read.database, 7U);
    EXPECT_EQ(read.to_string(), "redis://10.0.0.3:6380/7");
}

TEST(endpoint, takes_a_password_for_the_default_user) {
    const endpoint read = parse_endpoint("redis://:pw@h").value();
    EXPECT_EQ(read.user, "");
    EXPECT_EQ(read.password, "pw");
}

TEST(endpoint, takes_a_user_alone) {
    const endpoint read = parse_endpoint("redis://bob@h").value();
    EXPECT_EQ(read.user, "bob");
    EXPECT_EQ(read.password, "");
}

TEST(endpoint, decodes_percents) {
    const endpoint read = parse_endpoint("redis://a%40b:p%2Fw%3A%00%25@h/%31").value();
    EXPECT_EQ(read.user, "a@b");
    EXPECT_EQ(read.password, (std::string{"p/w:\0%", 6}));
    EXPECT_EQ(read.database, 1U);
}

TEST(endpoint, takes_colons_in_a_password) {
    EXPECT_EQ(parse_endpoint("redis://:a:b@h").value().password, "a:b");
}

TEST(endpoint, takes_addresses_of_version_6) {
    const endpoint read = parse_endpoint("redis://[2001:db8::1]:7000/2").value();
    EXPECT_EQ(read.host, "2001:db8::1");
    EXPECT_EQ(read.port, 7000);
    EXPECT_EQ(read.to_string(), "redis://[2001:db8::1]:7000/2");
    EXPECT_EQ(parse_endpoint("redis://[::1]").value().host, "::1");
}

TEST(endpoint, takes_any_case_of_the_scheme_and_an_empty_path) {
    EXPECT_EQ(parse_endpoint("REDIS://h/").value().host, "h");
    EXPECT_EQ(parse_endpoint("redis://h:/").value().port, 6379);
    EXPECT_EQ(parse_endpoint("Unix:///s").value().path, "/s");
}

TEST(endpoint, is_a_unix_socket) {
    const endpoint read = parse_endpoint("unix:///run/redis/a%20b.sock?db=4").value();
    EXPECT_EQ(read.transport, kind::unix_socket);
    EXPECT_EQ(read.path, "/run/redis/a b.sock");
    EXPECT_EQ(read.database, 4U);
    EXPECT_EQ(read.to_string(), "unix:///run/redis/a%20b.sock");
}

TEST(endpoint, is_a_unix_socket_with_a_login) {
    const endpoint read = parse_endpoint("unix://alice:pw@/s").value();
    EXPECT_EQ(read.user, "alice");
    EXPECT_EQ(read.password, "pw");
    EXPECT_EQ(read.path, "/s");
    EXPECT_EQ(parse_endpoint("unix://:pw@/s").value().password, "pw");
}

TEST(endpoint, is_a_unix_socket_of_the_abstract_name_space) {
    const endpoint read = parse_endpoint("unix:@redis?db=1").value();
    EXPECT_EQ(read.path, "@redis");
    EXPECT_EQ(read.database, 1U);
    EXPECT_EQ(read.to_string(), "unix:@redis");
}

TEST(endpoint, names_the_part_at_fault) {
    const std::vector<std::pair<std::string, std::string>> faults{
        {"", "scheme"},
        {"localhost", "scheme"},
        {"localhost:6379", "scheme"},
        {"http://h", "scheme"},
        {"redis:h", "scheme must be followed"},
        {"redis:/h", "scheme must be followed"},
        {"unix:/s", "scheme must be followed"},
        {"rediss://h", "TLS"},
        {"redis+sentinel://h/m", "Sentinel"},
        {"rediss+sentinel://h/m", "Sentinel"},
        {"redis://", "host is missing"},
        {"redis://:6379", "host is missing"},
        {"redis:///1", "host is missing"},
        {"redis://u:p@", "host is missing"},
        {"redis://h h", "host"},
        {"redis://[::1", "host"},
        {"redis://::1", "host"},
        {"redis://[v1.x]", "host"},
        {"redis://a%00b", "host"},
        {"redis://a%3Ab", "host"},
        {"redis://%3A%3A1", "host"},
        {"redis://h%zz", "host"},
        {"redis://h:port", "port"},
        {"redis://h:0", "port"},
        {"redis://h:65536", "port"},
        {"redis://h:99999", "port"},
        {"redis://h:99999999999999999999", "port"},
        {"redis://h:-1", "port"},
        {"redis://[::1]:x", "port"},
        {"redis://h/x", "database"},
        {"redis://h/1/", "database"},
        {"redis://h/1/2", "database"},
        {"redis://h/-1", "database"},
        {"redis://h/99999999999", "database"},
        {"redis://h/3000000000", "database"},
        {"redis://h/ 1", "path"},
        {"redis://h?db=1", "query"},
        {"redis://h?x=%zz", "query"},
        {"redis://h:26379/4?master=leader", "query"},
        {"redis://h#x", "fragment"},
        {"redis://a b:c@h", "user or the password"},
        {"redis://a:b@c@h", "user or the password"},
        {"redis://a:%4@h", "user or the password"},
        {"unix://", "path"},
        {"unix:///", "path"},
        {"unix:@", "path"},
        {"unix:///a%00b", "NUL"},
        {"unix://host/s", "host"},
        {"unix:///s?db=x", "database"},
        {"unix:///s?db=", "database"},
        {"unix:///s?db=1&db=2", "twice"},
        {"unix:///s?name=1", "query"},
        {"unix:///" + std::string(108, 'x'), "too long"},
    };
    for (const auto& [url, part] : faults) {
        EXPECT_THAT(complaint(url), HasSubstr(part)) << url;
        EXPECT_THAT(complaint(url), Not(HasSubstr("accepted"))) << url;
    }
}

TEST(endpoint, shows_no_secret_in_any_complaint) {
    const std::string secret = "TopSecret";
    for (const std::string url :
         {"redis://u:TopSecret@", "redis://u:TopSecret@h:x", "redis://u:Top Secret@h",
          "redis://u:pw/TopSecret@h", "redis://u:1/TopSecret@h", "redis://u:1?TopSecret=1@h",
          "redis://u:1#TopSecret@h", "redis://u:TopSecret@@h", "redis://TopSecret@h/x",
          "rediss://u:TopSecret@h", "TopSecret://u@h", "redis:TopSecret@h", "u:TopSecret@h",
          "unix://u:TopSecret@h/s", "unix://u:TopSecret@/s?db=x", "redis://u:[TopSecret@h"}) {
        const std::string said = complaint(url);
        EXPECT_THAT(said, Not(HasSubstr("accepted"))) << url;
        EXPECT_THAT(said, Not(HasSubstr("Secret"))) << url;
        EXPECT_THAT(said, Not(HasSubstr("topsecret"))) << url;
    }
}

TEST(endpoint, shows_no_secret_when_printed) {
    for (const std::string_view url :
         {"redis://alice:TopSecret@h/1", "unix://alice:TopSecret@/s"}) {
        const std::string shown = parse_endpoint(url).value().to_string();
        EXPECT_THAT(shown, Not(HasSubstr("TopSecret")));
        EXPECT_THAT(shown, Not(HasSubstr("alice")));
    }
}

TEST(endpoint, throws_a_lock_error_when_an_error_is_taken_for_a_value) {
    try {
        static_cast<void>(parse_endpoint("redis://h:x").value());
        FAIL() << "nothing was thrown";
    } catch (const lock_error& error) {
        EXPECT_EQ(error.code(), errc::invalid_argument);
        EXPECT_THAT(error.details().message, HasSubstr("port"));
    }
}

RC_GTEST_PROP(endpoint_property, never_crashes_and_never_echoes, (const std::string& text)) {
    for (const std::string prefix : {"redis://", "unix:///", "redis://u:", ""}) {
        const auto read = parse_endpoint(prefix + text);
        if (read) {
            static_cast<void>(read->to_string());
        } else {
            RC_ASSERT(!read.error().message.empty());
        }
    }
}

RC_GTEST_PROP(endpoint_property, is_read_back_from_its_own_text, ()) {
    endpoint first;
    first.host =
        *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange<char>('a', 'z')));
    first.port = *rc::gen::inRange<std::uint16_t>(1, 65535);
    first.database = *rc::gen::inRange(0U, 100U);
    RC_ASSERT(parse_endpoint(first.to_string()).value() == first);
}

}  // namespace
}  // namespace redlock
