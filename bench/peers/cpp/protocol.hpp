// What a contender written in C++ is asked and what it answers; bench/peers/README.md has the
// words. Each contender is a program of its own: it connects, warms up, says "ready", waits for a
// line of standard input, works for the time asked and prints one JSON object. Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bench/slice.hpp"

namespace bench {

struct peer_task {
    std::string contender;  ///< For a program that has several.
    std::vector<std::string> nodes;
    std::string workload = "cycles";
    std::size_t at_once = 1;
    std::size_t names = 1024;
    nanoseconds length{0};
    nanoseconds warm_up{0};

    [[nodiscard]] bool is_hand_over() const { return workload == "hand-over"; }
};

// Of a hand-over: how long a worker holds the lock, and when it asks for it again.
inline constexpr std::chrono::milliseconds hold_time{2};
inline constexpr std::chrono::milliseconds pause_time{20};

/// How long after its time a contender may still take to end what it has begun.
inline constexpr std::chrono::seconds grace_time{3};

struct peer_outcome {
    std::size_t cycles = 0;      ///< Acquired and released, both with success and in time.
    std::size_t errors = 0;      ///< Acquisitions and releases that failed.
    std::size_t overlaps = 0;    ///< How often a second worker thought that it held the lock.
    std::size_t unfinished = 0;  ///< Acquisitions and releases without a result.
    nanoseconds elapsed{0};
    nanoseconds busy{0};             ///< Processor time of the whole process.
    std::vector<nanoseconds> waits;  ///< Of acquisitions, to their result or the end of the run.
    std::string error;               ///< The last one.

    void note_error(std::string_view what);
    void add(const peer_outcome& other);
};

/// Throws std::invalid_argument.
[[nodiscard]] peer_task read_peer_task(int count, const char* const* values);

/// Says that all is warm, and waits for the line after which the measured time begins.
void wait_for_go();

void print_outcome(const peer_task& task, std::string_view peer, std::string_view version,
                   const peer_outcome& outcome);

[[nodiscard]] nanoseconds process_time();

}  // namespace bench
