// Many seeds on many threads. What it finds does not depend on how many threads look: it is always
// the first failing seed. Each thread has a world of its own.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/checker.hpp"
#include "sim/coverage.hpp"
#include "sim/plan.hpp"

namespace redlock::sim {

struct swarm_options {
    std::uint64_t from = 1;
    std::uint64_t seeds = 0;
    unsigned jobs = 1;
    plan_options plans;
    bool restarts = false;  ///< The one known scenario instead of all.
};

struct swarm_result {
    struct failure {
        std::uint64_t seed = 0;
        violation found;
    };

    std::optional<failure> first;
    std::uint64_t seeds = 0;  ///< Run, and nothing found.
    std::uint64_t events = 0;
    coverage seen;
};

[[nodiscard]] swarm_result run_swarm(const swarm_options& options);

/// The plan of one of its seeds.
void make_plan(std::uint64_t seed, const swarm_options& options, plan& into);

}  // namespace redlock::sim
