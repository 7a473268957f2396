// Redis URLs: every form, every malformed part, and no secret in any message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <fstream>
#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/redis_server.hpp"

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
    // Boost.URL 1.81 knows no interfaces.
    if (const auto local = parse_endpoint("redis://[fe80::1%25eth0]:1"); local) {
        EXPECT_EQ(local->host, "fe80::1%eth0") << "as getaddrinfo wants it";
        EXPECT_EQ(local->to_string(), "redis://[fe80::1%25eth0]:1");
        EXPECT_EQ(parse_endpoint("redis://[fe80::1%25a%3a%24]:1")->to_string(),
                  "redis://[fe80::1%25a%3A%24]:1");
    }
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

TEST(endpoint, speaks_tls) {
    const endpoint plain = parse_endpoint("redis://h").value();
    EXPECT_FALSE(plain.tls);

    const endpoint usual = parse_endpoint("rediss://h:7000/2").value();
    EXPECT_EQ(usual.tls, tls_options{});
    EXPECT_TRUE(usual.tls->verify);
    EXPECT_EQ(usual.to_string(), "rediss://h:7000/2");

    const endpoint all = parse_endpoint(
                             "rediss://h?ca=/etc/ca.pem&cert=c.pem&key=k%20.pem&server_name=redis."
                             "internal&verify=full")
                             .value();
    EXPECT_EQ(all.tls, (tls_options{.ca = "/etc/ca.pem",
                                    .certificate = "c.pem",
                                    .key = "k .pem",
                                    .server_name = "redis.internal",
                                    .verify = true}));
    EXPECT_FALSE(parse_endpoint("rediss://h?verify=none").value().tls->verify);
    EXPECT_FALSE(parse_endpoint("rediss://h?ssl_cert_reqs=CERT_NONE").value().tls->verify);
    EXPECT_TRUE(parse_endpoint("rediss://h?ssl_cert_reqs=CERT_REQUIRED").value().tls->verify);
}

TEST(endpoint, is_found_through_sentinels) {
    const endpoint read =
        parse_endpoint(
            "redis+sentinel://alice:pw@s1,[::1]:5000,s3:1/my%2Fmaster/3?sentinel_user=watcher&"
            "sentinel_password=w%26tch")
            .value();
    ASSERT_TRUE(read.sentinel);
    EXPECT_EQ(read.sentinel->addresses,
              (std::vector<server_address>{{"s1", 26379}, {"::1", 5000}, {"s3", 1}}));
    EXPECT_EQ(read.sentinel->master, "my/master");
    EXPECT_EQ(read.sentinel->user, "watcher");
    EXPECT_EQ(read.sentinel->password, "w&tch");
    EXPECT_FALSE(read.sentinel->tls);
    EXPECT_FALSE(read.tls);
    EXPECT_EQ(read.user, "alice");
    EXPECT_EQ(read.password, "pw");
    EXPECT_EQ(read.database, 3U);
    EXPECT_EQ(read.to_string(), "redis+sentinel://s1:26379,[::1]:5000,s3:1/my%2Fmaster/3");
}

TEST(endpoint, is_found_through_sentinels_over_tls_or_not) {
    const endpoint both = parse_endpoint("rediss+sentinel://s/m?ca=/ca").value();
    EXPECT_TRUE(both.sentinel->tls);
    EXPECT_EQ(both.tls->ca, "/ca");
    EXPECT_EQ(both.to_string(), "rediss+sentinel://s:26379/m");
    const endpoint one = parse_endpoint("rediss+sentinel://s/m?sentinel_tls=no").value();
    EXPECT_FALSE(one.sentinel->tls);
    EXPECT_TRUE(one.tls);
}

TEST(endpoint, takes_the_sentinel_urls_of_aioredlock) {
    const endpoint read =
        parse_endpoint("redis://localhost:26379/4?master=leader&encoding=utf-8").value();
    EXPECT_EQ(read, parse_endpoint("redis+sentinel://localhost/leader/4").value());
    const endpoint safe = parse_endpoint(
                              "rediss://:password@localhost:26379/5?master=leader&encoding=utf-8&"
                              "ssl_cert_reqs=CERT_NONE")
                              .value();
    EXPECT_EQ(safe.password, "password");
    EXPECT_TRUE(safe.sentinel->tls);
    EXPECT_FALSE(safe.tls->verify);
}

TEST(endpoint, is_a_cluster) {
    const endpoint read = parse_endpoint("rediss+cluster://u:p@a,b:7001/0?durable=yes").value();
    EXPECT_EQ(read.cluster, (std::vector<server_address>{{"a", 6379}, {"b", 7001}}));
    EXPECT_TRUE(read.tls);
    EXPECT_TRUE(read.durable);
    EXPECT_EQ(read.user, "u");
    EXPECT_EQ(read.to_string(), "rediss+cluster://a:6379,b:7001");
    EXPECT_FALSE(parse_endpoint("redis+cluster://a").value().tls);
}

TEST(endpoint, reads_passwords_from_files) {
    const std::string folder = support::make_temporary_folder("redlock-url");
    const std::string path = folder + "/pw";
    const auto with = [&](std::string_view text) {
        std::ofstream{path, std::ios::binary} << text;
        return parse_endpoint("redis://alice@h?password_file=" + path);
    };
    EXPECT_EQ(with("s3cret\n").value().password, "s3cret");
    EXPECT_EQ(with("s3cret\r\n").value().password, "s3cret");
    EXPECT_EQ(with(" two\nlines\n\n").value().password, " two\nlines\n");
    EXPECT_EQ(with("a:b@c/d?").value().password, "a:b@c/d?");
    EXPECT_THAT(with("\n").error().message, HasSubstr("without a password"));
    EXPECT_THAT(with(std::string(70'000, 'x')).error().message, HasSubstr("too large"));
    with("watch");
    const endpoint sentinel =
        parse_endpoint("redis+sentinel://s/m?sentinel_password_file=" + path).value();
    EXPECT_EQ(sentinel.sentinel->password, "watch");
    EXPECT_EQ(sentinel.password, "");
    std::filesystem::remove_all(folder);
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
        {"redis://a,b", "list of hosts"},
        {"redis://a%2Cb", "list of hosts"},
        {"redis://a:1,b:2/3", "list of hosts"},
        {"unix://a,b/s", "list of hosts"},
        {"redis+sentinel://h", "name of the master"},
        {"redis+sentinel://h/", "name of the master"},
        {"redis+sentinel://h/?master=m", "behind the hosts"},
        {"redis+sentinel://h/m%00", "name of the master"},
        {"redis+sentinel://h/m/x", "database"},
        {"redis+sentinel://h/m/1/2", "more than"},
        {"redis+sentinel:///m", "host is missing"},
        {"redis+sentinel://a,/m", "host is missing"},
        {"redis+sentinel://,a/m", "host is missing"},
        {"redis+sentinel://a,b:x/m", "port"},
        {"redis+sentinel://a,b:0/m", "port"},
        {"redis+sentinel://a:1:2,b/m", "host"},
        {"redis+sentinel://a,::1/m", "brackets"},
        {"redis+sentinel://a,b c/m", "host"},
        {"redis+sentinel://h/m?sentinel_tls=yes", "rediss+sentinel"},
        {"redis+sentinel://h/m?sentinel_tls=1", "yes nor no"},
        {"redis+sentinel://h/m?sentinel_user=", "sentinel_user in the query is empty"},
        {"redis+sentinel://h/m?sentinel_password=a&sentinel_password_file=/dev/null",
         "a second time"},
        {"redis://h?master=", "master in the query is empty"},
        {"redis://h?master=a&master=b", "master twice"},
        {"unix:///s?master=m", "master in the query is for Sentinels"},
        {"redis://h?sentinel_user=a", "for Sentinels"},
        {"redis+cluster://h/1", "no database but 0"},
        {"redis+cluster://h?master=m", "for Sentinels"},
        {"redis+cluster://", "host is missing"},
        {"redis://h?ca=/f", "ca in the query is for TLS"},
        {"unix:///s?verify=none", "for TLS"},
        {"rediss://h?verify=no", "full nor none"},
        {"rediss://h?verify=none&verify=none", "verify twice"},
        {"rediss://h?ca=", "ca in the query is empty"},
        {"rediss://h?ca=%00", "holds a NUL"},
        {"rediss://h?ssl_cert_reqs=CERT_OPTIONAL", "CERT_REQUIRED"},
        {"redis://h?password_file=/nowhere/at/all", "No such file"},
        {"redis://h?password_file=/dev/null", "not a regular file"},
        {"redis://h?password_file=/", "not a regular file"},
        {"redis://:x@h?password_file=/etc/passwd", "a second time"},
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
         {"redis://u:TopSecret@",
          "redis://u:TopSecret@h:x",
          "redis://u:Top Secret@h",
          "redis://u:pw/TopSecret@h",
          "redis://u:1/TopSecret@h",
          "redis://u:1?TopSecret=1@h",
          "redis://u:1#TopSecret@h",
          "redis://u:TopSecret@@h",
          "redis://TopSecret@h/x",
          "TopSecret://u@h",
          "redis:TopSecret@h",
          "u:TopSecret@h",
          "unix://u:TopSecret@h/s",
          "unix://u:TopSecret@/s?db=x",
          "redis://u:[TopSecret@h",
          "rediss://u:TopSecret@h?verify=x",
          "redis+sentinel://u:TopSecret@a,TopSecret:x/m",
          "redis+sentinel://u:TopSecret@a",
          "redis+sentinel://u:Top,Secret@a",
          "redis+sentinel://a/m?sentinel_password=TopSecret&x=1",
          "redis+sentinel://a/m?sentinel_password=TopSecret&sentinel_password=TopSecret",
          "redis+cluster://u:TopSecret@a/1",
          "redis://h?password_file=/TopSecret",
          "redis://h?TopSecret",
          "redis://TopSecret,TopSecret"}) {
        const std::string said = complaint(url);
        EXPECT_THAT(said, Not(HasSubstr("accepted"))) << url;
        EXPECT_THAT(said, Not(HasSubstr("Secret"))) << url;
        EXPECT_THAT(said, Not(HasSubstr("topsecret"))) << url;
    }
}

TEST(endpoint, shows_no_secret_when_printed) {
    for (const std::string_view url :
         {"redis://alice:TopSecret@h/1", "unix://alice:TopSecret@/s",
          "rediss+cluster://alice:TopSecret@h", "rediss://alice:TopSecret@h?key=TopSecret",
          "redis+sentinel://alice:TopSecret@h/m?sentinel_user=alice&sentinel_password=TopSecret"}) {
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
