// Reads INFO commandstats and INFO memory. The total of INFO stats would not do: it counts what
// scripts call and does not tell it apart.
#include "bench/server_commands.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>
#include <string_view>

#include "bench_scripts.hpp"

namespace bench {

namespace {

/// The number behind `mark`, which is the first in `line`.
std::uint64_t number_behind(std::string_view mark, std::string_view line) {
    std::uint64_t number = 0;
    if (const auto at = line.find(mark); at != std::string_view::npos) {
        const auto digits = line.substr(at + mark.size());
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    }
    return number;
}

/// A line reads: cmdstat_client|setname:calls=3,usec=10,...
server_work sent_by_clients(std::string_view statistics) {
    constexpr std::string_view prefix = "cmdstat_";
    constexpr std::string_view calls = ":calls=";
    server_work sum;
    for (auto at = statistics.find(prefix); at != std::string_view::npos;
         at = statistics.find(prefix, at + 1)) {
        const auto line = statistics.substr(at + prefix.size());
        const auto name_end = line.find(calls);
        if (name_end == std::string_view::npos) {
            break;
        }
        const auto name = line.substr(0, name_end);
        if (std::find(std::begin(script_commands), std::end(script_commands), name) !=
            std::end(script_commands)) {
            continue;
        }
        sum.commands += number_behind(calls, line);
        if (name != "info") {
            sum.microseconds += number_behind(",usec=", line);
        }
    }
    return sum;
}

}  // namespace

server_commands::server_commands(const std::vector<redlock::endpoint>& servers) {
    servers_.reserve(servers.size());
    for (const redlock::endpoint& where : servers) {
        servers_.emplace_back(where);
    }
}

server_work server_commands::so_far() {
    server_work sum;
    for (bare_node& server : servers_) {
        const server_work of_one = sent_by_clients(server.ask({"INFO", "commandstats"}));
        sum.commands += of_one.commands;
        sum.microseconds += of_one.microseconds;
    }
    sum.commands -= own_;
    own_ += servers_.size();  // A server counts a question once it is answered.
    return sum;
}

std::uint64_t server_commands::memory() {
    std::uint64_t sum = 0;
    for (bare_node& server : servers_) {
        sum += number_behind("used_memory:", server.ask({"INFO", "memory"}));
    }
    own_ += servers_.size();
    return sum;
}

}  // namespace bench
