// A cache that many read and one rebuilds. Several web servers answer from it at the same time; now
// and then one of them rebuilds it, part by part, while nobody may read. Having written, it becomes
// a reader itself, without a moment in which another could write in between. Shows shared locks,
// and `lock::async_downgrade`.
//
//     redlock local -n 3 -- build/bin/examples/11_cached_answer
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <redlock/redlock.hpp>
#include <utility>

#include "support.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr int servers = 4;
constexpr int answers_of_each = 40;
constexpr int rebuilt_every = 10;

/// Stands for a cache on another machine. Its two parts belong together.
class cache {
  public:
    /// False if the parts are of different editions.
    asio::awaitable<bool> read() {
        most_readers_ = std::max(most_readers_, ++readers_);
        const int first = first_part_;
        co_await example::pause(1ms);
        --readers_;
        co_return first == second_part_;
    }
    asio::awaitable<void> rebuild() {
        const int edition = first_part_ + 1;
        first_part_ = edition;
        co_await example::pause(1ms);
        second_part_ = edition;
    }
    [[nodiscard]] int edition() const { return second_part_; }
    [[nodiscard]] int most_readers() const { return most_readers_; }

  private:
    int first_part_ = 0;
    int second_part_ = 0;
    int readers_ = 0;
    int most_readers_ = 0;
};

const redlock::resource_name catalogue{"example:catalogue"};

asio::awaitable<bool> answer(redlock::lock_manager& locks, cache& cached) {
    co_return co_await redlock::with_shared_lock(
        locks, catalogue, [&](redlock::lock& /*reader*/) { return cached.read(); });
}

/// What this server has written is what it answers with: no other rebuilds in between.
asio::awaitable<bool> rebuild_and_answer(redlock::lock_manager& locks, cache& cached) {
    co_return co_await redlock::with_lock(locks, catalogue,
                                          [&](redlock::lock& held) -> asio::awaitable<bool> {
                                              co_await cached.rebuild();
                                              const int written = cached.edition();
                                              co_await held.async_downgrade();
                                              const bool whole = co_await cached.read();
                                              co_return whole&& cached.edition() == written;
                                          });
}

asio::awaitable<void> serve(redlock::lock_manager& locks, cache& cached, int& right) {
    for (int i = 1; i <= answers_of_each; ++i) {
        auto turn =
            i % rebuilt_every == 0 ? rebuild_and_answer(locks, cached) : answer(locks, cached);
        right += co_await std::move(turn) ? 1 : 0;
    }
}

int run_servers() {
    asio::io_context io;
    cache cached;
    int right = 0;
    std::deque<redlock::lock_manager> fleet;  // A deque, since the coroutines refer to them.
    for (int i = 0; i < servers; ++i) {
        fleet.emplace_back(io.get_executor(), example::nodes());
        asio::co_spawn(io, serve(fleet.back(), cached, right), example::rethrow);
    }
    io.run();
    fmt::print("{} answers, {} editions of the cache, up to {} servers read at once\n",
               servers * answers_of_each, cached.edition(), cached.most_readers());
    const bool kept = right == servers * answers_of_each &&
                      cached.edition() == servers * answers_of_each / rebuilt_every &&
                      cached.most_readers() > 1;
    return example::verdict(kept, "no server read while another rebuilt");
}

}  // namespace

int main() {
    return example::run(run_servers);
}
