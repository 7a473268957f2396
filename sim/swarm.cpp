#include "sim/swarm.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "sim/world.hpp"

namespace redlock::sim {

namespace {

// Long enough that nobody waits for the next stretch, short enough that all end together.
constexpr std::uint64_t stretch = 256;

class swarm {
  public:
    explicit swarm(const swarm_options& options) : options_(options) {}

    swarm_result run() {
        std::vector<std::thread> others;
        for (unsigned i = 1; i < options_.jobs; ++i) {
            others.emplace_back([this] { work(); });
        }
        work();
        for (auto& each : others) {
            each.join();
        }
        return result_;
    }

  private:
    void work() {
        world in;
        plan the_plan;
        swarm_result mine;
        const std::uint64_t end = options_.from + options_.seeds;
        for (;;) {
            const std::uint64_t begin = options_.from + next_.fetch_add(stretch);
            if (begin >= std::min(end, first_failing_.load())) {
                break;
            }
            for (std::uint64_t seed = begin; seed < std::min(begin + stretch, end); ++seed) {
                make_plan(seed, options_, the_plan);
                const auto found = in.run(the_plan, mine.seen, nullptr);
                mine.events += in.events();
                if (found) {
                    note({seed, *found});
                    break;
                }
                ++mine.seeds;
            }
        }
        const std::lock_guard guard{guard_};
        result_.seeds += mine.seeds;
        result_.events += mine.events;
        result_.seen.add(mine.seen);
    }

    void note(const swarm_result::failure& failure) {
        const std::lock_guard guard{guard_};
        if (!result_.first || failure.seed < result_.first->seed) {
            result_.first = failure;
            first_failing_ = failure.seed;
        }
    }

    swarm_options options_;
    std::atomic<std::uint64_t> next_{0};
    std::atomic<std::uint64_t> first_failing_{UINT64_MAX};
    std::mutex guard_;
    swarm_result result_;
};

}  // namespace

void make_plan(std::uint64_t seed, const swarm_options& options, plan& into) {
    if (options.restarts) {
        plan_of_restarts(seed, options.plans, into);
    } else {
        make_plan(seed, options.plans, into);
    }
}

swarm_result run_swarm(const swarm_options& options) {
    return swarm{options}.run();
}

}  // namespace redlock::sim
