// The program around the swarm: reads arguments, prints what was found, how often each rule came
// into play, and the story of a failing seed. Exit status: 0 nothing found, 1 found or something
// never exercised, 64 wrong usage.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include "sim/recorder.hpp"
#include "sim/shrink.hpp"
#include "sim/swarm.hpp"

namespace redlock::sim {
namespace {

constexpr std::string_view usage =
    "usage: redlock_sim [--seeds N] [--from S] [--jobs J] [--guard on|off] [--scenario restarts]\n"
    "       redlock_sim --seed N [--transcript]      one seed, told in full\n"
    "       redlock_sim --until-caught N             at most N seeds; succeeds when one fails\n";

// From this many seeds on a rule that never came into play is a hole in the world: the rarest does
// twenty times. The tests run as many.
constexpr std::uint64_t enough_for_all_rules = 3'000;

struct wishes {
    swarm_options swarm;
    std::optional<std::uint64_t> seed;
    bool transcript = false;
    bool until_caught = false;
};

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    return whole ? std::optional{value} : std::nullopt;
}

/// One option with a value. False if there is no such option, or no such value.
bool take(std::string_view option, std::string_view value, wishes& into) {
    if (option == "--guard" || option == "--scenario") {
        into.swarm.plans.guard = into.swarm.plans.guard && value != "off";
        into.swarm.restarts = into.swarm.restarts || value == "restarts";
        return option == "--guard" ? value == "on" || value == "off" : value == "restarts";
    }
    const auto count = number(value);
    if (!count) {
        return false;
    }
    if (option == "--seeds" || option == "--until-caught") {
        into.swarm.seeds = *count;
        into.until_caught = into.until_caught || option == "--until-caught";
    } else if (option == "--from") {
        into.swarm.from = *count;
    } else if (option == "--jobs") {
        into.swarm.jobs = *count >= 1 && *count <= 1024 ? static_cast<unsigned>(*count) : 1;
    } else if (option == "--seed") {
        into.seed = *count;
    } else {
        return false;
    }
    return true;
}

std::optional<wishes> read(int count, char** arguments) {
    wishes into;
    into.swarm.seeds = 100'000;
    into.swarm.jobs = std::max(1U, std::thread::hardware_concurrency());
    for (int i = 1; i < count; ++i) {
        const std::string_view option = arguments[i];
        if (option == "--transcript") {
            into.transcript = true;
        } else if (i + 1 >= count || !take(option, arguments[++i], into)) {
            return std::nullopt;
        }
    }
    return into;
}

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

std::string told(const violation& found) {
    return std::string{to_string(found.what)} + " at " + shown(found.at) + " ms (" +
           std::to_string(found.one) + ", " + std::to_string(found.other) + ")\n";
}

std::string story(world& in, const plan& the_plan) {
    recorder listener;
    coverage nobody_looks;
    const auto found = in.run(the_plan, nobody_looks, &listener);
    return listener.text() + (found ? "BROKEN: " + told(*found) : "nothing is broken\n");
}

int tell_one(const wishes& wanted) {
    world in;
    plan it;
    make_plan(*wanted.seed, wanted.swarm, it);
    coverage nobody_looks;
    const auto found = in.run(it, nobody_looks, nullptr);
    print(wanted.transcript ? story(in, it)
          : found           ? "BROKEN: " + told(*found)
                            : std::string{"nothing is broken\n"});
    return found ? 1 : 0;
}

void print_failure(const wishes& wanted, const swarm_result::failure& failure) {
    world in;
    plan it;
    make_plan(failure.seed, wanted.swarm, it);
    const auto small = shrink(in, it, failure.found);
    print("seed " + std::to_string(failure.seed) + ": " + told(failure.found));
    print("without " + std::to_string(small.left_out) + " of the " +
          std::to_string(it.items.size()) + " things that happen in it:\n\n");
    print(story(in, small.smallest));
    print("\nin full: --seed " + std::to_string(failure.seed) + " --transcript\n");
}

/// Returns the rules that never came into play, though they should.
std::string print_coverage(const coverage& seen) {
    std::string missing;
    for (std::size_t i = 0; i < rules; ++i) {
        const auto which = static_cast<rule>(i);
        std::string line = std::to_string(seen.of(which));
        line.insert(0, line.size() < 14 ? 14 - line.size() : 0, ' ');
        print(line + "  " + std::string{to_string(which)} + '\n');
        if (seen.of(which) == 0 && must_happen(which)) {
            missing += (missing.empty() ? "" : ", ") + std::string{to_string(which)};
        }
    }
    return missing;
}

int run(const wishes& wanted) {
    const auto began = std::chrono::steady_clock::now();
    const swarm_result result = run_swarm(wanted.swarm);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    if (wanted.until_caught) {
        print(result.first ? std::string{to_string(result.first->found.what)} + "; seed " +
                                 std::to_string(result.first->seed) + '\n'
                           : "survived\n");
        return result.first ? 0 : 1;
    }
    if (result.first) {
        print_failure(wanted, *result.first);
        return 1;
    }
    const std::string missing = print_coverage(result.seen);
    std::printf(
        "%llu schedules, %llu events, 0 violations; %.1f s, %.0f schedules/s on %u threads\n",
        static_cast<unsigned long long>(result.seeds),
        static_cast<unsigned long long>(result.events), took.count(),
        static_cast<double>(result.seeds) / took.count(), wanted.swarm.jobs);
    if (!missing.empty() && !wanted.swarm.restarts && result.seeds >= enough_for_all_rules) {
        print("never exercised, so that the world has a hole: " + missing + '\n');
        return 1;
    }
    return 0;
}

}  // namespace
}  // namespace redlock::sim

int main(int count, char** arguments) {
    const auto wanted = redlock::sim::read(count, arguments);
    if (!wanted) {
        redlock::sim::print(redlock::sim::usage);
        return 64;
    }
    return wanted->seed ? redlock::sim::tell_one(*wanted) : redlock::sim::run(*wanted);
}
