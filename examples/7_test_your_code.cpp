// Testing your own code in a simulated world. Two shops sell from one stock, each sale under a
// lock, and that looks right: nobody reads the stock while somebody else changes it. But a machine
// can stall for longer than its lease just before it writes. Only a database that refuses a fencing
// token older than the newest one it has seen is safe from that. This test runs the shops with a
// database that looks at the token and with one that does not, through 200 seeds: each has other
// moments and other stalls. It needs no servers, and an hour in its world takes milliseconds.
//
//     build/bin/examples/7_test_your_code
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <deque>
#include <optional>
#include <redlock/redlock.hpp>
#include <redlock/testing.hpp>

#include "support.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using redlock::testing::process;
using redlock::testing::world;

namespace {

// ---- what is tested: the shop ----

struct database {
    virtual asio::awaitable<int> read() = 0;
    /// False if it was refused.
    virtual asio::awaitable<bool> write(int items, redlock::fencing_token by) = 0;

  protected:
    ~database() = default;
};

/// One sale after the other, until the shelf is empty. Counts each in `sold` once it is written.
asio::awaitable<void> sell(redlock::lock_manager& locks, database& stock, int& sold) {
    bool empty = false;
    auto sale = [&](redlock::lock& held) -> asio::awaitable<void> {
        const int left = co_await stock.read();
        empty = left == 0;
        if (!empty && co_await stock.write(left - 1, held.fencing_token())) {
            ++sold;
        }
    };
    while (!empty) {
        try {
            co_await redlock::with_lock(locks, "stock:umbrella", sale);
        } catch (const redlock::lock_error&) {
            // Lost on the way, or no quorum: the next customer tries again.
        }
    }
}

// ---- the test ----

enum class tokens { looked_at, ignored };

/// Stands for the database. A read and a write take a few milliseconds of the world's time.
class simulated_database final : public database {
  public:
    simulated_database(world& in, int items, tokens what)
        : world_(in), items_(items), tokens_(what) {}

    asio::awaitable<int> read() override {
        co_await world_.async_sleep(2ms);
        co_return items_;
    }
    asio::awaitable<bool> write(int items, redlock::fencing_token by) override {
        co_await world_.async_sleep(2ms);
        if (tokens_ == tokens::looked_at && by < newest_) {
            co_return false;
        }
        newest_ = by;
        items_ = items;
        co_return true;
    }
    [[nodiscard]] int items() const { return items_; }

  private:
    world& world_;
    int items_;
    tokens tokens_;
    redlock::fencing_token newest_;
};

/// Whether every sale is in the books when the day is over. Each shop stalls once, at some moment,
/// for up to half a minute; its lease is ten seconds.
bool books_are_right(std::uint64_t seed, tokens what) {
    constexpr int in_stock = 20;
    world world{{.seed = seed}};
    simulated_database stock{world, in_stock, what};
    std::deque<redlock::lock_manager> shops;
    int sold = 0;
    for (int number = 0; number < 2; ++number) {
        const process machine = world.add_process();
        shops.emplace_back(machine.get_executor(), world.nodes());
        asio::co_spawn(machine.get_executor(), sell(shops.back(), stock, sold), asio::detached);
        const auto moment = std::chrono::milliseconds(world.random(200));
        const auto length = std::chrono::seconds(world.random(30));
        world.after(moment, [machine, length] { machine.pause(length); });
    }
    world.run_for(1h);
    return stock.items() == 0 && sold == in_stock;
}

std::optional<std::uint64_t> first_broken_seed(tokens what) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        if (!books_are_right(seed, what)) {
            return seed;
        }
    }
    return std::nullopt;
}

int run_test() {
    const auto careless = first_broken_seed(tokens::ignored);
    const auto careful = first_broken_seed(tokens::looked_at);
    if (careless) {
        fmt::print("tokens ignored: with seed {} the books are wrong, each time\n", *careless);
    }
    if (!careful) {
        fmt::print("tokens looked at: the books are right with all 200 seeds\n");
    }
    return example::verdict(careless && !careful,
                            "the fencing token saves the books, and the lock alone does not");
}

}  // namespace

int main() {
    return example::run(run_test);
}
