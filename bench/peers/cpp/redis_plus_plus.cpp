// redis-plus-plus as a peer: its RedMutex, by one thread for each cycle in progress, since it
// blocks. One watcher prolongs the leases of all locks, as its documentation advises. See
// bench/peers/README.md.
#include <fmt/core.h>
#include <sw/redis++/patterns/redlock.h>
#include <sw/redis++/redis++.h>
#include <sw/redis++/version.h>

#include <atomic>
#include <cstdlib>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/peers/cpp/protocol.hpp"

namespace {

constexpr std::string_view peer = "redis-plus-plus";

std::string version() {
    return fmt::format("{}.{}.{}", sw::redis::VERSION_MAJOR, sw::redis::VERSION_MINOR,
                       sw::redis::VERSION_PATCH);
}

using servers = std::vector<std::shared_ptr<sw::redis::Redis>>;

/// A pool has one connection unless told otherwise; each thread shall find one.
servers connect(const bench::peer_task& task) {
    servers all;
    for (const std::string& url : task.nodes) {
        const sw::redis::Uri where{url};
        auto pool = where.connection_pool_options();
        pool.size = task.at_once;
        all.push_back(std::make_shared<sw::redis::Redis>(where.connection_options(), pool));
    }
    return all;
}

/// What one thread has seen. The mutex is for the end of a run, when a thread may hang.
class worker {
  public:
    void begin() {
        const std::scoped_lock guard{mutex_};
        asked_ = bench::clock::now();
        busy_ = waiting_ = true;
    }
    void acquired() {
        const std::scoped_lock guard{mutex_};
        outcome_.waits.push_back(bench::clock::now() - asked_);
        waiting_ = false;
    }
    void overlapped() {
        const std::scoped_lock guard{mutex_};
        ++outcome_.overlaps;
    }
    void released(bool in_time) {
        const std::scoped_lock guard{mutex_};
        outcome_.cycles += in_time ? 1 : 0;
        busy_ = false;
    }
    void failed(std::string_view what) {
        const std::scoped_lock guard{mutex_};
        outcome_.note_error(what);
        busy_ = waiting_ = false;
    }
    bench::peer_outcome outcome() {
        const std::scoped_lock guard{mutex_};
        auto result = outcome_;
        result.unfinished = busy_ ? 1 : 0;
        if (waiting_) {
            result.waits.push_back(bench::clock::now() - asked_);
        }
        return result;
    }

  private:
    std::mutex mutex_;
    bench::peer_outcome outcome_;
    bool busy_ = false;     ///< Something of it has no result yet.
    bool waiting_ = false;  ///< That something is an acquisition.
    bench::clock::time_point asked_{};
};

class crew {
  public:
    explicit crew(const bench::peer_task& task) : task_(task), servers_(connect(task)) {}

    bench::peer_outcome run(bench::nanoseconds length);

  private:
    void work(worker& self, std::size_t number);
    void cycle(worker& self, const std::string& name);
    void hold(worker& self);

    const bench::peer_task& task_;
    servers servers_;
    std::shared_ptr<sw::redis::LockWatcher> watcher_ = std::make_shared<sw::redis::LockWatcher>();
    bench::clock::time_point end_{};
    std::atomic<int> holding_ = 0;
};

void crew::hold(worker& self) {
    if (++holding_ > 1) {
        self.overlapped();
    }
    std::this_thread::sleep_for(bench::hold_time);
    --holding_;
}

void crew::cycle(worker& self, const std::string& name) {
    self.begin();
    try {
        sw::redis::RedMutex mutex{servers_.begin(), servers_.end(), name, nullptr, {}, watcher_};
        mutex.lock();
        self.acquired();
        if (task_.is_hand_over()) {
            hold(self);
        }
        mutex.unlock();
        self.released(bench::clock::now() < end_);
    } catch (const std::exception& problem) {
        self.failed(problem.what());
    }
}

void crew::work(worker& self, std::size_t number) {
    const std::string prefix = "redlock-bench:redis-plus-plus:";
    const std::size_t stretch = task_.names / task_.at_once;
    for (std::size_t next = 0; bench::clock::now() < end_; next = (next + 1) % stretch) {
        cycle(self, task_.is_hand_over() ? prefix + "contended"
                                         : fmt::format("{}{:06}", prefix, number * stretch + next));
        if (task_.is_hand_over()) {
            std::this_thread::sleep_for(bench::pause_time);
        }
    }
}

bench::peer_outcome crew::run(bench::nanoseconds length) {
    std::vector<worker> workers(task_.at_once);
    std::vector<std::future<void>> threads;
    const auto busy_before = bench::process_time();
    end_ = bench::clock::now() + length;
    for (std::size_t number = 0; number < workers.size(); ++number) {
        threads.push_back(std::async(std::launch::async,
                                     [this, &workers, number] { work(workers[number], number); }));
    }
    std::this_thread::sleep_until(end_);
    bench::peer_outcome all;
    all.elapsed = length;
    all.busy = bench::process_time() - busy_before;
    bool hanging = false;
    for (const auto& each : threads) {
        hanging |= each.wait_until(end_ + bench::grace_time) != std::future_status::ready;
    }
    for (worker& each : workers) {
        all.add(each.outcome());
    }
    if (hanging) {
        bench::print_outcome(task_, peer, version(), all);
        std::quick_exit(EXIT_SUCCESS);  // No other way to be rid of a thread that hangs.
    }
    return all;
}

}  // namespace

int main(int count, char** values) {
    try {
        const auto task = bench::read_peer_task(count, values);
        crew all{task};
        all.run(task.warm_up);
        bench::wait_for_go();
        const auto outcome = all.run(task.length);
        bench::print_outcome(task, peer, version(), outcome);
        return EXIT_SUCCESS;
    } catch (const std::exception& problem) {
        fmt::print(stderr, "redis_plus_plus: {}\n", problem.what());
        return EXIT_FAILURE;
    }
}
