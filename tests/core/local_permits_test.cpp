// The queue of a semaphore's waiters within a process: the first competes while fewer permits are
// held here than there are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "core/local_queues.hpp"

namespace redlock::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct applicant final : queue_member {
    explicit applicant(std::vector<int>& all, int which = 0) : competing(all), name(which) {}
    void compete() override { competing.push_back(name); }

    std::vector<int>& competing;
    int name;
};
struct permit_holder final : queue_holder {};

class local_permits : public testing::Test {
  protected:
    bool join(applicant& one) { return queues.join_for_permit(one, "s", permits); }
    void acquired(applicant& one, permit_holder& held) {
        queues.acquired_permit(one, held, "s", permits);
    }

    static constexpr std::uint16_t permits = 2;
    std::vector<int> competing;
    local_queues queues;
    applicant first{competing, 1};
    applicant second{competing, 2};
    applicant third{competing, 3};
    permit_holder a;
    permit_holder b;
    permit_holder c;
};

TEST_F(local_permits, the_first_competes_while_there_is_a_permit_that_is_not_held_here) {
    acquired(third, a);  // which stood in no queue
    EXPECT_TRUE(join(first));
    EXPECT_FALSE(join(second));
    acquired(first, b);
    EXPECT_THAT(competing, IsEmpty()) << "all permits are held here";
    EXPECT_TRUE(queues.ended(a));
    EXPECT_THAT(competing, ElementsAre(2));
}

TEST_F(local_permits, the_next_competes_as_soon_as_the_first_has_its_permit) {
    EXPECT_TRUE(join(first));
    EXPECT_FALSE(join(second));
    acquired(first, a);
    EXPECT_THAT(competing, ElementsAre(2));
    acquired(second, b);
    EXPECT_FALSE(join(third));
    queues.leave(third);
    EXPECT_FALSE(queues.ended(a));
    EXPECT_FALSE(queues.ended(b));
    EXPECT_EQ(queues.waiting("s"), 0U);
}

TEST_F(local_permits, a_permit_passes_to_the_first_and_the_next_goes_on) {
    acquired(third, a);
    EXPECT_TRUE(join(first));
    EXPECT_FALSE(join(second));
    EXPECT_EQ(local_queues::first_behind(a), &first);
    queues.passed(a, first, b);
    EXPECT_THAT(competing, ElementsAre(2));
    EXPECT_FALSE(queues.ended(a)) << "it has nothing any more";
    EXPECT_FALSE(queues.ended(b)) << "the next competes already";
    EXPECT_EQ(local_queues::first_behind(b), nullptr);
}

TEST_F(local_permits, a_permit_passes_to_one_behind_the_first_which_goes_on_competing) {
    acquired(third, a);
    EXPECT_TRUE(join(first));
    EXPECT_FALSE(join(second));
    EXPECT_EQ(local_queues::next_behind(first), &second);
    EXPECT_EQ(local_queues::next_behind(second), nullptr);
    queues.passed(a, second, b);
    EXPECT_THAT(competing, IsEmpty()) << "the first does already";
    EXPECT_EQ(local_queues::first_behind(b), &first);
    EXPECT_EQ(local_queues::next_behind(first), nullptr);
    acquired(first, c);
    EXPECT_FALSE(queues.ended(b));
    EXPECT_FALSE(queues.ended(c));
    EXPECT_EQ(queues.waiting("s"), 0U);
}

TEST_F(local_permits, passing_one_on_takes_none_away) {
    acquired(third, a);
    acquired(third, b);
    EXPECT_FALSE(join(first));
    EXPECT_FALSE(join(second));
    queues.passed(a, first, c);
    EXPECT_THAT(competing, IsEmpty()) << "all permits are still held here";
    EXPECT_TRUE(queues.ended(b));
    EXPECT_THAT(competing, ElementsAre(2));
}

TEST_F(local_permits, a_queue_is_used_again_for_a_lock) {
    acquired(first, a);
    EXPECT_FALSE(queues.ended(a));
    acquired(second, b);
    EXPECT_FALSE(queues.ended(b));
    EXPECT_TRUE(queues.join(first, "lock"));
    queues.acquired(first, a, "lock");
    EXPECT_FALSE(queues.join(second, "lock")) << "somebody here holds the lock";
    queues.leave(second);
    EXPECT_FALSE(queues.ended(a));
}

// Who joins, leaves, gets a permit and gives it back, in any order, against a list.
RC_GTEST_PROP(local_permits_property, the_first_competes_exactly_while_a_permit_is_left, ()) {
    constexpr std::size_t people = 4;
    const auto permits = *rc::gen::inRange<std::uint16_t>(1, 4);
    std::vector<int> called;
    std::vector<int> expected;
    local_queues queues;
    std::array<applicant, people> all{applicant{called, 0}, applicant{called, 1},
                                      applicant{called, 2}, applicant{called, 3}};
    std::array<permit_holder, people> held;
    std::array<bool, people> holds{};
    std::array<bool, people> competes{};
    std::vector<std::size_t> line;
    const auto free_here = [&] { return std::count(holds.begin(), holds.end(), true) < permits; };
    const auto go_on = [&] {
        if (!line.empty() && free_here() && !competes.at(line.front())) {
            competes.at(line.front()) = true;
            expected.push_back(static_cast<int>(line.front()));
        }
    };
    const auto steps =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 2 * people));
    for (const std::size_t step : steps) {
        const std::size_t who = step % people;
        const auto place = std::find(line.begin(), line.end(), who);
        if (holds.at(who)) {
            holds.at(who) = false;
            queues.ended(held.at(who));
            go_on();
        } else if (place == line.end()) {
            line.push_back(who);
            competes.at(who) = line.size() == 1 && free_here();
            RC_ASSERT(queues.join_for_permit(all.at(who), "s", permits) == competes.at(who));
        } else {
            const bool wins = step >= people && competes.at(who);
            line.erase(place);
            competes.at(who) = false;
            if (wins) {
                holds.at(who) = true;
                queues.acquired_permit(all.at(who), held.at(who), "s", permits);
            } else {
                queues.leave(all.at(who));
            }
            go_on();
        }
        RC_ASSERT(called == expected);
        RC_ASSERT(queues.waiting("s") == line.size());
    }
    for (auto& each : all) {
        queues.leave(each);
    }
}

}  // namespace
}  // namespace redlock::core
