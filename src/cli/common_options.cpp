// An empty REDLOCK_NODES is refused and not taken for "the default": a variable that a deployment
// failed to fill in must not end in locks on some Redis that happens to run on this machine.
#include "cli/common_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <string_view>

#include "cli/duration.hpp"
#include "cli/escape.hpp"
#include "cli/report.hpp"

namespace redlock::cli {

namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string> split_urls(std::string_view text, std::string_view source) {
    std::vector<std::string> urls;
    for (;;) {
        const auto comma = text.find(',');
        const std::string_view url = trimmed(text.substr(0, comma));
        if (url.empty()) {
            throw usage_error(fmt::format("{}: there is an empty node URL", source));
        }
        urls.emplace_back(url);
        if (comma == std::string_view::npos) {
            return urls;
        }
        text.remove_prefix(comma + 1);
    }
}

std::vector<std::string> read_urls(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        throw usage_error(
            fmt::format("--nodes-file: cannot read {}: {}", printable(path), std::strerror(errno)));
    }
    std::vector<std::string> urls;
    for (std::string line; std::getline(file, line);) {
        const std::string_view url = trimmed(line);
        if (!url.empty() && url.front() != '#') {
            urls.emplace_back(url);
        }
    }
    if (file.bad() || urls.empty()) {
        throw usage_error(fmt::format("--nodes-file: {} names no node", printable(path)));
    }
    return urls;
}

}  // namespace

void common_options::add_to(CLI::App& command) {
    auto* list = command
                     .add_option("--nodes", nodes,
                                 "Redis nodes, comma separated; else --nodes-file, else "
                                 "$REDLOCK_NODES, else redis://localhost:6379")
                     ->type_name("URL[,URL...]");
    command
        .add_option("--nodes-file", nodes_file,
                    "File with one node URL a line ('#' begins a comment line); keeps passwords "
                    "out of the process list")
        ->type_name("FILE")
        ->excludes(list);
    add_duration(command, "--node-timeout", node_timeout,
                 "How long one node may take to answer (default 500ms)");
    add_duration(command, "--max-lease-time", max_lease_time,
                 "Longest lease time any client of these nodes may use (default 60s)");
    command
        .add_option("--restart-guard", guard,
                    "Whether nodes that were restarted wait before they vote: auto, on or off "
                    "(default auto: with three nodes and more)")
        ->transform(CLI::CheckedTransformer(
            std::map<std::string, restart_guard>{{"auto", restart_guard::automatic},
                                                 {"on", restart_guard::on},
                                                 {"off", restart_guard::off}}))
        ->type_name("auto|on|off");
    auto* hush = command.add_flag("-q,--quiet", quiet, "Say nothing on standard error");
    command.add_flag("-v,--verbose", verbose, "Tell every event on standard error")->excludes(hush);
}

void common_options::apply() const {
    if (quiet) {
        be_quiet();
    }
}

std::vector<std::string> common_options::node_urls() const {
    if (!nodes.empty()) {
        return split_urls(nodes, "--nodes");
    }
    if (!nodes_file.empty()) {
        return read_urls(nodes_file);
    }
    const char* from_environment = std::getenv("REDLOCK_NODES");  // NOLINT(concurrency-mt-unsafe)
    if (from_environment == nullptr) {
        return {"redis://localhost:6379"};
    }
    return split_urls(from_environment, "REDLOCK_NODES");
}

manager_options common_options::manager() const {
    manager_options options;
    if (node_timeout.count() > 0) {
        options.node_timeout = whole_milliseconds("--node-timeout", node_timeout);
    }
    if (max_lease_time.count() > 0) {
        options.max_lease_time = whole_milliseconds("--max-lease-time", max_lease_time);
        options.lease_time = std::min(options.lease_time, options.max_lease_time);
        // The same in every client that is told the same, as it must be.
        options.fence_lifetime = std::max(options.fence_lifetime, 2 * options.max_lease_time);
    }
    options.guard = guard;
    options.events = verbose ? verbose_observer() : warning_observer();
    return options;
}

void wait_options::add_to(CLI::App& command) {
    auto* longest = add_duration(
        command, "-w,--wait", wait,
        "How long to wait while somebody else holds the lock; 0 means not at all (default: for "
        "ever)");
    command.add_flag("-n,--nonblock", nonblock, "Do not wait; the same as --wait 0")
        ->excludes(longest);
    command
        .add_option("-E,--conflict-exit-code", conflict_status,
                    "Exit status when somebody else holds the lock (default 75)")
        ->check(CLI::Range(0, 255))
        ->type_name("N");
}

wait_policy wait_options::policy() const {
    return nonblock || wait.count() == 0 ? wait_policy::none() : wait_policy{wait};
}

CLI::Option* add_duration(CLI::App& command, const std::string& names,
                          std::chrono::nanoseconds& value, const std::string& help) {
    const std::string shown = names.substr(names.rfind("--"));
    return command
        .add_option_function<std::string>(
            names,
            [&value, shown](const std::string& text) {
                const auto parsed = parse_duration(text);
                if (!parsed) {
                    throw CLI::ValidationError(shown, parsed.error().message);
                }
                value = *parsed;
            },
            help)
        ->type_name("DURATION");
}

std::chrono::milliseconds whole_milliseconds(const std::string& option,
                                             std::chrono::nanoseconds value) {
    const auto result = std::chrono::duration_cast<std::chrono::milliseconds>(value);
    if (result.count() == 0) {
        throw usage_error(fmt::format("{}: at least one millisecond is needed", option));
    }
    return result;
}

}  // namespace redlock::cli
