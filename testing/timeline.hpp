// What is going to happen in a world, in the order of true time, which nobody in the world can
// read; what is planned for the same instant happens in the order in which it was planned. One
// thread at a time.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "testing/drifting_clock.hpp"

namespace redlock::testing {

class timeline {
  public:
    using happening = std::function<void()>;
    /// Somebody for whom alone something happens; once it is gone, it does not.
    using somebody = std::weak_ptr<const void>;

    [[nodiscard]] tick now() const { return now_; }
    /// Not before now.
    void at(tick when, happening what) { plan({std::max(when, now_), order_++, std::move(what)}); }
    void at(tick when, const somebody& whom, happening what) {
        plan({std::max(when, now_), order_++, std::move(what), true, whom});
    }
    void after(tick time, happening what) { at(now_ + time, std::move(what)); }

    /// When the next thing happens; `no_tick` if nothing will.
    [[nodiscard]] tick next() {
        while (!planned_.empty() && planned_.front().is_void()) {
            take_first();
        }
        return planned_.empty() ? no_tick : planned_.front().at;
    }
    /// Goes there, and has it happen.
    void step() {
        [[maybe_unused]] const tick then = next();
        assert(then != no_tick);
        const entry first = take_first();
        now_ = first.at;
        ++happened_;
        first.what();
    }
    void go_to(tick when) { now_ = std::max(now_, when); }
    [[nodiscard]] std::uint64_t happened() const { return happened_; }
    /// Whatever was planned may plan more when it is destroyed.
    void clear() {
        while (!planned_.empty()) {
            std::exchange(planned_, {}).clear();
        }
    }

  private:
    struct entry {
        tick at;
        std::uint64_t order;
        happening what;
        bool for_somebody = false;
        somebody whom{};

        [[nodiscard]] bool is_void() const { return for_somebody && whom.expired(); }
    };
    static bool later(const entry& one, const entry& other) {
        return one.at != other.at ? one.at > other.at : one.order > other.order;
    }

    void plan(entry what) {
        planned_.push_back(std::move(what));
        std::push_heap(planned_.begin(), planned_.end(), later);
    }
    entry take_first() {
        std::pop_heap(planned_.begin(), planned_.end(), later);
        entry first = std::move(planned_.back());
        planned_.pop_back();
        return first;
    }

    tick now_ = 0;
    std::uint64_t order_ = 0;
    std::uint64_t happened_ = 0;
    std::vector<entry> planned_;
};

}  // namespace redlock::testing
