// What `redlock run` says, how often, and what follows for its exit status; beside a keeper who
// notices the same, and without one.
#include "cli/run/run_notices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/base/exit_status.hpp"

namespace redlock::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr int own = 3;

struct run_notices_test : testing::Test {
    std::vector<std::string> said;
    stop_claims keepers;
    run_notices notices{"a\nb", 90s, [this](const message& what) { said.emplace_back(what.text); }};
};

TEST_F(run_notices_test, are_nothing_as_long_as_nothing_happens) {
    EXPECT_FALSE(notices.is_lost());
    EXPECT_EQ(notices.status(own), own);
    EXPECT_THAT(said, IsEmpty());
}

TEST_F(run_notices_test, name_the_resource_in_printable_words) {
    notices.lost("node 0: no answer");
    EXPECT_THAT(said, ElementsAre("a\\x0ab: the lock is lost: node 0: no answer"));
}

TEST_F(run_notices_test, of_a_loss_are_said_once_and_decide_the_status) {
    notices.share_with(keepers);
    notices.lost("its lease could not be renewed in time");
    notices.lost("again");
    notices.lost_before_the_end();
    EXPECT_EQ(notices.status(own), exit_lost);
    notices.share_no_more();
    notices.gone_before_the_release();
    EXPECT_EQ(said.size(), 1U);
    EXPECT_TRUE(notices.is_lost());
}

TEST_F(run_notices_test, of_a_term_that_is_over_do_not_count_in_the_next) {
    notices.share_with(keepers);
    notices.lost("node 0: no answer");
    notices.overrun();
    notices.share_no_more();
    notices.runs_again(143, 1'500ms, 2s);
    EXPECT_EQ(said.back(),
              "a\\x0ab: the command ended with status 143 after 1.5s; campaigning again in 2.0s");
    notices.begin_anew();
    EXPECT_FALSE(notices.is_lost());
    EXPECT_EQ(notices.status(own), own);
    said.clear();
    notices.lost("node 0: no answer");
    EXPECT_EQ(said.size(), 1U);
}

TEST_F(run_notices_test, of_a_loss_are_left_to_the_keeper_who_noticed_it_first) {
    notices.share_with(keepers);
    ASSERT_TRUE(keepers.first(stop_cause::loss));
    notices.lost("too late");
    EXPECT_THAT(said, IsEmpty());
    EXPECT_TRUE(notices.is_lost());
    notices.share_no_more();
    notices.gone_before_the_release();
    EXPECT_THAT(said, IsEmpty());
    EXPECT_EQ(notices.status(own), exit_lost);
}

TEST_F(run_notices_test, tell_the_keeper_what_it_need_not_say) {
    notices.share_with(keepers);
    notices.lost("now");
    notices.overrun();
    EXPECT_FALSE(keepers.first(stop_cause::loss));
    EXPECT_FALSE(keepers.first(stop_cause::overrun));
}

TEST_F(run_notices_test, of_a_loss_that_turns_up_late_have_words_of_their_own) {
    notices.gone_before_the_release();
    EXPECT_THAT(said, ElementsAre(HasSubstr("was gone before it was released")));
    run_notices other{"c", {}, [this](const message& what) { said.emplace_back(what.text); }};
    other.lost_before_the_end();
    EXPECT_EQ(said.back(), "c: the lock was lost before the command ended");
}

TEST_F(run_notices_test, of_an_overrun_have_a_status_of_their_own_below_a_loss) {
    notices.share_with(keepers);
    notices.overrun();
    notices.overrun();
    EXPECT_THAT(said, ElementsAre(HasSubstr("the command runs for longer than 1m30s")));
    EXPECT_FALSE(notices.is_lost());
    notices.share_no_more();
    EXPECT_EQ(notices.status(own), exit_max_hold);
    notices.gone_before_the_release();
    EXPECT_EQ(notices.status(own), exit_lost);
}

TEST_F(run_notices_test, of_what_redlock_does_change_no_status) {
    notices.keeper_ended();
    notices.background_is_ended();
    notices.perhaps_not_released("node 0: no answer");
    EXPECT_THAT(said, ElementsAre(HasSubstr("keeper process has ended"),
                                  HasSubstr("what it left running is ended too"),
                                  HasSubstr("ends by itself: node 0: no answer")));
    EXPECT_EQ(notices.status(own), own);
}

TEST_F(run_notices_test, of_the_keeper_are_whole_lines) {
    const keeper_lines lines = notices.for_keeper();
    for (const std::string& each : {lines.lost, lines.overrun, lines.orphaned}) {
        EXPECT_THAT(each, StartsWith("redlock: a\\x0ab: "));
        EXPECT_EQ(each.find('\n'), each.size() - 1);
    }
    EXPECT_THAT(lines.overrun, HasSubstr("for longer than 1m30s, and everything that it started"));
    const std::string refused = lines.refused_before + "7 (sh)" + lines.refused_behind;
    EXPECT_THAT(refused, HasSubstr("process 7 (sh)"));
    EXPECT_EQ(refused.find('\n'), refused.size() - 1);
}

}  // namespace
}  // namespace redlock::cli
