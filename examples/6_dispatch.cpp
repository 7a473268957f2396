// An emergency desk. Dispatchers on many threads, at three desks, send fire crews to incidents; a
// crew must go to one incident only, and a large fire needs two crews or none. Shows the blocking
// `redlock::mutex` with std::scoped_lock and std::lock's deadlock avoidance, and the fencing token:
// the crew store refuses a dispatcher who fell asleep while holding a lock.
//
//     redlock local -n 3 -- build/bin/examples/6_dispatch
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <redlock/redlock.hpp>
#include <thread>

#include "support.hpp"

using namespace std::chrono_literals;

namespace {

constexpr int crews = 8;
constexpr int incidents = 18;

std::string lock_name(int crew) {
    return fmt::format("example:crew:{}", crew);
}

/// Where a crew is: what the locks guard. Each operation carries the fencing token of its caller,
/// and one that is smaller than any seen before is refused. Reads count: a new holder's read shuts
/// out the old holder's late write, which rests on what the old holder read.
class crew_store {
  public:
    enum class answer { done, busy, too_old };

    /// Whether the crew is free.
    answer look(int crew, redlock::fencing_token token) {
        const std::scoped_lock guard{mutex_};
        record& entry = records_[crew];
        return admit(entry, token) ? (entry.incident ? answer::busy : answer::done)
                                   : answer::too_old;
    }
    /// Sends the crew off. On purpose it does not look whether the crew is free: that is what the
    /// lock is for, and what `broken_orders` would show.
    answer send(int crew, int incident, redlock::fencing_token token) {
        const std::scoped_lock guard{mutex_};
        record& entry = records_[crew];
        if (!admit(entry, token)) {
            ++broken_orders_;
            return answer::too_old;
        }
        broken_orders_ += entry.incident ? 1 : 0;
        entry.incident = incident;
        return answer::done;
    }
    [[nodiscard]] std::optional<int> where(int crew) {
        const std::scoped_lock guard{mutex_};
        return records_[crew].incident;
    }
    /// Orders that were refused, or that took a crew from another incident.
    [[nodiscard]] int broken_orders() {
        const std::scoped_lock guard{mutex_};
        return broken_orders_;
    }

  private:
    struct record {
        redlock::fencing_token newest;
        std::optional<int> incident;
    };
    static bool admit(record& entry, redlock::fencing_token token) {
        if (token < entry.newest) {
            return false;
        }
        entry.newest = token;
        return true;
    }

    std::mutex mutex_;
    std::map<int, record> records_;
    int broken_orders_ = 0;
};

/// Sends one crew if it is free. The lock makes the look and the order one step.
bool try_crew(redlock::mutex_context& desk, crew_store& store, int crew, int incident) {
    redlock::mutex alone{desk, lock_name(crew)};
    const std::scoped_lock guard{alone};
    const auto token = alone.fencing_token();
    if (store.look(crew, token) != crew_store::answer::done) {
        return false;
    }
    std::this_thread::sleep_for(2ms);  // The dispatcher reads the address out to the crew.
    return store.send(crew, incident, token) == crew_store::answer::done;
}

/// Sends two crews or none: std::scoped_lock takes both locks in a way that cannot deadlock.
bool try_pair(redlock::mutex_context& desk, crew_store& store, int crew, int incident) {
    const int second = (crew + 1) % crews;
    redlock::mutex one{desk, lock_name(crew)};
    redlock::mutex other{desk, lock_name(second)};
    const std::scoped_lock both{one, other};
    if (store.look(crew, one.fencing_token()) != crew_store::answer::done ||
        store.look(second, other.fencing_token()) != crew_store::answer::done) {
        return false;
    }
    // If the first order goes through and the second is refused, the incident has one crew: a
    // transaction over both is the store's business, not the lock's.
    return store.send(crew, incident, one.fencing_token()) == crew_store::answer::done &&
           store.send(second, incident, other.fencing_token()) == crew_store::answer::done;
}

/// A dispatcher: takes the next incident, looks for a crew, until no incident is left.
void dispatch(redlock::mutex_context& desk, crew_store& store, std::atomic<int>& next,
              std::atomic<int>& sent) {
    for (int incident = next++; incident < incidents; incident = next++) {
        const bool large = incident % 6 == 0;
        for (int step = 0; step < crews; ++step) {
            const int crew = (incident + step) % crews;
            if (large ? try_pair(desk, store, crew, incident)
                      : try_crew(desk, store, crew, incident)) {
                sent += large ? 2 : 1;
                break;
            }
        }
    }
}

/// A dispatcher who falls asleep with a lock in hand. Result: whether the store refused him.
bool sleeper_is_refused(redlock::mutex_context& desk, redlock::mutex_context& other) {
    crew_store store;
    redlock::mutex asleep{desk, "example:crew:night", {.lease_time = 200ms}};
    asleep.lock();
    const auto old_token = asleep.fencing_token();
    while (asleep.valid()) {
        std::this_thread::sleep_for(20ms);
    }

    // The lease is over, so somebody else takes the crew, and only looks at first.
    redlock::mutex awake{other, "example:crew:night"};
    const std::scoped_lock guard{awake};
    const bool free = store.look(0, awake.fencing_token()) == crew_store::answer::done;
    const bool refused = store.send(0, 1, old_token) == crew_store::answer::too_old;
    const bool served = store.send(0, 2, awake.fencing_token()) == crew_store::answer::done;
    asleep.unlock();  // Never throws, though there is nothing left to give back.
    fmt::print("a dispatcher who slept through his lease is {}\n", refused ? "refused" : "OBEYED");
    return free && refused && served && store.where(0) == 2;
}

int run_dispatch() {
    std::deque<redlock::mutex_context> desks;
    for (int desk = 0; desk < 3; ++desk) {
        desks.emplace_back(example::nodes());
    }
    crew_store store;
    std::atomic<int> next = 0;
    std::atomic<int> sent = 0;
    std::vector<std::exception_ptr> failures(6);
    {
        std::vector<std::jthread> dispatchers;
        for (std::size_t who = 0; who < failures.size(); ++who) {
            dispatchers.emplace_back([&, who] {
                try {
                    dispatch(desks[who % desks.size()], store, next, sent);
                } catch (const redlock::lock_error&) {
                    failures[who] = std::current_exception();  // No quorum: nobody can dispatch.
                }
            });
        }
    }
    for (auto& failure : failures) {
        example::rethrow(std::move(failure));
    }

    int out = 0;
    for (int crew = 0; crew < crews; ++crew) {
        const auto incident = store.where(crew);
        fmt::print("crew {}: {}\n", crew,
                   incident ? fmt::format("incident {}", *incident) : "at the station");
        out += incident ? 1 : 0;
    }
    const bool kept = store.broken_orders() == 0 && out == sent && out == crews;
    return example::verdict(sleeper_is_refused(desks[0], desks[1]) && kept,
                            "each crew at one incident only, and no order from a sleeper");
}

}  // namespace

int main() {
    return example::run(run_dispatch);
}
