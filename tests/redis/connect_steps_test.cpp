// The way to a connection, with each of its steps failing in turn.
#include "redis/connect/connect_steps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace redlock::redis::connect_steps_cases {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using action = connect_action::kind;
using event = connect_event::kind;

constexpr std::string_view ok = "+OK\r\n";
constexpr std::string_view info = "$28\r\nrun_id:me\r\nredis_version:7\r\n\r\n";

endpoint full_endpoint() {
    endpoint where;
    where.user = "alice";
    where.password = "hunter2";
    where.database = 3;
    return where;
}

struct driver {
    explicit driver(endpoint where, connect_steps::backoff pause = {100ms, 1s})
        : steps(std::move(where), pause) {}

    connect_action tell(event what) { return keep(steps.resume({.what = what})); }
    connect_action reply(std::string_view bytes, std::uint64_t random = 0) {
        reader.feed(bytes);
        EXPECT_EQ(reader.next(), resp_reader::status::reply);
        return keep(
            steps.resume({.what = event::reply, .reply = reader.current(), .random = random}));
    }
    connect_action fail(std::string_view message, std::uint64_t random = 0) {
        return keep(steps.resume({.what = event::failed,
                                  .cause = node_errc::connection_lost,
                                  .message = message,
                                  .random = random}));
    }
    connect_action hang_up() {
        return keep(steps.resume(
            {.what = event::hung_up, .cause = node_errc::not_connected, .message = "ended"}));
    }
    connect_action keep(connect_action done) {
        sent = done.bytes;
        return done;
    }

    connect_steps steps;
    resp_reader reader;
    std::string sent;
};

// Goes on until `stop` is the present step; returns the last action.
connect_action go_to(driver& each, connect_step stop) {
    connect_action last = each.tell(event::begin);
    for (int turn = 0; turn < 6 && each.steps.step() != stop; ++turn) {
        switch (each.steps.step()) {
            case connect_step::resolving:
                last = each.tell(event::resolved);
                break;
            case connect_step::connecting:
                last = each.tell(event::connected);
                break;
            case connect_step::identifying:
                last = each.reply(info);
                break;
            default:
                last = each.reply(ok);
                break;
        }
    }
    return last;
}

TEST(connect_steps, go_all_the_way) {
    driver each{full_endpoint()};
    EXPECT_EQ(each.tell(event::begin).what, action::resolve);
    EXPECT_EQ(each.tell(event::resolved).what, action::connect);
    EXPECT_EQ(each.tell(event::connected).what, action::send);
    EXPECT_EQ(each.sent, "*3\r\n$4\r\nAUTH\r\n$5\r\nalice\r\n$7\r\nhunter2\r\n");
    EXPECT_EQ(each.reply(ok).what, action::send);
    EXPECT_EQ(each.sent, "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n");
    EXPECT_EQ(each.reply(ok).what, action::send);
    EXPECT_EQ(each.sent, "*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n");
    EXPECT_FALSE(each.steps.step() == connect_step::ready);
    EXPECT_EQ(each.reply(info).what, action::ready);
    EXPECT_EQ(each.steps.identity().run_id, "me");
    EXPECT_EQ(each.steps.identity().redis_version, "7");
    EXPECT_FALSE(each.steps.cause());
}

TEST(connect_steps, greet_last_if_there_is_a_greeting) {
    driver each{full_endpoint()};
    each.steps = connect_steps{full_endpoint(), {.min = 1ms, .max = 2ms}, true};
    go_to(each, connect_step::identifying);
    EXPECT_EQ(each.sent, "*2\r\n$4\r\nINFO\r\n$3\r\nall\r\n");
    EXPECT_EQ(each.reply(info).what, action::greet);
    EXPECT_EQ(each.steps.step(), connect_step::greeting);
    EXPECT_TRUE(each.steps.awaits_reply());
    EXPECT_EQ(each.reply(ok).what, action::none) << "replies are not ours to judge here";
    EXPECT_EQ(each.tell(event::greeted).what, action::ready);
    EXPECT_EQ(each.tell(event::greeted).what, action::none);
}

TEST(connect_steps, fall_back_from_greeting_too) {
    driver each{full_endpoint()};
    each.steps = connect_steps{full_endpoint(), {.min = 1ms, .max = 2ms}, true};
    go_to(each, connect_step::greeting);
    ASSERT_EQ(each.steps.step(), connect_step::greeting);
    EXPECT_EQ(each.fail("broke").what, action::wait);
}

TEST(connect_steps, agree_on_tls_before_a_word_is_said) {
    endpoint where = full_endpoint();
    where.tls.emplace();
    driver each{where};
    go_to(each, connect_step::connecting);
    const connect_action next = each.tell(event::connected);
    EXPECT_EQ(next.what, action::secure);
    EXPECT_EQ(next.bytes, "");
    EXPECT_EQ(each.steps.step(), connect_step::securing);
    EXPECT_FALSE(each.steps.awaits_reply());
    EXPECT_EQ(each.reply(ok).what, action::none);
    EXPECT_EQ(each.tell(event::connected).what, action::none);
    EXPECT_EQ(each.tell(event::secured).what, action::send);
    EXPECT_THAT(each.sent, HasSubstr("AUTH"));
    EXPECT_EQ(each.tell(event::secured).what, action::none);
}

TEST(connect_steps, skip_tls_without_being_asked_for_it) {
    driver each{full_endpoint()};
    go_to(each, connect_step::connecting);
    EXPECT_EQ(each.tell(event::secured).what, action::none);
    EXPECT_EQ(each.tell(event::connected).what, action::send);
}

TEST(connect_steps, hint_at_tls_where_it_may_be_the_matter) {
    endpoint where = full_endpoint();
    driver plain{where};
    go_to(plain, connect_step::connecting);
    EXPECT_EQ(plain.steps.hint(), "");
    go_to(plain, connect_step::authenticating);
    EXPECT_THAT(std::string{plain.steps.hint()}, HasSubstr("rediss://"));
    where.tls.emplace();
    driver secure{where};
    go_to(secure, connect_step::connecting);
    EXPECT_EQ(secure.tell(event::connected).what, action::secure);
    EXPECT_THAT(std::string{secure.steps.hint()}, HasSubstr("redis://"));
    EXPECT_EQ(secure.tell(event::secured).what, action::send);
    EXPECT_EQ(secure.steps.hint(), "");
    where.tls.reset();
    driver heard{where};
    go_to(heard, connect_step::identifying);
    EXPECT_THAT(heard.steps.hint(), Not(HasSubstr("TLS"))) << "it has answered AUTH";
    where.transport = endpoint::transport_kind::unix_socket;
    driver local{where};
    go_to(local, connect_step::authenticating);
    EXPECT_EQ(local.steps.hint(), "");
}

constexpr std::string_view ping = "*1\r\n$4\r\nPING\r\n";

/// Through the steps before INFO, of which the first connection needs as many as the second.
void connect_plainly(driver& each) {
    EXPECT_EQ(each.tell(event::resolved).what, action::connect);
    EXPECT_EQ(each.tell(event::connected).what, action::send);
}

TEST(connect_steps, find_out_whether_somebody_refuses_info) {
    driver each{endpoint{}};
    EXPECT_EQ(each.tell(event::begin).what, action::resolve);
    connect_plainly(each);
    EXPECT_THAT(each.sent, HasSubstr("INFO"));
    const connect_action again = each.hang_up();
    EXPECT_EQ(again.what, action::resolve);
    EXPECT_TRUE(again.anew);
    connect_plainly(each);
    EXPECT_EQ(each.sent, ping);
    EXPECT_EQ(each.reply("-ERR any answer\r\n").what, action::send);
    EXPECT_THAT(each.sent, HasSubstr("INFO"));
    EXPECT_EQ(each.hang_up().what, action::wait);
    EXPECT_EQ(each.steps.cause(), node_errc::unknown_command);
    EXPECT_THAT(each.steps.message(), HasSubstr("does a proxy on the way refuse INFO?"));
    EXPECT_THAT(each.steps.message(), Not(HasSubstr("TLS")));

    EXPECT_EQ(each.tell(event::begin).what, action::resolve);
    connect_plainly(each);
    EXPECT_EQ(each.sent, ping) << "the doubt lasts until a connection is ready";
    EXPECT_EQ(each.reply("+PONG\r\n").what, action::send);
    EXPECT_EQ(each.reply(info).what, action::ready);
    EXPECT_EQ(each.tell(event::begin).what, action::resolve);
    connect_plainly(each);
    EXPECT_THAT(each.sent, HasSubstr("INFO"));
}

TEST(connect_steps, tell_nobody_there_from_somebody_who_refuses_info) {
    driver each{endpoint{}};
    EXPECT_EQ(each.tell(event::begin).what, action::resolve);
    for (const action wanted : {action::resolve, action::wait}) {
        connect_plainly(each);
        EXPECT_EQ(each.hang_up().what, wanted);
    }
    EXPECT_EQ(each.steps.cause(), node_errc::not_connected);
    EXPECT_EQ(each.steps.message(),
              "ended while identifying; does this port speak TLS? Then use rediss://. Or does a "
              "proxy on the way refuse PING and INFO, or reach no server?");
}

TEST(connect_steps, ask_nobody_twice_who_hangs_up_earlier) {
    for (const connect_step step : {connect_step::authenticating, connect_step::selecting}) {
        driver each{full_endpoint()};
        go_to(each, step);
        EXPECT_EQ(each.hang_up().what, action::wait);
        EXPECT_EQ(each.steps.cause(), node_errc::not_connected);
    }
}

TEST(connect_steps, leave_out_what_is_not_needed) {
    endpoint where;
    where.transport = endpoint::transport_kind::unix_socket;
    where.path = "/x";
    driver each{where};
    EXPECT_EQ(each.tell(event::begin).what, action::connect);
    EXPECT_EQ(each.tell(event::connected).what, action::send);
    EXPECT_THAT(each.sent, HasSubstr("INFO"));
}

TEST(connect_steps, log_the_default_user_in_by_password_alone) {
    endpoint where;
    where.password = "pw";
    driver each{where};
    go_to(each, connect_step::authenticating);
    EXPECT_EQ(each.sent, "*2\r\n$4\r\nAUTH\r\n$2\r\npw\r\n");
}

TEST(connect_steps, log_a_user_without_password_in) {
    endpoint where;
    where.user = "nopass";
    driver each{where};
    go_to(each, connect_step::authenticating);
    EXPECT_EQ(each.sent, "*3\r\n$4\r\nAUTH\r\n$6\r\nnopass\r\n$0\r\n\r\n");
}

TEST(connect_steps, wait_after_a_failure_of_any_step_and_begin_again) {
    for (const connect_step step :
         {connect_step::resolving, connect_step::connecting, connect_step::authenticating,
          connect_step::selecting, connect_step::identifying, connect_step::ready}) {
        driver each{full_endpoint()};
        go_to(each, step);
        const connect_action then = each.fail("broke");
        EXPECT_EQ(then.what, action::wait) << static_cast<int>(step);
        EXPECT_EQ(then.delay, 100ms);
        EXPECT_EQ(each.steps.cause(), node_errc::connection_lost);
        EXPECT_EQ(each.steps.message(), "broke");
        EXPECT_EQ(go_to(each, connect_step::ready).what, action::ready);
    }
}

TEST(connect_steps, name_the_servers_refusal_at_every_step) {
    struct refusal {
        connect_step step;
        std::string_view reply;
        node_errc cause;
    };
    for (const refusal& each : std::vector<refusal>{
             {connect_step::authenticating, "-WRONGPASS no\r\n", node_errc::authentication_failed},
             {connect_step::authenticating, "-ERR max number of clients reached\r\n",
              node_errc::error_reply},
             {connect_step::selecting, "-ERR DB index is out of range\r\n", node_errc::error_reply},
             {connect_step::selecting, "-NOPERM no\r\n", node_errc::permission_denied},
             {connect_step::identifying, "-NOAUTH no\r\n", node_errc::authentication_failed},
             {connect_step::identifying, "-LOADING no\r\n", node_errc::loading},
             {connect_step::identifying, "-DENIED protected mode\r\n", node_errc::protected_mode},
             {connect_step::identifying, "-ERR max number of clients reached\r\n",
              node_errc::error_reply},
             {connect_step::authenticating, ":1\r\n", node_errc::bad_reply},
             {connect_step::selecting, "*0\r\n", node_errc::bad_reply},
             {connect_step::identifying, "+OK\r\n", node_errc::bad_reply},
             {connect_step::identifying, "$-1\r\n", node_errc::bad_reply}}) {
        driver one{full_endpoint()};
        go_to(one, each.step);
        const std::string doing{one.steps.doing()};
        EXPECT_EQ(one.reply(each.reply).what, action::wait) << each.reply;
        EXPECT_EQ(one.steps.cause(), each.cause) << each.reply;
        if (each.reply.starts_with("-")) {
            EXPECT_THAT(one.steps.message(),
                        HasSubstr(each.reply.substr(1, each.reply.size() - 3)));
        }
        EXPECT_THAT(one.steps.message(), HasSubstr(doing));
    }
}

TEST(connect_steps, never_show_the_password) {
    driver each{full_endpoint()};
    go_to(each, connect_step::authenticating);
    EXPECT_EQ(each.reply("-ERR what is hunter2?\r\n").what, action::wait);
    EXPECT_THAT(each.steps.message(), Not(HasSubstr("hunter2")));
}

TEST(connect_steps, do_without_an_identity_where_info_is_forbidden) {
    for (const std::string_view reply :
         {"-NOPERM this user has no permissions to run the 'info' command\r\n",
          "-ERR unknown command 'INFO', with args beginning with: 'server'\r\n"}) {
        driver each{full_endpoint()};
        go_to(each, connect_step::identifying);
        EXPECT_EQ(each.reply(reply).what, action::ready);
        EXPECT_EQ(each.steps.identity().incarnation(), "");
        const bool forbidden = reply.starts_with("-NOPERM");
        EXPECT_EQ(each.steps.identity().refused,
                  forbidden ? node_errc::permission_denied : node_errc::unknown_command);
        EXPECT_THAT(each.steps.identity().refused_advice,
                    HasSubstr(forbidden ? "+info" : "info seems to be renamed"));
    }
}

TEST(connect_steps, forget_the_identity_of_the_last_connection) {
    driver each{full_endpoint()};
    go_to(each, connect_step::ready);
    each.fail("gone");
    go_to(each, connect_step::identifying);
    EXPECT_EQ(each.reply("-NOPERM no\r\n").what, action::ready);
    EXPECT_EQ(each.steps.identity().run_id, "");
}

TEST(connect_steps, begin_again_when_the_connection_turned_out_to_be_gone) {
    driver each{full_endpoint()};
    go_to(each, connect_step::ready);
    EXPECT_EQ(each.tell(event::begin).what, action::resolve);
    EXPECT_EQ(each.steps.identity(), server_identity{});
}

TEST(connect_steps, ignore_what_does_not_belong_to_the_step) {
    driver each{full_endpoint()};
    EXPECT_EQ(each.fail("early").what, action::none);
    EXPECT_EQ(each.tell(event::connected).what, action::none);
    EXPECT_EQ(each.tell(event::begin).what, action::resolve);
    EXPECT_EQ(each.tell(event::begin).what, action::none);
    EXPECT_EQ(each.reply(ok).what, action::none);
    each.fail("once");
    EXPECT_EQ(each.fail("twice").what, action::none);
    EXPECT_EQ(each.steps.message(), "once");
    EXPECT_EQ(each.tell(event::resolved).what, action::none);
}

TEST(connect_steps, wait_longer_after_each_failure_in_a_row_up_to_the_cap) {
    driver each{full_endpoint(), {100ms, 1s}};
    std::vector<std::chrono::nanoseconds> delays;
    for (int i = 0; i < 7; ++i) {
        each.tell(event::begin);
        delays.push_back(each.fail("no").delay);
    }
    EXPECT_THAT(delays, testing::ElementsAre(100ms, 200ms, 400ms, 800ms, 1s, 1s, 1s));
    go_to(each, connect_step::ready);
    EXPECT_EQ(each.fail("lost").delay, 1s) << "being ready is no success";
    go_to(each, connect_step::ready);
    each.steps.proved();
    EXPECT_EQ(each.fail("lost").delay, 100ms) << "a success starts anew";
    go_to(each, connect_step::ready);
    EXPECT_EQ(each.fail("lost").delay, 200ms) << "and counts once";
}

RC_GTEST_PROP(connect_steps_property, spread_the_wait_between_half_and_all,
              (std::uint64_t random)) {
    driver each{full_endpoint(), {100ms, 10s}};
    std::chrono::nanoseconds ceiling = 100ms;
    for (int i = 0; i < 20; ++i) {
        each.tell(event::begin);
        const auto delay = each.fail("no", random).delay;
        RC_ASSERT(delay <= ceiling);
        RC_ASSERT(delay >= ceiling / 2);
        ceiling = std::min<std::chrono::nanoseconds>(ceiling * 2, 10s);
    }
}

}  // namespace
}  // namespace redlock::redis::connect_steps_cases
