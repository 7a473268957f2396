// The queue of alarms against a naive twin that keeps them in a sorted multiset, over long random
// histories of setting, setting anew, cancelling, ringing and destroying.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "outside/alarm_queue.hpp"

namespace redlock::outside {
namespace {

using instant = boot_clock::time_point;

instant at(int tick) {
    return instant{std::chrono::seconds{tick}};
}

struct quiet_alarm final : alarm {
    void on_alarm(instant /*now*/) override {}
};

struct step {
    enum class kind { set, cancel, ring, replace } what;
    std::size_t which;
    int tick;
};

rc::Gen<step> any_step(std::size_t alarms) {
    return rc::gen::construct<step>(
        rc::gen::element(step::kind::set, step::kind::set, step::kind::cancel, step::kind::ring,
                         step::kind::replace),
        rc::gen::inRange<std::size_t>(0, alarms), rc::gen::inRange(-20, 20));
}

/// The alarms that are set, by time; in no order among equals.
class naive_queue {
  public:
    void set(std::size_t which, int tick) {
        cancel(which);
        set_.emplace(tick, which);
    }
    void cancel(std::size_t which) {
        std::erase_if(set_, [which](const auto& entry) { return entry.second == which; });
    }
    /// The end of time if it is not set.
    [[nodiscard]] instant rings_at(std::size_t which) const {
        const auto found = std::find_if(
            set_.begin(), set_.end(), [which](const auto& entry) { return entry.second == which; });
        return found == set_.end() ? instant::max() : at(found->first);
    }
    [[nodiscard]] const std::multiset<std::pair<int, std::size_t>>& all() const { return set_; }

  private:
    std::multiset<std::pair<int, std::size_t>> set_;
};

RC_GTEST_PROP(alarm_queue_property, is_a_sorted_multiset, ()) {
    constexpr std::size_t alarms = 12;
    const auto steps = *rc::gen::container<std::vector<step>>(any_step(alarms));
    alarm_queue queue;
    naive_queue naive;
    std::array<std::unique_ptr<quiet_alarm>, alarms> entries;
    for (auto& entry : entries) {
        entry = std::make_unique<quiet_alarm>();
    }
    for (const auto& [what, which, tick] : steps) {
        switch (what) {
            case step::kind::set:
                queue.set(*entries[which], at(tick));
                naive.set(which, tick);
                break;
            case step::kind::cancel:
                queue.cancel(*entries[which]);
                naive.cancel(which);
                break;
            case step::kind::replace:
                queue.cancel(*entries[which]);
                entries[which] = std::make_unique<quiet_alarm>();
                naive.cancel(which);
                break;
            case step::kind::ring: {
                const alarm* due = queue.take_due(at(tick));
                const bool expected = !naive.all().empty() && naive.all().begin()->first <= tick;
                RC_ASSERT((due != nullptr) == expected);
                if (due != nullptr) {
                    // Any of those that are due first.
                    const int first = naive.all().begin()->first;
                    const auto found = std::find_if(
                        naive.all().begin(), naive.all().end(), [&](const auto& entry) {
                            return entry.first == first && entries[entry.second].get() == due;
                        });
                    RC_ASSERT(found != naive.all().end());
                    naive.cancel(found->second);
                }
                break;
            }
        }
        RC_ASSERT(queue.size() == naive.all().size());
        RC_ASSERT(queue.earliest() ==
                  (naive.all().empty() ? instant::max() : at(naive.all().begin()->first)));
        for (std::size_t i = 0; i < alarms; ++i) {
            RC_ASSERT(entries[i]->rings_at() == naive.rings_at(i));
            RC_ASSERT(entries[i]->is_set() == (naive.rings_at(i) != instant::max()));
        }
    }
    std::size_t left = naive.all().size();
    for (instant last = queue.earliest(); left > 0; --left) {
        const instant next = queue.earliest();
        RC_ASSERT(next >= last);
        RC_ASSERT(queue.take_due(next) != nullptr);
        last = next;
    }
    RC_ASSERT(queue.size() == 0U);
}

TEST(alarm_queue, has_nothing_due_when_empty) {
    alarm_queue queue;
    EXPECT_EQ(queue.take_due(instant::max()), nullptr);
    EXPECT_EQ(queue.earliest(), instant::max());
}

TEST(alarm_queue, rings_what_is_due_at_this_very_instant) {
    alarm_queue queue;
    quiet_alarm one;
    queue.set(one, at(5));
    EXPECT_EQ(queue.take_due(at(5) - boot_clock::duration{1}), nullptr);
    EXPECT_EQ(queue.take_due(at(5)), &one);
    EXPECT_FALSE(one.is_set());
}

TEST(alarm_queue, stays_in_order_when_the_last_takes_the_place_of_a_later_one) {
    alarm_queue queue;
    std::array<quiet_alarm, 7> entries;
    // The 3 at the end must rise above the 10 when it fills the place of the 11.
    constexpr std::array ticks{0, 10, 1, 11, 12, 2, 3};
    for (std::size_t i = 0; i < entries.size(); ++i) {
        queue.set(entries[i], at(ticks[i]));
    }
    queue.cancel(entries[3]);
    queue.set(entries[3], at(20));
    for (const std::size_t next : {0U, 2U, 5U, 6U, 1U, 4U, 3U}) {
        EXPECT_EQ(queue.take_due(instant::max()), &entries[next]);
    }
}

TEST(alarm_queue, cancels_what_is_not_set) {
    alarm_queue queue;
    quiet_alarm one;
    queue.cancel(one);
    EXPECT_EQ(queue.size(), 0U);
}

}  // namespace
}  // namespace redlock::outside
