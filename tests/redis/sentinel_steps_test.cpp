// The way to a master that Sentinels name: over those that are no help, to a server that must say
// itself that it is one. No I/O.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "redis/connect/connect_steps.hpp"
#include "redis/sentinel/master_search.hpp"

namespace redlock::redis::sentinel_steps_cases {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using action = connect_action::kind;
using event = connect_event::kind;

constexpr std::string_view ok = "+OK\r\n";
constexpr std::string_view named = "*2\r\n$2\r\nm1\r\n$4\r\n7001\r\n";
constexpr std::string_view master = "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n";
constexpr std::string_view replica =
    "*5\r\n$5\r\nslave\r\n$1\r\nh\r\n:1\r\n$9\r\nconnected\r\n:0\r\n";
constexpr std::string_view info = "$28\r\nrun_id:me\r\nredis_version:7\r\n\r\n";
constexpr std::string_view noperm = "-NOPERM this user has no permissions\r\n";

endpoint watched() {
    endpoint where;
    where.user = "worker";
    where.password = "s3cret";
    where.database = 2;
    where.sentinel.emplace();
    where.sentinel->addresses = {{"s1", 26379}, {"::1", 26380}};
    where.sentinel->master = "mymaster";
    where.sentinel->password = "hunter2";
    return where;
}

connect_steps way_to_master(const endpoint& where = watched()) {
    return {where, {.min = 100ms, .max = 1s}, false, std::make_shared<master_search>(where)};
}

struct sentinel_steps : testing::Test {
    connect_action tell(event what) { return keep(steps.resume({.what = what})); }
    connect_action reply(std::string_view bytes) {
        reader.feed(bytes);
        EXPECT_EQ(reader.next(), resp_reader::status::reply);
        return keep(steps.resume({.what = event::reply, .reply = reader.current()}));
    }
    connect_action fail(std::string_view message) {
        return keep(steps.resume(
            {.what = event::failed, .cause = node_errc::not_connected, .message = message}));
    }
    connect_action keep(connect_action done) {
        sent = done.bytes;
        return done;
    }
    // From the beginning of a way to the first command there.
    connect_action arrive() {
        tell(event::resolved);
        return tell(event::connected);
    }
    void find_master() {
        tell(event::begin);
        arrive();
        reply(ok);
        reply(named);
    }
    void log_in_there() {
        find_master();
        arrive();
        reply(ok);
        reply(ok);
    }

    connect_steps steps = way_to_master();
    resp_reader reader;
    std::string sent;
};

TEST_F(sentinel_steps, ask_a_sentinel_then_go_where_it_says) {
    connect_action next = tell(event::begin);
    EXPECT_EQ(next.what, action::resolve);
    EXPECT_TRUE(next.anew);
    EXPECT_TRUE(steps.is_discovering());
    EXPECT_EQ(steps.target().host, "s1");
    EXPECT_EQ(steps.target().port, 26379);
    EXPECT_EQ(arrive().what, action::send);
    EXPECT_EQ(sent, "*2\r\n$4\r\nAUTH\r\n$7\r\nhunter2\r\n");
    EXPECT_EQ(reply(ok).what, action::send);
    EXPECT_THAT(sent, HasSubstr("GET-MASTER-ADDR-BY-NAME\r\n$8\r\nmymaster\r\n"));
    EXPECT_EQ(steps.doing(), "asking a Sentinel");
    next = reply(named);
    EXPECT_EQ(next.what, action::resolve);
    EXPECT_TRUE(next.anew);
    EXPECT_FALSE(steps.is_discovering());
    EXPECT_EQ(steps.target().host, "m1");
    EXPECT_EQ(steps.target().port, 7001);
    EXPECT_EQ(arrive().what, action::send);
    EXPECT_EQ(sent, "*3\r\n$4\r\nAUTH\r\n$6\r\nworker\r\n$6\r\ns3cret\r\n");
    reply(ok);
    EXPECT_THAT(sent, HasSubstr("SELECT"));
    reply(ok);
    EXPECT_THAT(sent, HasSubstr("ROLE"));
    reply(master);
    EXPECT_THAT(sent, HasSubstr("INFO"));
    EXPECT_EQ(reply(info).what, action::ready);
}

TEST_F(sentinel_steps, ask_the_next_at_once_whatever_is_wrong_with_one) {
    for (const std::string_view wrong :
         {"-WRONGPASS no\r\n", "*-1\r\n", "+what\r\n", "-IDONTKNOW\r\n"}) {
        steps = way_to_master();
        tell(event::begin);
        arrive();
        if (!wrong.starts_with("-WRONG")) {
            reply(ok);
        }
        const connect_action next = reply(wrong);
        EXPECT_EQ(next.what, action::resolve) << wrong;
        EXPECT_TRUE(next.anew);
        EXPECT_EQ(steps.target().host, "::1");
    }
}

TEST_F(sentinel_steps, ask_the_next_at_once_when_one_breaks_at_any_step) {
    for (int steps_done = 0; steps_done < 4; ++steps_done) {
        steps = way_to_master();
        tell(event::begin);
        steps_done > 0 ? tell(event::resolved) : connect_action{};
        steps_done > 1 ? tell(event::connected) : connect_action{};
        steps_done > 2 ? reply(ok) : connect_action{};
        EXPECT_EQ(fail("no answer").what, action::resolve);
        EXPECT_EQ(steps.target().host, "::1");
        arrive();
        reply(ok);
        reply(named);
        EXPECT_EQ(steps.target().host, "m1");
        fail("refused");
        tell(event::begin);
        EXPECT_EQ(steps.target().host, "s1") << "the other one misled";
    }
}

TEST_F(sentinel_steps, name_each_sentinel_when_all_are_no_help) {
    tell(event::begin);
    fail("Connection refused while connecting");
    arrive();
    const connect_action last = reply("-WRONGPASS is it hunter2?\r\n");
    EXPECT_EQ(last.what, action::wait);
    EXPECT_EQ(last.delay, 100ms);
    EXPECT_EQ(steps.cause(), node_errc::authentication_failed);
    EXPECT_EQ(steps.message(),
              "no Sentinel says where the master \"mymaster\" is: s1:26379: Connection refused "
              "while connecting; [::1]:26380: WRONGPASS is it ***? while logging in");
    EXPECT_EQ(tell(event::begin).what, action::resolve);
}

TEST_F(sentinel_steps, begin_with_the_sentinel_that_answered_last) {
    tell(event::begin);
    fail("refused");
    arrive();
    reply(ok);
    reply(named);
    arrive();
    reply(ok);
    reply(ok);
    reply(master);
    ASSERT_EQ(reply(info).what, action::ready);
    EXPECT_EQ(fail("broke").what, action::wait);
    EXPECT_EQ(steps.message(), "master m1:7001: broke");
    tell(event::begin);
    EXPECT_EQ(steps.target().host, "::1");
}

TEST_F(sentinel_steps, do_not_take_a_replica_for_the_master) {
    log_in_there();
    const connect_action refused = reply(replica);
    EXPECT_EQ(refused.what, action::wait);
    EXPECT_EQ(steps.cause(), node_errc::read_only);
    EXPECT_EQ(steps.message(),
              "the Sentinels name m1:7001, which is a replica: a failover is under way?");
    log_in_there();
    EXPECT_EQ(reply("*2\r\n$8\r\nsentinel\r\n*0\r\n").what, action::wait);
    EXPECT_THAT(steps.message(), HasSubstr("which is a sentinel"));
    log_in_there();
    EXPECT_EQ(reply("+master\r\n").what, action::wait) << "that is not what ROLE answers";
    EXPECT_EQ(steps.cause(), node_errc::bad_reply);
    log_in_there();
    EXPECT_EQ(reply("-LOADING no\r\n").what, action::wait);
    EXPECT_EQ(steps.cause(), node_errc::loading);
}

TEST_F(sentinel_steps, learn_the_role_from_info_where_role_is_forbidden) {
    log_in_there();
    reply(noperm);
    EXPECT_EQ(sent, "*2\r\n$4\r\nINFO\r\n$3\r\nall\r\n");
    EXPECT_EQ(reply("$15\r\nrole:master\r\na:\r\n").what, action::ready);
    fail("broke");
    log_in_there();
    reply("-ERR unknown command 'ROLE'\r\n");
    EXPECT_EQ(reply("$10\r\nrole:slave\r\n").what, action::wait);
    EXPECT_EQ(steps.cause(), node_errc::read_only);
    EXPECT_THAT(steps.message(), HasSubstr("m1:7001, which is a replica"));
    log_in_there();
    reply(noperm);
    EXPECT_EQ(reply(noperm).what, action::wait);
    EXPECT_EQ(steps.cause(), node_errc::permission_denied);
    EXPECT_THAT(steps.message(), HasSubstr("+role"));
    log_in_there();
    reply("-ERR unknown command 'ROLE'\r\n");
    EXPECT_EQ(reply("-ERR unknown command 'INFO'\r\n").what, action::wait);
    EXPECT_EQ(steps.cause(), node_errc::unknown_command);
    EXPECT_THAT(steps.message(), HasSubstr("role seems to be renamed"));
}

TEST_F(sentinel_steps, hint_at_the_scheme_or_the_parameter_where_tls_may_be_the_matter) {
    tell(event::begin);
    arrive();
    EXPECT_EQ(steps.hint(), "; does this port speak TLS? Then use rediss+sentinel://");
    reply(ok);
    reply(named);
    arrive();
    EXPECT_EQ(steps.hint(), "; does this port speak TLS? Then use rediss+sentinel://");
    endpoint where = watched();
    where.tls.emplace();
    steps = way_to_master(where);
    tell(event::begin);
    arrive();
    EXPECT_EQ(steps.hint(), "; does this port speak TLS? Drop sentinel_tls=no");
    reply(ok);
    reply(named);
    EXPECT_EQ(arrive().what, action::secure);
    EXPECT_EQ(steps.hint(), "; does this port speak TLS? If not, use redis+sentinel://");
    where.sentinel->tls = true;
    steps = way_to_master(where);
    tell(event::begin);
    EXPECT_EQ(arrive().what, action::secure);
    EXPECT_EQ(steps.hint(), "; does this port speak TLS? If not, set sentinel_tls=no");
}

TEST_F(sentinel_steps, mask_the_password_of_whom_they_talk_to) {
    find_master();
    arrive();
    reply("-ERR s3cret is wrong\r\n");
    EXPECT_THAT(steps.message(), Not(HasSubstr("s3cret")));
    EXPECT_THAT(steps.message(), HasSubstr("master m1:7001: ERR *** is wrong while logging in"));
}

}  // namespace
}  // namespace redlock::redis::sentinel_steps_cases
