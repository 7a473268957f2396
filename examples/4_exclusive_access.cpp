// One writer to a file. Three writers, each with a long report, append to one file; a report must
// stand in it in one piece. Shows the lock by hand: a short lease that no watchdog renews, extended
// by the writer while he works, and a writer who stops when he may no longer be alone.
//
//     redlock local -n 3 -- build/bin/examples/4_exclusive_access
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <filesystem>
#include <fstream>
#include <redlock/redlock.hpp>

#include "support.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto lease = 1200ms;
constexpr int lines_per_report = 13;

/// A file of its own for every run, removed at the end.
class scratch_file {
  public:
    scratch_file()
        : path_(std::filesystem::temp_directory_path() /
                fmt::format("redlock-example-{}.txt", ::getpid())) {
        std::ofstream{path_, std::ios::trunc};
    }
    scratch_file(const scratch_file&) = delete;
    scratch_file& operator=(const scratch_file&) = delete;
    ~scratch_file() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// Makes sure that enough of the lease is left for the next step. False: stop now.
asio::awaitable<bool> keep(redlock::lock& held, int& extensions) {
    if (held.remaining() > lease * 2 / 3) {
        co_return true;
    }
    auto [error] = co_await held.async_extend(lease, asio::as_tuple(asio::deferred));
    if (error) {
        // Not lost yet if the nodes only failed to answer: what was left is left still, and the
        // next step may try again. valid() knows.
        fmt::print("  extension failed: {}\n", error.message());
        co_return held.valid();
    }
    ++extensions;
    co_return true;
}

/// Writes one report, longer than the lease. True if all of it was written under the lock.
asio::awaitable<bool> write_report(redlock::lock_manager& locks, std::filesystem::path path,
                                   int author, int& extensions) {
    redlock::diagnostics details;
    auto [error, held] = co_await locks.async_acquire(
        "example:file", {.lease_time = lease, .wait = 20s, .details = &details},
        asio::as_tuple(asio::deferred));
    if (error) {
        fmt::print("author {} gives up: {} ({})\n", author, error.message(), details.to_string());
        co_return false;
    }

    std::ofstream file{path, std::ios::app};
    for (int line = 0; line < lines_per_report; ++line) {
        co_await example::pause(100ms);  // Thinks.
        if (!co_await keep(held, extensions) || !held.valid()) {
            fmt::print("author {} lost the lock and stops after {} lines\n", author, line);
            co_return false;
        }
        file << author << '\n' << std::flush;
    }

    // Giving back tells whether we were alone to the very end.
    auto [release_error] = co_await held.async_release(asio::as_tuple(asio::deferred));
    fmt::print("author {} wrote {} lines\n", author, lines_per_report);
    co_return release_error != redlock::errc::lost;
}

/// How often the author changes from one line to the next.
int pieces(const std::filesystem::path& path) {
    std::ifstream file{path};
    int count = 0;
    int before = -1;
    for (int author = 0; file >> author; before = author) {
        count += author != before ? 1 : 0;
    }
    return count;
}

int run_exclusive() {
    constexpr int authors = 3;
    asio::io_context io;
    const scratch_file file;
    std::deque<redlock::lock_manager> machines;
    int finished = 0;
    int extensions = 0;
    for (int author = 0; author < authors; ++author) {
        auto& locks = machines.emplace_back(io.get_executor(), example::nodes());
        asio::co_spawn(io, write_report(locks, file.path(), author, extensions),
                       [&finished](std::exception_ptr failure, bool whole) {
                           example::rethrow(std::move(failure));
                           finished += whole ? 1 : 0;
                       });
    }
    io.run();

    fmt::print("{} of {} reports written, with {} extensions\n", finished, authors, extensions);
    return example::verdict(pieces(file.path()) == authors && finished == authors && extensions > 0,
                            "every report in one piece, though each took longer than the lease");
}

}  // namespace

int main() {
    return example::run(run_exclusive);
}
