// What a connection has proved: each rule at its very instant, and all short histories against a
// naive twin that reads the whole history anew for each question.
#include "redis/connect/connection_proof.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace redlock::redis::connection_proof_cases {
namespace {

using namespace std::chrono_literals;
using time_point = connection_proof::time_point;
using silence = connection_proof::silence;

constexpr auto timeout = 100ms;
constexpr auto lasting = 5s;
constexpr time_point start{1h};

struct connection_proof_test : testing::Test {
    connection_proof_test() { proof.begin(start); }
    connection_proof proof{timeout, lasting};
};

TEST_F(connection_proof_test, is_earned_by_an_answer) {
    EXPECT_FALSE(proof.earned(start));
    proof.on_asked(start);
    EXPECT_FALSE(proof.earned(start)) << "asking is not enough";
    proof.on_heard(start);
    EXPECT_FALSE(proof.earned(start)) << "nor is what was not asked for";
    proof.on_answer();
    EXPECT_TRUE(proof.earned(start));
}

TEST_F(connection_proof_test, is_earned_by_lasting) {
    EXPECT_FALSE(proof.earned(start + lasting - 1ns));
    EXPECT_TRUE(proof.earned(start + lasting));
    EXPECT_FALSE(proof.has_lasted(start + lasting - 1ns));
    EXPECT_TRUE(proof.has_lasted(start + lasting));
}

TEST_F(connection_proof_test, is_not_earned_by_a_server_that_loads) {
    proof.on_loading();
    proof.on_answer();
    EXPECT_TRUE(proof.loads());
    EXPECT_FALSE(proof.earned(start + lasting)) << "which answers other commands";
    proof.begin(start);
    EXPECT_FALSE(proof.loads());
    proof.on_answer();
    proof.on_loading();
    EXPECT_TRUE(proof.loads());
    EXPECT_FALSE(proof.earned(start + lasting)) << "and had answered before";
}

TEST_F(connection_proof_test, begins_anew_with_each_connection) {
    proof.on_answer();
    proof.begin(start + 1h);
    EXPECT_FALSE(proof.earned(start + 1h));
    EXPECT_FALSE(proof.has_lasted(start + 1h + lasting - 1ns));
}

TEST_F(connection_proof_test, may_be_replaced_once_without_having_earned_it) {
    EXPECT_TRUE(proof.may_be_replaced(start));
    proof.on_replaced();
    proof.begin(start);
    EXPECT_FALSE(proof.may_be_replaced(start)) << "the next one has to earn it";
    EXPECT_TRUE(proof.may_be_replaced(start + lasting));
    proof.on_answer();
    EXPECT_TRUE(proof.may_be_replaced(start));
    proof.on_replaced();
    proof.begin(start);
    EXPECT_FALSE(proof.may_be_replaced(start));
}

TEST_F(connection_proof_test, has_just_answered_for_a_moment_only) {
    const auto moment = connection_proof::just_answered;
    proof.on_heard(start);
    EXPECT_FALSE(proof.has_just_answered(start)) << "that was no answer";
    proof.on_answer();
    EXPECT_TRUE(proof.has_just_answered(start + moment));
    EXPECT_FALSE(proof.has_just_answered(start + moment + 1ns));
}

TEST_F(connection_proof_test, stalls_in_silence_and_is_given_up) {
    proof.on_asked(start);
    EXPECT_EQ(proof.next_look(), start + timeout);
    EXPECT_EQ(proof.look(start + timeout - 1ns), silence::bearable);
    EXPECT_FALSE(proof.stalled());
    EXPECT_EQ(proof.look(start + timeout), silence::stalled);
    EXPECT_TRUE(proof.stalled());
    EXPECT_EQ(proof.next_look(), start + 10 * timeout);
    EXPECT_EQ(proof.look(start + 10 * timeout - 1ns), silence::stalled);
    EXPECT_EQ(proof.look(start + 10 * timeout), silence::too_long);
    EXPECT_EQ(proof.silent_for(start + 10 * timeout), 10 * timeout);
}

TEST_F(connection_proof_test, is_given_up_even_if_nobody_looked_in_time) {
    proof.on_asked(start);
    EXPECT_EQ(proof.look(start + 1h), silence::too_long);
}

TEST_F(connection_proof_test, stalls_no_more_once_something_is_heard) {
    proof.on_asked(start);
    EXPECT_EQ(proof.look(start + timeout), silence::stalled);
    proof.on_heard(start + timeout);
    EXPECT_FALSE(proof.stalled());
    EXPECT_EQ(proof.next_look(), start + 2 * timeout);
    EXPECT_EQ(proof.look(start + 2 * timeout), silence::stalled);
    proof.on_ended();
    EXPECT_FALSE(proof.stalled());
}

enum class event { begin, answer, loading, replaced, an_hour };

/// Reads all that happened for each question.
struct naive {
    [[nodiscard]] std::vector<event> of_this_connection() const {
        std::size_t from = 0;
        for (std::size_t each = 0; each < all.size(); ++each) {
            from = all[each] == event::begin ? each : from;
        }
        return {all.begin() + static_cast<std::ptrdiff_t>(from), all.end()};
    }
    static bool has(const std::vector<event>& events, event what) {
        for (const event each : events) {
            if (each == what) {
                return true;
            }
        }
        return false;
    }
    [[nodiscard]] bool earned() const {
        const auto mine = of_this_connection();
        return !has(mine, event::loading) &&
               (has(mine, event::answer) || has(mine, event::an_hour));
    }
    [[nodiscard]] bool may_be_replaced() const { return !has(all, event::replaced) || earned(); }

    std::vector<event> all;
};

TEST(connection_proof_histories, are_judged_as_by_one_who_remembers_everything) {
    constexpr std::array all_events{event::begin, event::answer, event::loading, event::replaced,
                                    event::an_hour};
    constexpr std::size_t length = 6;
    std::size_t histories = 1;
    for (std::size_t each = 0; each < length; ++each) {
        histories *= all_events.size();
    }
    for (std::size_t number = 0; number < histories; ++number) {
        connection_proof proof{timeout, lasting};
        naive twin;
        time_point now = start;
        proof.begin(now);
        for (std::size_t each = 0, rest = number; each < length; ++each) {
            const event what = all_events.at(rest % all_events.size());
            rest /= all_events.size();
            twin.all.push_back(what);
            switch (what) {
                case event::begin:
                    proof.begin(now);
                    break;
                case event::answer:
                    proof.on_answer();
                    break;
                case event::loading:
                    proof.on_loading();
                    break;
                case event::replaced:
                    proof.on_replaced();
                    break;
                case event::an_hour:
                    now += 1h;
                    break;
            }
            ASSERT_EQ(proof.earned(now), twin.earned()) << number;
            ASSERT_EQ(proof.may_be_replaced(now), twin.may_be_replaced()) << number;
            ASSERT_EQ(proof.loads(), naive::has(twin.of_this_connection(), event::loading));
        }
    }
}

}  // namespace
}  // namespace redlock::redis::connection_proof_cases
