// The end of a turn of the event loop, and the strand that a turn enters: which completions run at
// once, which are posted, and in which order.
#include "base/turn_end.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/strand.hpp"

namespace redlock::base::turn_end_cases {
namespace {

namespace asio = boost::asio;

class turn_ends : public testing::Test {
  protected:
    [[nodiscard]] auto note(char what) {
        return [this, what] { order_ += what; };
    }
    void due(char what) { turn_end::run_or_post(loop_.get_executor(), note(what)); }
    std::string run() {
        loop_.restart();
        loop_.run();
        return order_;
    }

    asio::io_context loop_;
    std::string order_;
};

TEST_F(turn_ends, without_a_turn_everything_is_posted) {
    due('a');
    EXPECT_EQ(order_, "");
    EXPECT_EQ(run(), "a");
}

TEST_F(turn_ends, one_completion_runs_last_in_its_turn_before_what_is_queued) {
    asio::post(loop_, note('q'));
    {
        turn_end turn{loop_.get_executor()};
        due('a');
        order_ += '.';
        turn.run();
    }
    EXPECT_EQ(order_, ".a");
    EXPECT_EQ(run(), ".aq");
}

TEST_F(turn_ends, several_completions_are_posted_in_their_order) {
    turn_end turn{loop_.get_executor()};
    due('a');
    due('b');
    due('c');
    turn.run();
    EXPECT_EQ(order_, "");
    EXPECT_EQ(run(), "abc");
}

TEST_F(turn_ends, what_a_completion_completes_is_posted) {
    turn_end turn{loop_.get_executor()};
    turn_end::run_or_post(loop_.get_executor(), [this] {
        due('b');
        order_ += 'a';
    });
    turn.run();
    EXPECT_EQ(order_, "a");
    EXPECT_EQ(run(), "ab");
}

TEST_F(turn_ends, what_belongs_to_another_event_loop_is_posted_there) {
    asio::io_context another;
    turn_end turn{loop_.get_executor()};
    turn_end::run_or_post(another.get_executor(), note('x'));
    due('a');
    turn.run();
    EXPECT_EQ(order_, "a") << "the other is none of several";
    another.run();
    EXPECT_EQ(order_, "ax");
}

TEST_F(turn_ends, what_belongs_to_a_strand_above_is_posted_there) {
    const auto strand = asio::make_strand(loop_);
    bool inside = false;
    turn_end turn{loop_.get_executor()};
    turn_end::run_or_post(strand, [&] { inside = strand.running_in_this_thread(); });
    turn.run();
    run();
    EXPECT_TRUE(inside);
}

TEST_F(turn_ends, a_completion_that_a_turn_did_not_come_to_is_posted) {
    EXPECT_THROW(
        {
            turn_end turn{loop_.get_executor()};
            due('a');
            throw std::runtime_error("no memory");
        },
        std::runtime_error);
    EXPECT_EQ(order_, "");
    EXPECT_EQ(run(), "a");
    due('b');
    EXPECT_EQ(order_, "a");
}

TEST(strand, knows_what_it_was_made_on) {
    asio::io_context loop;
    asio::thread_pool pool{1};
    for (const asio::any_io_executor& plain :
         {asio::any_io_executor{loop.get_executor()}, asio::any_io_executor{pool.get_executor()}}) {
        const auto strand = make_strand_on(plain);
        EXPECT_NE(strand, plain);
        EXPECT_EQ(below(strand), plain);
        EXPECT_EQ(below(plain), plain);
    }
}

TEST(strand, knows_who_is_on_it) {
    asio::io_context loop;
    const auto strand = make_strand_on(loop.get_executor());
    EXPECT_FALSE(is_on(strand));
    std::optional<bool> inside;
    dispatch_to(strand, [&] { inside = is_on(strand); });
    EXPECT_FALSE(inside.has_value()) << "this thread does not run the loop";
    loop.run();
    EXPECT_EQ(inside, true);
}

}  // namespace
}  // namespace redlock::base::turn_end_cases
