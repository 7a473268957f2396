// Selling the last items. Three shops sell from one stock, whose database can only be read and
// written, not decremented: without a lock two customers would read "1 left" and both be sold the
// last one. Shows one lock around read-modify-write, and what to tell a customer in each error.
//
//     redlock local -n 3 -- build/bin/examples/2_stock
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <redlock/redlock.hpp>

#include "support.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// Stands for a database on another machine: every access takes a moment, and between a read and
/// the write that follows it, others may come in.
class stock {
  public:
    explicit stock(int items) : items_(items) {}

    asio::awaitable<int> read() const {
        co_await example::pause(1ms);
        co_return items_;
    }
    asio::awaitable<void> write(int items) {
        co_await example::pause(1ms);
        items_ = items;
    }

  private:
    int items_;
};

enum class outcome { sold, sold_out, try_again, unsure };

/// One customer. The lock spans the read and the write that rests on it, and nothing else.
asio::awaitable<outcome> buy(redlock::lock_manager& locks, stock& umbrellas) {
    auto sale = [&umbrellas](redlock::lock&) -> asio::awaitable<outcome> {
        const int left = co_await umbrellas.read();
        if (left == 0) {
            co_return outcome::sold_out;
        }
        co_await umbrellas.write(left - 1);
        co_return outcome::sold;
    };
    try {
        // The name says what is guarded: one article. Other articles are sold meanwhile.
        co_return co_await redlock::with_lock(locks, "example:stock:umbrella", sale,
                                              {.wait = 10s, .label = "selling an umbrella"});
    } catch (const redlock::lock_error& problem) {
        if (problem.code() == redlock::errc::lost) {
            // The sale may have been written: look at the database before saying anything.
            co_return outcome::unsure;
        }
        // timed_out: too many customers. no_quorum: the nodes are away. Nothing was sold.
        fmt::print("  please try again: {}\n", problem.what());
        co_return outcome::try_again;
    }
}

int run_stock() {
    constexpr int in_stock = 10;
    constexpr int customers = 24;
    asio::io_context io;
    stock umbrellas{in_stock};

    std::deque<redlock::lock_manager> shops;  // A deque, since the coroutines refer to them.
    for (int shop = 0; shop < 3; ++shop) {
        shops.emplace_back(io.get_executor(), example::nodes());
    }

    int sold = 0;
    int sent_away = 0;
    int unsure = 0;
    for (std::size_t customer = 0; customer < customers; ++customer) {
        asio::co_spawn(io, buy(shops[customer % shops.size()], umbrellas),
                       [&](std::exception_ptr failure, outcome result) {
                           example::rethrow(std::move(failure));
                           sold += result == outcome::sold ? 1 : 0;
                           sent_away += result == outcome::sold_out ? 1 : 0;
                           unsure += result == outcome::unsure ? 1 : 0;
                       });
    }
    io.run();

    int left = -1;
    asio::co_spawn(io, umbrellas.read(), [&left](std::exception_ptr, int items) { left = items; });
    io.restart();
    io.run();

    fmt::print("{} umbrellas, {} customers: {} sold, {} found the shelf empty, {} left\n", in_stock,
               customers, sold, sent_away, left);
    const bool kept = sold <= in_stock && left >= 0 && (unsure > 0 || sold + left == in_stock);
    return example::verdict(kept, "never oversold, no sale forgotten");
}

}  // namespace

int main() {
    return example::run(run_stock);
}
