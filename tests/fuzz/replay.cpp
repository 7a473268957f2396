// Runs a fuzz target without a fuzzer: first every file of its corpus as it is, then so many inputs
// made from them by small random damage, always the same ones for the same seed. What breaks the
// target is written to a file before the process ends, to be handed to the target again. One
// thread.
//
// usage: fuzz_TARGET CORPUS_FOLDER [RUNS [SEED]]   or   fuzz_TARGET FILE
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/target.hpp"

// Only with a sanitizer, which does not raise a signal when it has found something.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace redlock::fuzz {
namespace {

namespace files = std::filesystem;

constexpr std::size_t longest_input = 4096;
constexpr std::uint64_t usual_runs = 20'000;

std::string present_input;  // looked at when the process dies
std::string find_path;

void keep_input() {
    const int file = ::open(find_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file >= 0 && ::write(file, present_input.data(), present_input.size()) >= 0) {
        ::close(file);
        constexpr std::string_view said = "the input that did it: ";
        static_cast<void>(::write(STDERR_FILENO, said.data(), said.size()) +
                          ::write(STDERR_FILENO, find_path.data(), find_path.size()) +
                          ::write(STDERR_FILENO, "\n", 1));
    }
}

void die_of(int signal) {
    keep_input();
    std::signal(signal, SIG_DFL);
    static_cast<void>(std::raise(signal));
}

void watch_for_death() {
    std::signal(SIGABRT, die_of);
    if (__sanitizer_set_death_callback != nullptr) {
        __sanitizer_set_death_callback(keep_input);
        return;
    }
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
        std::signal(signal, die_of);
    }
}

/// splitmix64: the same numbers on every machine and with every library.
class dice {
  public:
    explicit dice(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }
    std::size_t below(std::size_t bound) {
        return bound == 0 ? 0 : static_cast<std::size_t>(next() % bound);
    }

  private:
    std::uint64_t state_;
};

// Words of the languages that the targets read, and the numbers at their ends.
constexpr std::array<std::string_view, 25> words{"\r\n",
                                                 ":0\r\n",
                                                 ":1\r\n",
                                                 ":1700000000000000\r\n",
                                                 ":-1\r\n",
                                                 ":-2\r\n",
                                                 "$-1\r\n",
                                                 "$0\r\n\r\n",
                                                 "*-1\r\n",
                                                 "*0\r\n",
                                                 "*2\r\n",
                                                 "*3\r\n",
                                                 "*4\r\n",
                                                 "+OK\r\n",
                                                 "-ERR ",
                                                 "9223372036854775807",
                                                 "-9223372036854775808",
                                                 "18446744073709551616",
                                                 "@",
                                                 ":",
                                                 "/",
                                                 "%00",
                                                 "%",
                                                 "\xff",
                                                 std::string_view{"\0", 1}};

void damage(std::string& bytes, const std::vector<std::string>& seeds, dice& random) {
    const std::size_t at = random.below(bytes.size() + 1);
    const std::size_t length = random.below(std::min<std::size_t>(bytes.size() - at, 16) + 1);
    switch (random.below(9)) {
        case 0:
            bytes.insert(at, words[random.below(words.size())]);
            break;
        case 1:
            bytes.insert(at, 1, static_cast<char>(random.below(256)));
            break;
        case 2:
            bytes.erase(at, length);
            break;
        case 3:
            bytes.insert(at, std::string{bytes, at, length});
            break;
        case 4: {
            const std::string& other = seeds[random.below(seeds.size())];
            bytes = bytes.substr(0, at) + other.substr(random.below(other.size() + 1));
            break;
        }
        case 5:
            for (std::size_t count = random.below(32); count != 0; --count) {
                bytes.insert(at, 1, static_cast<char>(random.below(256)));
            }
            break;
        default:
            if (at < bytes.size()) {
                const bool flip = random.below(2) == 0;
                bytes[at] = flip ? static_cast<char>(bytes[at] ^ (1 << random.below(8)))
                                 : static_cast<char>(random.below(256));
            }
            break;
    }
    bytes.resize(std::min(bytes.size(), longest_input));
}

std::string content_of(const files::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// The files of a folder in the order of their names, or the file itself.
std::vector<std::string> contents_of(const files::path& path) {
    if (!files::is_directory(path)) {
        return {content_of(path)};
    }
    std::vector<files::path> paths;
    for (const auto& each : files::directory_iterator{path}) {
        paths.push_back(each.path());
    }
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> contents;
    for (const auto& each : paths) {
        contents.push_back(content_of(each));
    }
    return contents;
}

void run(const std::string& bytes) {
    present_input = bytes;
    // Of exactly that size, so that one byte too far is noticed.
    const std::vector<char> exact(bytes.begin(), bytes.end());
    try_input({exact.data(), exact.size()});
}

std::uint64_t number_in(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

int replay(const std::vector<std::string>& arguments) {
    const files::path corpus = arguments.at(1);
    const std::vector<std::string> seeds = contents_of(corpus);
    for (const std::string& each : seeds) {
        run(each);
    }
    if (!files::is_directory(corpus) || seeds.empty()) {
        fmt::print("{} inputs\n", seeds.size());
        return seeds.empty() ? 1 : 0;
    }
    const std::uint64_t runs = arguments.size() > 2 ? number_in(arguments[2]) : usual_runs;
    dice random{arguments.size() > 3 ? number_in(arguments[3]) : 1};
    for (std::uint64_t i = 0; i < runs; ++i) {
        std::string bytes = seeds[random.below(seeds.size())];
        for (std::size_t wounds = random.below(5) + 1; wounds != 0; --wounds) {
            damage(bytes, seeds, random);
        }
        run(bytes);
    }
    fmt::print("{} inputs from the corpus, {} made from them\n", seeds.size(), runs);
    return 0;
}

}  // namespace
}  // namespace redlock::fuzz

int main(int count, char** values) {
    const std::vector<std::string> arguments(values, values + count);
    if (arguments.size() < 2 || !std::filesystem::exists(arguments[1])) {
        fmt::print(stderr, "usage: {0} CORPUS_FOLDER [RUNS [SEED]]  or  {0} FILE\n",
                   arguments.at(0));
        return 64;
    }
    redlock::fuzz::find_path = (std::filesystem::current_path() /
                                (std::filesystem::path{arguments[0]}.filename().string() + ".find"))
                                   .string();
    redlock::fuzz::watch_for_death();
    return redlock::fuzz::replay(arguments);
}
