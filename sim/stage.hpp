// What all parts of the world share while a schedule runs: the time, what is to come, the plan, the
// records, the judge, and whoever listens. Owns no rule. One thread at a time.
#pragma once

#include "sim/checker.hpp"
#include "sim/clocks.hpp"
#include "sim/coverage.hpp"
#include "sim/events.hpp"
#include "sim/operations.hpp"
#include "sim/plan.hpp"
#include "sim/recorder.hpp"

namespace redlock::sim {

struct stage {
    tick now = 0;
    const plan* with = nullptr;
    event_queue events;
    checker judge;
    coverage* seen = nullptr;
    recorder* record = nullptr;  ///< Null: nobody listens.
    std::vector<command> commands;
    slab<attempt> attempts;
    slab<extension> extensions;
    slab<release> releases;
    slab<hold> holds;

    void begin(const plan& it, coverage& counts, recorder* listener) {
        now = 0;
        with = &it;
        events.clear();
        seen = &counts;
        record = listener;
        judge.begin(it.judged, it.nodes, counts);
        commands.clear();
        attempts.clear();
        extensions.clear();
        releases.clear();
        holds.clear();
    }

    template <class... Parts>
    void tell(std::string_view who, std::uint64_t number, const Parts&... parts) {
        if (record != nullptr) {
            record->tell(now, who, number, parts...);
        }
    }
    void note(rule which) { seen->note(which); }
    [[nodiscard]] bool calm() const { return now >= with->calm_at; }
};

}  // namespace redlock::sim
