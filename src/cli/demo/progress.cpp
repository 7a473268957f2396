// The bar goes to standard output like the account itself: both are the demo's result.
#include "cli/demo/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "cli/base/console.hpp"

namespace redlock::cli {

namespace {

using std::chrono::steady_clock;
constexpr std::size_t bar_width = 24;

}  // namespace

progress::progress() : terminal_(::isatty(STDOUT_FILENO) == 1) {}

void progress::line(const std::string& text) {
    draw("");
    write(text + "\n");
}

void progress::pass(const std::string& title, std::chrono::milliseconds length,
                    const std::function<std::string()>& note) {
    using namespace std::chrono_literals;
    const auto start = steady_clock::now();
    for (;;) {
        const auto elapsed = steady_clock::now() - start;
        if (elapsed >= length) {
            return;
        }
        const double share = std::chrono::duration<double>(elapsed) / length;
        const auto done = static_cast<std::size_t>(share * bar_width);
        draw(fmt::format("{:<34} [{}{}] {}", title, std::string(done, '#'),
                         std::string(bar_width - std::min(done, bar_width), '.'), note()));
        std::this_thread::sleep_for(std::min<steady_clock::duration>(100ms, length - elapsed));
    }
}

/// Over the line before: back to its start, the text, and the rest of the line cleared.
void progress::draw(const std::string& text) {
    if (terminal_) {
        write("\r" + text + "\x1b[K");
    }
}

void progress::write(const std::string& text) {
    shown_ = print(text) && shown_;
}

}  // namespace redlock::cli
