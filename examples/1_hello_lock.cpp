// The smallest useful program: run something while holding a lock, and see that nobody else gets in
// meanwhile. Shows `with_lock`, a single attempt that is turned away, and the fencing token.
//
//     redlock local -n 3 -- build/bin/examples/1_hello_lock
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <redlock/redlock.hpp>

#include "support.hpp"

namespace asio = boost::asio;

namespace {

const char* const resource = "example:hello";

/// One attempt by somebody who would rather do something else than wait.
asio::awaitable<bool> is_turned_away(redlock::lock_manager& locks) {
    auto [error, held] =
        co_await locks.async_try_acquire(resource, {}, asio::as_tuple(asio::deferred));
    if (error == redlock::errc::contended) {
        fmt::print("  somebody else asks for it and is turned away: {}\n", error.message());
        co_return true;
    }
    // Anything else is no answer to "is it taken?", so it is not read as one.
    fmt::print("  somebody else asks for it: {}\n", error ? error.message() : "got it!");
    co_return false;
}

/// Holds the lock for a moment. Result: its fencing token, or none if the lock did not exclude.
asio::awaitable<redlock::fencing_token> hold(redlock::lock_manager& mine,
                                             redlock::lock_manager& theirs) {
    // The body runs while the lock is held. It is renewed meanwhile, given back on every way out,
    // and the body would be cancelled if the lock were lost.
    auto body = [&theirs](redlock::lock& held) -> asio::awaitable<redlock::fencing_token> {
        fmt::print("holding \"{}\", fencing token {}\n", held.resource().str(),
                   held.fencing_token().value());
        const bool excluded = co_await is_turned_away(theirs);
        co_return excluded&& held.valid() ? held.fencing_token() : redlock::fencing_token{};
    };
    co_return co_await redlock::with_lock(mine, resource, body);
}

asio::awaitable<bool> hello(redlock::lock_manager& mine, redlock::lock_manager& theirs) {
    const auto first = co_await hold(mine, theirs);
    const bool taken = co_await mine.async_is_locked(resource, asio::use_awaitable);
    fmt::print("given back; held by anybody now: {}\n", taken ? "yes" : "no");

    // Now the other one's turn. His token is larger, so a store can tell new holders from old.
    const auto second = co_await hold(theirs, mine);
    co_return first && !taken && second > first;
}

int run_hello() {
    asio::io_context io;
    // Two managers are two clients: usually they would live on different machines.
    redlock::lock_manager mine{io.get_executor(), example::nodes()};
    redlock::lock_manager theirs{io.get_executor(), example::nodes()};

    bool kept = false;
    asio::co_spawn(io, hello(mine, theirs), [&kept](std::exception_ptr failure, bool result) {
        example::rethrow(std::move(failure));
        kept = result;
    });
    io.run();  // Returns when there is nothing left to do: an idle manager is no work.
    return example::verdict(kept, "one holder at a time, and tokens that grow");
}

}  // namespace

int main() {
    return example::run(run_hello);
}
