// The example of docs/configuration.md, as a program that the tests compile.
#include <boost/asio.hpp>
#include <redlock/redlock.hpp>

namespace asio = boost::asio;

namespace {

asio::awaitable<void> write_report() {
    co_return;
}

}  // namespace

// snippet: configuration
asio::awaitable<void> nightly(redlock::lock_manager& locks,
                              const redlock::configuration& configured) {
    redlock::lock held = co_await locks.async_acquire("report", configured.acquire());
    co_await write_report();
    co_await held.async_release();
}

int main() {
    const auto configured = redlock::read_configuration("/etc/report/redlock.toml").value();
    asio::io_context io;
    redlock::lock_manager locks{io.get_executor(), configured.nodes, configured.options};
    asio::co_spawn(io, nightly(locks, configured), asio::detached);
    io.run();
}
// end of snippet
