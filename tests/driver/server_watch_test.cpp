// When two run ids behind one URL are two servers, and for how long that is held against it.
#include "driver/server_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redlock::driver {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr core::instant noon{12h};
constexpr auto memory = 31s;

redis::server_identity server(const std::string& run_id, std::optional<std::chrono::seconds> uptime,
                              bool promoted = false) {
    redis::server_identity who;
    who.run_id = run_id;
    who.role = "master";
    who.uptime = uptime;
    who.promoted = promoted;
    return who;
}

struct server_watch_test : testing::Test {
    server_watch watch{memory};
};

TEST_F(server_watch_test, knows_nothing_against_one_that_is_met_again_and_again) {
    for (const auto after : {0s, 10s, 20s}) {
        watch.met(server("a", 3600s + after), noon + after);
        EXPECT_FALSE(watch.several(noon + after));
    }
    EXPECT_EQ(watch.message(), "");
}

TEST_F(server_watch_test, tells_two_that_ran_at_the_same_time) {
    watch.met(server("a", 3600s), noon);
    watch.met(server("b", 3600s), noon + 10s);
    EXPECT_TRUE(watch.several(noon + 10s));
    EXPECT_THAT(watch.message(), HasSubstr("run_id a and b"));
}

// The uptime may be one second too many: of a server that started in the same second as the other
// was met last, nobody can say which was first.
TEST_F(server_watch_test, gives_a_restart_the_benefit_of_a_second) {
    watch.met(server("a", 3600s), noon);
    watch.met(server("b", 11s), noon + 10s);
    EXPECT_FALSE(watch.several(noon + 10s));
    server_watch other{memory};
    other.met(server("a", 3600s), noon);
    other.met(server("b", 12s), noon + 10s);
    EXPECT_TRUE(other.several(noon + 10s));
}

TEST_F(server_watch_test, compares_with_the_last_time_that_the_other_was_met) {
    watch.met(server("a", 3600s), noon);
    watch.met(server("a", 3660s), noon + 60s);
    watch.met(server("b", 30s), noon + 100s);
    EXPECT_FALSE(watch.several(noon + 100s)) << "it was started since";
    watch.met(server("a", 5000s), noon + 110s);
    EXPECT_TRUE(watch.several(noon + 110s)) << "and that one was running all along";
}

TEST_F(server_watch_test, accuses_neither_a_promoted_replica_nor_who_tells_too_little) {
    watch.met(server("master", 3600s), noon);
    watch.met(server("replica", 3600s, true), noon + 1s);
    EXPECT_FALSE(watch.several(noon + 1s)) << "it follows its master rightly";
    watch.met(server("silent", std::nullopt), noon + 2s);
    EXPECT_FALSE(watch.several(noon + 2s)) << "its uptime is not known";
    watch.met(server("", 3600s), noon + 3s);
    EXPECT_FALSE(watch.several(noon + 3s)) << "it may not say who it is";
    watch.met(server("another", 3600s), noon + 4s);
    EXPECT_TRUE(watch.several(noon + 4s)) << "compared with the last that did";
}

TEST_F(server_watch_test, holds_it_against_the_url_for_its_memory_from_the_last_sight_on) {
    EXPECT_FALSE(watch.several(core::instant::min()));
    watch.met_both("a", "b", noon);
    EXPECT_TRUE(watch.several(noon + memory - 1ns));
    EXPECT_FALSE(watch.several(noon + memory));
    watch.met_both("a", "c", noon + 20s);
    EXPECT_TRUE(watch.several(noon + 20s + memory - 1ns));
    EXPECT_THAT(watch.message(), HasSubstr("run_id a and c"));
}

}  // namespace
}  // namespace redlock::driver
