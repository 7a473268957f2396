// Lines are built first and written with one write(2), so that those of several processes that
// share a terminal or a log do not mix.
#include "cli/base/console.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "cli/base/typed_secrets.hpp"

namespace redlock::cli {

namespace {

std::atomic<bool>& quiet() {
    static std::atomic<bool> value{false};
    return value;
}

/// Whether a line that was drawn stands on the terminal.
std::atomic<bool>& drawn() {
    static std::atomic<bool> value{false};
    return value;
}

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

void be_quiet() {
    quiet() = true;
}

std::string line_of(std::string_view text) {
    return quiet() ? std::string{} : fmt::format("redlock: {}\n", without_typed_urls(text));
}

void say(std::string_view text) {
    draw("");
    write_all(STDERR_FILENO, line_of(text));
}

void draw(std::string_view text) {
    const bool wipes = drawn().exchange(!text.empty());
    if (!quiet() && (wipes || !text.empty())) {
        write_all(STDERR_FILENO, fmt::format("\r{}\x1b[K", text));
    }
}

bool print(std::string_view text) {
    if (write_all(STDOUT_FILENO, text)) {
        return true;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): glibc's is safe.
    say(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
    return false;
}

}  // namespace redlock::cli
