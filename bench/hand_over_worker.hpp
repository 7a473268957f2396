// One process of the hand-over part: one lock manager, and workers that take turns at one resource,
// or at the permits of one semaphore, as a user's coroutines would. It talks to the process that
// measures through standard input and output, judges nothing but its own exclusion, and ends when
// that process does. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <redlock/endpoint.hpp>
#include <string>
#include <vector>

namespace bench {

/// What the workers of one process do.
struct worker_task {
    std::string resource;
    std::size_t workers = 1;
    std::chrono::milliseconds hold{0};   ///< None: the lock is given back at once.
    std::chrono::milliseconds pause{0};  ///< Between giving back and asking again; likewise.
    std::size_t permits = 0;             ///< Of a semaphore; none: they want a lock.
};

/// A task as the arguments of a process, and back; empty if they are anything else.
[[nodiscard]] std::vector<std::string> to_arguments(const worker_task& task);
[[nodiscard]] std::optional<worker_task> worker_task_from(int count, const char* const* values);

// What passes between the processes before the record: one byte each way.
inline constexpr char ready_mark = 'r';  ///< From the worker: connected to every node.
inline constexpr char go_mark = 'g';     ///< To the worker. The end of the input then stops it.

/// Runs until standard input ends, then writes what happened to standard output. Throws
/// std::exception if there is nobody to work for.
void run_worker(const worker_task& task, const std::vector<redlock::endpoint>& nodes);

}  // namespace bench
