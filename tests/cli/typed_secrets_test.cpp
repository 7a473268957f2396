// Which words hold a login, and that messages repeat them without it and are not changed otherwise.
#include "cli/base/typed_secrets.hpp"

#include <gtest/gtest.h>

namespace redlock::cli {
namespace {

TEST(without_login, hides_what_stands_before_the_host) {
    EXPECT_EQ(without_login("redis://u:p@h:1/2"), "redis://***@h:1/2");
    EXPECT_EQ(without_login("redis://:p/w,@h"), "redis://***@h");
    EXPECT_EQ(without_login("redis://u:p w@h"), "redis://***@h");
    EXPECT_EQ(without_login("redis://a:b@c,rediss://d:e@f"), "redis://***@f");
    EXPECT_EQ(without_login("redis://:password"), "redis://***");
    EXPECT_EQ(without_login("user:p@h"), "***@h");
    EXPECT_EQ(without_login("user:p@w@h:1"), "***@h:1");
}

TEST(without_login, hides_the_query) {
    EXPECT_EQ(without_login("redis://u:p@h/1?sentinel_password=x, y"), "redis://***@h/1?***");
    EXPECT_EQ(without_login("redis://a?p=1,redis://b"), "redis://a?***");
    EXPECT_EQ(without_login("redis://h/0?password=x"), "redis://h/0?***");
}

TEST(without_login, hides_all_where_nobody_can_say_what_is_the_host) {
    EXPECT_EQ(without_login("redis://h:1?sentinel_password=a@b"), "redis://***");
    EXPECT_EQ(without_login("redis://a:what?@h?x z"), "redis://***");
    EXPECT_EQ(without_login("redis://u:p@h/0?password=a@b"), "redis://***");
}

TEST(without_login, leaves_alone_what_holds_none) {
    for (const std::string word : {"no url? none", "redis://h:1,redis://h:2", "user@mail",
                                   "user@host:12", "12:30", "", "@", ":", "://"}) {
        EXPECT_EQ(without_login(word), word);
    }
}

TEST(typed_secrets, are_hidden_where_a_message_repeats_them) {
    remember_typed({"status", "--config=u:p=w@h", "redis://u:p@h", "it's redis://:s\\x@h",
                    "orders:7@eu", "--redis://u:a=b@h", "redis://h?db=1", "-valkey://u:q@h",
                    "redis://h/0?Password=x"});
    EXPECT_EQ(without_typed_logins("cannot read u:p=w@h"), "cannot read ***@h");
    EXPECT_EQ(without_typed_logins("unknown option --redis://u:a"), "unknown option --redis://***");
    EXPECT_EQ(without_typed_urls("extra: redis://u:p@h, redis://u:p@h"),
              "extra: redis://***@h, redis://***@h");
    EXPECT_EQ(without_typed_urls("raw it's redis://:s\\x@h"), "raw it's redis://***@h");
    EXPECT_EQ(without_typed_urls("shown it's redis://:s\\\\x@h"), "shown it's redis://***@h");
    EXPECT_EQ(without_typed_urls("quoted 'it'\\''s redis://:s\\x@h'"), "quoted it's redis://***@h");
    EXPECT_EQ(without_typed_urls("unexpected arguments: -alkey://u:q@h"),
              "unexpected arguments: -alkey://***@h");
    EXPECT_EQ(without_typed_urls("there is no redis://h/0?Password=x"),
              "there is no redis://h/0?***");
    // What only looks like one, and what was not typed.
    EXPECT_EQ(without_typed_urls("orders:7@eu: held by web1"), "orders:7@eu: held by web1");
    EXPECT_EQ(without_typed_urls("node redis://h?db=1"), "node redis://h?db=1");
    EXPECT_EQ(without_typed_logins("expected redis://[user[:password]@]host[?db=n]"),
              "expected redis://[user[:password]@]host[?db=n]");
}

}  // namespace
}  // namespace redlock::cli
