// The workers of docs/fork.md, compiled by the tests. What stands between the snippet marks is what
// the page shows, letter by letter; check.sh in this folder sees to that.
#include <unistd.h>

#include <boost/asio.hpp>
#include <redlock/redlock.hpp>

namespace asio = boost::asio;

namespace {

asio::awaitable<void> work(redlock::lock_manager& locks) {
    redlock::lock held = co_await locks.async_acquire("job");
    co_await held.async_release();
}

// snippet: prefork
int serve(const redlock::node_list& nodes) {
    asio::io_context io;
    redlock::lock_manager locks{io.get_executor(), nodes};
    asio::co_spawn(io, work(locks), asio::detached);
    io.run();
    return 0;
}

void start_workers(const redlock::node_list& nodes, int count) {
    for (int i = 0; i < count; ++i) {
        if (fork() == 0) {
            _exit(serve(nodes));
        }
    }
}
// end of snippet

}  // namespace

int main() {
    start_workers({"redis://127.0.0.1:7001"}, 4);
}
