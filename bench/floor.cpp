// The two floors. Their commands are the library's, byte for byte in shape: names, tokens and
// numbers are as long as those that the library sends.
#include "bench/floor.hpp"

#include <fmt/format.h>

#include "bench_scripts.hpp"

namespace bench {

namespace {

// Marks of the width of what takes their place: a name's number, and microseconds since the epoch.
constexpr std::string_view name_mark = "######";
constexpr std::string_view ballot_mark = "@@@@@@@@@@@@@@@@";
// The library's tokens begin with the ballot, so that of the own floor changes with it.
constexpr std::string_view plain_token = "0123456789abcdef-0123456789abcdef0123456789abcdef";
constexpr std::string_view own_token = "@@@@@@@@@@@@@@@@-0123456789abcdef0123456789abcdef";
constexpr std::string_view lease_ms = "10000";
constexpr std::string_view window_us = "10000000";
constexpr std::string_view fence_ms = "120000";

constexpr std::string_view compare_and_delete =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

bool is_ok(std::string_view reply) {
    return reply == "+OK";
}
/// A grant by the library's own script is the node's time; its other answers are arrays.
bool is_time(std::string_view reply) {
    return reply.starts_with(':') && reply.size() > 7;
}
bool is_removed(std::string_view reply) {
    return reply == ":1";
}

/// Loads a script everywhere. Result: its SHA1.
std::string load(std::vector<bare_node>& nodes, std::string_view script) {
    std::string sha1;
    for (bare_node& node : nodes) {
        sha1 = node.ask({"SCRIPT", "LOAD", script});
    }
    return sha1;
}

std::string acquire_command(floor_kind kind, std::vector<bare_node>& nodes) {
    std::string command;
    if (kind == floor_kind::plain) {
        const std::string name = fmt::format("redlock-bench:plain:{}", name_mark);
        append_command(command, {"SET", name, plain_token, "NX", "PX", lease_ms});
    } else {
        const std::string name = fmt::format("redlock-bench:bare:{}", name_mark);
        append_command(command, {"EVALSHA", load(nodes, acquire_script), "2", name,
                                 fmt::format("redlock:fence:{{{}}}", name), own_token, ballot_mark,
                                 ballot_mark, lease_ms, window_us, fence_ms, "1"});
    }
    return command;
}

std::string release_command(floor_kind kind, std::vector<bare_node>& nodes) {
    std::string command;
    if (kind == floor_kind::plain) {
        const std::string name = fmt::format("redlock-bench:plain:{}", name_mark);
        append_command(command,
                       {"EVALSHA", load(nodes, compare_and_delete), "1", name, plain_token});
    } else {
        const std::string name = fmt::format("redlock-bench:bare:{}", name_mark);
        append_command(command, {"EVALSHA", load(nodes, release_script), "1", name, own_token});
    }
    return command;
}

void write_digits(char* last, std::size_t width, std::uint64_t value) {
    for (std::size_t digit = 0; digit < width; ++digit) {
        *last-- = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

std::uint64_t microseconds_since_epoch() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                          std::chrono::system_clock::now().time_since_epoch())
                                          .count());
}

}  // namespace

prepared_batch::prepared_batch(std::string_view command, std::size_t count, std::string_view name,
                               std::string_view ballot)
    : name_width_(name.size()), ballot_width_(ballot.size()) {
    for (std::size_t copy = 0; copy < count; ++copy) {
        const std::size_t base = text_.size();
        text_ += command;
        for (auto at = command.find(name); at != std::string_view::npos;
             at = command.find(name, at + 1)) {
            names_.push_back({base + at, copy});
        }
        for (auto at = command.find(ballot); at != std::string_view::npos;
             at = command.find(ballot, at + 1)) {
            ballots_.push_back(base + at);
        }
    }
}

void prepared_batch::patch(std::size_t first_name, std::uint64_t ballot) {
    for (const place& where : names_) {
        write_digits(text_.data() + where.offset + name_width_ - 1, name_width_,
                     first_name + where.command);
    }
    for (const std::size_t offset : ballots_) {
        write_digits(text_.data() + offset + ballot_width_ - 1, ballot_width_, ballot);
    }
}

floor::floor(floor_kind kind, std::vector<bare_node>& nodes, std::size_t node_count,
             std::size_t at_once, std::size_t names)
    : nodes_(nodes),
      node_count_(node_count),
      at_once_(at_once),
      names_(names - names % at_once),
      granted_(kind == floor_kind::plain ? is_ok : is_time),
      acquire_(acquire_command(kind, nodes), at_once, name_mark, ballot_mark),
      release_(release_command(kind, nodes), at_once, name_mark, ballot_mark) {}

std::size_t floor::exchange(std::string_view bytes, bool (*expected)(std::string_view reply)) {
    for (std::size_t node = 0; node < node_count_; ++node) {
        nodes_[node].write(bytes);
    }
    std::size_t unexpected = 0;
    for (std::size_t node = 0; node < node_count_; ++node) {
        for (std::size_t reply = 0; reply < at_once_; ++reply) {
            unexpected += expected(nodes_[node].read_reply()) ? 0U : 1U;
        }
    }
    return unexpected;
}

slice floor::run(nanoseconds length) {
    slice result;
    const auto busy_before = thread_time();
    const auto start = clock::now();
    auto now = start;
    while (now - start < length) {
        const std::uint64_t ballot = microseconds_since_epoch();
        acquire_.patch(next_name_, ballot);
        release_.patch(next_name_, ballot);
        next_name_ = (next_name_ + at_once_) % names_;

        result.errors += exchange(acquire_.bytes(), granted_);
        const auto acquired = clock::now();
        latencies_.push_back(acquired - now);
        result.errors += exchange(release_.bytes(), is_removed);
        result.cycles += at_once_;
        now = clock::now();
    }
    result.elapsed = now - start;
    result.busy = thread_time() - busy_before;
    return result;
}

}  // namespace bench
