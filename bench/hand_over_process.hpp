// A worker's process, seen from the one that measures: started from this same executable, so that
// it begins without a thread or an open connection of ours. It never outlives this object; a
// process that does not answer in time is killed. One thread.
#pragma once

#include <sys/types.h>

#include "bench/hand_over_record.hpp"
#include "bench/hand_over_worker.hpp"
#include "bench/slice.hpp"

namespace bench {

class hand_over_process {
  public:
    /// Starts it. Throws std::system_error.
    explicit hand_over_process(const worker_task& task);
    hand_over_process(const hand_over_process&) = delete;
    hand_over_process& operator=(const hand_over_process&) = delete;
    ~hand_over_process();

    /// Until its connections stand. Throws std::runtime_error if it ends or the time does.
    void await_ready(clock::time_point latest);
    /// Its workers begin, and after `stop` they end.
    void go();
    void stop();
    /// What happened; after `stop`. Throws as `await_ready`.
    [[nodiscard]] hand_over_record collect(clock::time_point latest);

  private:
    void read_exactly(void* bytes, std::size_t size, clock::time_point latest);

    pid_t process_ = -1;
    int to_it_ = -1;
    int from_it_ = -1;
};

}  // namespace bench
