// A fleet of machines calls a slow service, which is to have at most 10 calls at once from all of
// them together. Shows `redlock::with_permit`. Here each machine is a manager of its own in one
// process, so that the example can count the calls.
//
//     redlock local -n 3 -- build/bin/examples/10_slow_service
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <redlock/redlock.hpp>

#include "support.hpp"

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

constexpr int machines = 4;
constexpr int calls_on_each = 15;

/// The slow service, which notes how many calls it has at once.
class service {
  public:
    asio::awaitable<void> call() {
        most_ = std::max(most_, ++calls_);
        co_await example::pause(20ms);
        --calls_;
        ++done_;
    }
    [[nodiscard]] int most() const { return most_; }
    [[nodiscard]] int done() const { return done_; }

  private:
    int calls_ = 0;
    int most_ = 0;
    int done_ = 0;
};

// Each machine gives the same number.
const redlock::semaphore slow_service{"example:slow-service", 10};

asio::awaitable<void> call_in_turn(redlock::lock_manager& locks, service& slow) {
    co_await redlock::with_permit(
        locks, slow_service,
        [&](redlock::lock& /*permit*/) -> asio::awaitable<void> { co_await slow.call(); });
}

int work() {
    asio::io_context io;
    service slow;
    std::deque<redlock::lock_manager> fleet;
    for (int machine = 0; machine < machines; ++machine) {
        fleet.emplace_back(io, example::nodes());
        for (int call = 0; call < calls_on_each; ++call) {
            asio::co_spawn(io, call_in_turn(fleet.back(), slow), example::rethrow);
        }
    }
    io.run();
    fmt::print("{} calls, at most {} at once\n", slow.done(), slow.most());
    return example::verdict(slow.done() == machines * calls_on_each && slow.most() <= 10,
                            "at most 10 calls to the service across the fleet");
}

}  // namespace

int main() {
    return example::run(work);
}
