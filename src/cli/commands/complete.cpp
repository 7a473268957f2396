// What the shells' completions call at each press of the tab key. Nobody must wait for it, and no
// message may get between the letters that somebody types: a timer ends the process, and what goes
// wrong shows as fewer words.
#include "cli/commands/complete.hpp"

#include <fmt/format.h>
#include <sys/time.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <filesystem>
#include <optional>
#include <system_error>

#include "cli/base/console.hpp"
#include "cli/base/environment.hpp"
#include "cli/base/escape.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/commands/awaited.hpp"
#include "cli/commands/session.hpp"
#include "cli/options/common_options.hpp"
#include "cli/options/completion.hpp"
#include "cli/output/explanations.hpp"

namespace redlock::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto longest_run = 1s;
constexpr auto longest_answer = 400ms;

/// The signal's default action ends the process, whatever it is waiting for.
void end_in_time() {
    std::signal(SIGALRM, SIG_DFL);
    sigset_t alone;
    sigemptyset(&alone);
    sigaddset(&alone, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &alone, nullptr);
    itimerval timer{};
    timer.it_value.tv_sec = longest_run.count();
    setitimer(ITIMER_REAL, &timer, nullptr);
}

std::string_view first_line(completed_by how) {
    switch (how) {
        case completed_by::words:
            return "words";
        case completed_by::files:
            return "files";
        case completed_by::programs:
            return "programs";
        case completed_by::command:
            return "command";
    }
    return "";
}

bool print_word(const completion& asked, const completion_word& each) {
    // A line for each, and a tab before the description.
    const bool fits_a_line = printable(each.word) == each.word;
    return !fits_a_line || !each.word.starts_with(asked.begun) ||
           print(fmt::format("{}{}\t{}\n", asked.before, each.word, each.description));
}

/// The nodes that the line or the environment names; nothing where the default would be taken,
/// which may be a server that has nothing to do with locks.
std::optional<common_options> named_nodes(const std::vector<std::string>& words) {
    common_options common;
    common.nodes = value_of("--nodes", words);
    common.nodes_file = value_of("--nodes-file", words);
    common.config_file = value_of("--config", words);
    common.key_prefix = value_of("--key-prefix", words);
    common.node_timeout = longest_answer;
    common.quorum_timeout = longest_answer;
    common.quiet = true;
    const bool is_named = !common.nodes.empty() || !common.nodes_file.empty() ||
                          !common.config_file.empty() || environment_value("REDLOCK_NODES") ||
                          environment_value("REDLOCK_CONFIG");
    std::error_code failure;
    const bool may_be_read =
        common.nodes_file.empty() || std::filesystem::is_regular_file(common.nodes_file, failure);
    return is_named && may_be_read ? std::optional{std::move(common)} : std::nullopt;
}

asio::awaitable<int> print_resources(lock_manager& locks, const completion& asked) {
    auto [error, names] = co_await locks.async_list(list_options{}, awaited);
    auto [other_error, semaphores] = co_await locks.async_list_semaphores(list_options{}, awaited);
    std::vector<std::string> all;
    for (const resource_name& each : names) {
        all.push_back(each.str());
    }
    for (const semaphore& each : semaphores) {
        all.push_back(each.name.str());
    }
    std::ranges::sort(all);
    const auto repeated = std::ranges::unique(all);
    all.erase(repeated.begin(), repeated.end());
    bool printed = true;
    for (const std::string& each : all) {
        printed = printed && print_word(asked, {each});
    }
    co_return printed ? exit_ok : exit_output;
}

void print_completion(const completion& asked, const std::vector<std::string>& words) {
    bool printed = print(fmt::format("{} {}\n", first_line(asked.how), asked.command_at));
    for (const completion_word& each : asked.words) {
        printed = printed && print_word(asked, each);
    }
    if (asked.codes) {
        for (const explanation& each : explanations_in(troubleshooting_pages)) {
            printed = printed && print_word(asked, {each.code, std::string{each.first("Meaning")}});
        }
    }
    const auto nodes = asked.resources ? named_nodes(words) : std::nullopt;
    if (printed && nodes) {
        nodes->apply();
        run_session(*nodes, [&](lock_manager& locks) { return print_resources(locks, asked); });
    }
}

}  // namespace

int complete_for_shell(const CLI::App& root, const std::vector<std::string>& words) {
    be_quiet();
    end_in_time();
    try {
        print_completion(complete(root, words), words);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): see above
    }
    return exit_ok;
}

}  // namespace redlock::cli
