// Lines are built first and written with one write(2), so that those of several processes that
// share a terminal or a log do not mix.
#include "cli/base/console.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "cli/base/environment.hpp"
#include "cli/base/events.hpp"

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

std::atomic<log_format>& format() {
    static std::atomic<log_format> value{log_format::text};
    return value;
}

bool is_colourful(int fd) {
    return ::isatty(fd) == 1 && may_colour(environment_value("NO_COLOR").value_or(""),
                                           environment_value("TERM").value_or(""));
}

bool is_the_journal(int fd) {
    struct stat is {};
    const auto named = environment_value("JOURNAL_STREAM");
    return named && ::fstat(fd, &is) == 0 && names_file(*named, is.st_dev, is.st_ino);
}

/// What standard error is does not change while we run.
log_style style() {
    static const bool journal = is_the_journal(STDERR_FILENO);
    static const bool colour = is_colourful(STDERR_FILENO);
    return {.format = format(), .journal = journal, .colour = colour};
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

void write_messages_as(log_format wanted) {
    format() = wanted;
}

bool may_colour_output() {
    return is_colourful(STDOUT_FILENO);
}

std::string line_of(const message& what) {
    return quiet() ? std::string{} : rendered(what, style(), std::chrono::system_clock::now());
}

void say(const message& what) {
    draw("");
    write_all(STDERR_FILENO, line_of(what));
}

void say(std::string_view text) {
    say({.level = severity::error, .event = events::failed, .text = text});
}

void draw(std::string_view text) {
    const bool wipes = drawn().exchange(!text.empty());
    if (!quiet() && format() == log_format::text && (wipes || !text.empty())) {
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
