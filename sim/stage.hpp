// What everybody in a schedule shares: the plan, the simulated world that it happens in, the judge,
// and who keeps the story. One thread at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/checker.hpp"
#include "sim/coverage.hpp"
#include "sim/plan.hpp"
#include "sim/recorder.hpp"
#include "testing/simulated_world.hpp"

namespace redlock::sim {

/// The key of a lock, that of a slot too.
[[nodiscard]] inline std::string name_of(std::size_t lock) {
    if (lock < most_resources) {
        return {static_cast<char>('a' + lock)};
    }
    const std::size_t slot = lock - most_resources;
    return "redlock:slot:{" + name_of(slot / most_permits) +
           "}:" + std::to_string(slot % most_permits);
}
/// The number of a lock with such a key.
[[nodiscard]] inline std::size_t number_of_lock(std::string_view key) {
    const auto number = [](char letter, char first) {
        return static_cast<std::size_t>(letter - first);
    };
    constexpr std::string_view before = "redlock:slot:{";
    return key.starts_with(before)
               ? slot_of(number(key[before.size()], 'a'), number(key.back(), '0'))
               : number(key.front(), 'a');
}

/// What a lock key says while readers have the lock, and the key of those who do. Of a reader that
/// is alone it says "redlock:shared <since> <token>".
inline constexpr std::string_view readers_marker = "redlock:shared";
[[nodiscard]] inline bool tells_of_readers(std::string_view value) {
    return value == readers_marker || value.starts_with("redlock:shared ");
}
/// The token of that reader; empty: there is none, or more than one.
[[nodiscard]] inline std::string token_of_reader_alone(std::string_view value) {
    const std::size_t begins = value.find(' ', readers_marker.size() + 1);
    return tells_of_readers(value) && begins != std::string_view::npos
               ? std::string{value.substr(begins + 1)}
               : std::string{};
}
[[nodiscard]] inline std::string readers_key_of(const std::string& lock) {
    return "redlock:readers:{" + lock + "}";
}

[[nodiscard]] inline std::string fence_key_of(const std::string& lock) {
    return "redlock:fence:{" + lock + "}";
}

[[nodiscard]] inline std::string line_key_of_name(std::string_view lock) {
    return "redlock:line:{" + std::string{lock} + "}";
}

class stage {
  public:
    stage(const plan& it, testing::simulated_world& world, coverage& counts, recorder* listener)
        : the_plan(it), in(world), seen(counts), record(listener) {
        judge.begin(it.judged, it.nodes, counts);
    }

    [[nodiscard]] tick now() { return in.time().now(); }
    void note(rule which) { seen.note(which); }
    template <class... Parts>
    void tell(std::string_view who, std::uint64_t number, const Parts&... parts) {
        if (record != nullptr) {
            record->tell(now(), who, number, parts...);
        }
    }
    /// A number for each token, in the order in which they turn up.
    [[nodiscard]] std::uint64_t number_of(const std::string& token) {
        return numbers_.try_emplace(token, numbers_.size() + 1).first->second;
    }
    /// Zero for one that has not turned up.
    [[nodiscard]] std::uint64_t known_number_of(const std::string& token) const {
        const auto at = numbers_.find(token);
        return at != numbers_.end() ? at->second : 0;
    }

    /// Whether somebody holds the lock of a token, as far as that knows.
    void set_held(std::uint64_t token, bool yes) {
        if (yes) {
            held_.insert(token);
        } else {
            held_.erase(token);
        }
    }
    /// The tokens that have the lock there, of which readers may be several.
    [[nodiscard]] std::vector<std::string> tokens_at(std::size_t node,
                                                     const std::string& lock) const;
    /// The locks on a node are those of an earlier time.
    void came_again(std::size_t node) {
        the_plan.for_each_lock([&](std::size_t lock) {
            for (const std::string& there : tokens_at(node, name_of(lock))) {
                again_.insert({known_number_of(there), node});
            }
        });
    }
    /// A node has removed the lock because of a release.
    void removed(std::uint64_t token, std::size_t node) {
        removed_.insert({token, node});
        again_.erase({token, node});
    }
    /// A node has taken the lock anew.
    void planted(std::uint64_t token, std::size_t node) { again_.erase({token, node}); }
    /// A release of this token, held on a majority of the first `nodes`, was confirmed.
    void released(std::uint64_t token, std::size_t nodes) {
        std::size_t there = 0;
        for (std::size_t node = 0; node < nodes; ++node) {
            there += removed_.contains({token, node}) ? 1U : 0U;
        }
        if (there * 2 <= nodes && !is_held(token) && the_plan.judged.tokens) {
            judge.condemn(check::false_release, now(), token, there);
        }
        ended(token, nodes);
    }
    /// It was confirmed that no majority has the lock, whoever took it away.
    void ended(std::uint64_t token, std::size_t nodes) {
        if (is_held(token)) {
            return;
        }
        std::size_t still = 0;
        for (std::size_t node = 0; node < nodes; ++node) {
            bool there = false;  // under one name at least
            the_plan.for_each_lock([&](std::size_t lock) {
                there = there || std::ranges::any_of(tokens_at(node, name_of(lock)),
                                                     [&](const std::string& each) {
                                                         return known_number_of(each) == token;
                                                     });
            });
            still += there && !again_.contains({token, node}) ? 1U : 0U;
        }
        if (still * 2 > nodes && the_plan.judged.tokens) {
            judge.condemn(check::false_release, now(), token, still);
        }
    }
    [[nodiscard]] bool is_held(std::uint64_t token) const { return held_.contains(token); }

    const plan& the_plan;
    testing::simulated_world& in;
    checker judge;
    coverage& seen;
    recorder* record;  ///< Null: nobody listens.
    tick calm_at = no_tick;

  private:
    std::set<std::uint64_t> held_;
    std::set<std::pair<std::uint64_t, std::size_t>> removed_;  ///< Tokens, and where from.
    std::set<std::pair<std::uint64_t, std::size_t>> again_;  ///< Tokens, and where they came again.
    std::unordered_map<std::string, std::uint64_t> numbers_;
};

inline std::vector<std::string> stage::tokens_at(std::size_t node, const std::string& lock) const {
    testing::simulated_node& there = in.at(node);
    const auto holder = there.text_at(lock);
    if (!holder || !tells_of_readers(*holder)) {
        return holder ? std::vector{*holder} : std::vector<std::string>{};
    }
    if (const std::string alone = token_of_reader_alone(*holder); !alone.empty()) {
        return {alone};
    }
    std::vector<std::string> tokens;
    const auto alive = there.execute({"ZREVRANGEBYSCORE", readers_key_of(lock), "+inf",
                                      "(" + std::to_string(there.clock_us() / 1'000)});
    for (const testing::reply& each : alive.items) {
        if (each.words.starts_with(':')) {
            tokens.push_back(each.words.substr(1));
        }
    }
    return tokens;
}

}  // namespace redlock::sim
