// `redlock config check`: reads what every other subcommand would read, from the same places and in
// the same order, and says what it came to. Of the nodes it asks only whether their other clients
// have other settings, and writes nothing there; one that cannot be reached is the doctor's matter.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <memory>
#include <utility>

#include "cli/base/console.hpp"
#include "cli/base/escape.hpp"
#include "cli/base/events.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/commands/awaited.hpp"
#include "cli/commands/session.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/options/common_options.hpp"
#include "cli/output/json_output.hpp"
#include "cli/output/outcome.hpp"

namespace redlock::cli {

namespace {

namespace asio = boost::asio;

struct check_request {
    common_options common;
    bool json = false;
};

bool everybody_may_read(const std::string& file) {
    struct stat about {};
    return !file.empty() && ::stat(file.c_str(), &about) == 0 && (about.st_mode & S_IROTH) != 0;
}

/// A file with URLs, in which passwords can stand: those of `nodes` came from it.
void doubt_list(const std::string& file, const std::vector<endpoint>& nodes,
                std::vector<std::string>& doubts) {
    const bool secret = std::any_of(nodes.begin(), nodes.end(), [](const endpoint& node) {
        return !node.password.empty() || (node.sentinel && !node.sentinel->password.empty());
    });
    if (secret && everybody_may_read(file)) {
        doubts.push_back(fmt::format("everyone can read {}: if it contains passwords, chmod o-r",
                                     printable(file)));
    }
}

/// The files with nothing but secrets in them.
void doubt_secret_files(const endpoint& node, std::vector<std::string>& doubts) {
    std::vector<std::string> files = node.password_files;
    if (node.tls) {
        files.push_back(node.tls->key.empty() ? node.tls->certificate : node.tls->key);
    }
    for (const std::string& file : files) {
        if (everybody_may_read(file)) {
            doubts.push_back(fmt::format("everyone can read {}, which holds a secret: chmod o-r",
                                         printable(file)));
        }
    }
}

/// What is allowed, and probably not meant.
std::vector<std::string> doubts_about(const std::vector<endpoint>& nodes,
                                      const common_options& common) {
    std::vector<std::string> doubts;
    for (const endpoint& node : nodes) {
        if (node.tls && !node.tls->verify) {
            doubts.push_back(
                fmt::format("{}: verify=none trusts any server that answers; give ca=FILE instead",
                            node.to_string()));
        }
        doubt_secret_files(node, doubts);
    }
    if (nodes.size() % 2 == 0) {
        doubts.push_back(fmt::format("{} nodes survive no more failures than {}: use an odd number",
                                     nodes.size(), nodes.size() - 1));
    }
    // Each for what stands in it, and not for secrets that came from elsewhere.
    doubt_list(common.nodes_file, nodes, doubts);
    doubt_list(common.configuration_file(), common.configured().nodes, doubts);
    return doubts;
}

/// What an acquisition with these options would be refused for, in the library's own words. It is
/// asked with an identifier that is refused after all else, so that it connects to nobody.
std::string refusal_of(acquire_options wanted, asio::io_context& loop, lock_manager& locks) {
    const std::string too_long(resource_name::max_size + 1, 'x');
    diagnostics details;
    bool done = false;
    wanted.identifier = too_long;
    wanted.details = &details;
    locks.async_acquire("a", std::move(wanted),
                        [&](const error_code&, const lock&) { done = true; });
    loop.restart();
    while (!done && loop.run_one() > 0) {
    }
    return details.message;
}

/// Throws lock_error for what the other subcommands would be refused for.
void check_options(const node_list& nodes, const common_options& common) {
    manager_options options = common.manager();
    options.events = nullptr;  // What is only tried is nobody's news.
    asio::io_context loop;
    lock_manager tried{loop.get_executor(), nodes, options};
    const std::string refusal = refusal_of(common.configured().acquire(), loop, tried);
    if (refusal != refusal_of({}, loop, tried)) {
        throw lock_error(errc::invalid_argument, {.message = "acquire: " + refusal, .nodes = {}});
    }
}

/// They are read anew for each connection, so that nothing else would complain before the first.
void check_files(const endpoint& node) {
    if (const auto looked = check_tls_files(node); !looked) {
        throw usage_error(fmt::format("{}: {}", node.to_string(), looked.error().message));
    }
}

boost::json::object settings_of(const common_options& common) {
    const manager_options options = common.manager();
    const auto ms = [](std::chrono::milliseconds time) { return time.count(); };
    const acquire_options acquire = common.configured().acquire();
    boost::json::object out;
    out["lease_time_ms"] = ms(options.lease_time);
    out["max_lease_time_ms"] = ms(options.max_lease_time);
    out["node_timeout_ms"] = ms(options.node_timeout);
    out["connect_timeout_ms"] = ms(options.connect_timeout);
    out["quorum_timeout_ms"] = nullptr;
    if (options.quorum_timeout != manager_options::no_limit) {
        out["quorum_timeout_ms"] = ms(options.quorum_timeout);
    }
    out["reconnect_min_ms"] = ms(options.reconnect_min);
    out["reconnect_max_ms"] = ms(options.reconnect_max);
    out["close_timeout_ms"] = ms(options.close_timeout);
    out["clock_window_ms"] = ms(options.clock_window);
    out["fence_lifetime_ms"] = ms(options.fence_lifetime);
    out["clock_step_ms"] = ms(options.clock_step);
    out["hand_over_time_ms"] = ms(options.hand_over_time);
    out["hand_over_count"] = options.hand_over_count;
    set_text(out, "key_prefix", options.key_prefix);
    out["guard"] = options.guard == restart_guard::on    ? "on"
                   : options.guard == restart_guard::off ? "off"
                                                         : "automatic";
    out["fencing"] = options.fencing;
    out["wait_ms"] = nullptr;
    if (acquire.wait.longest() != wait_policy::no_limit) {
        out["wait_ms"] =
            std::chrono::duration_cast<std::chrono::milliseconds>(acquire.wait.longest()).count();
    }
    set_text(out, "label", acquire.label);
    out["fair"] = acquire.fair;
    out["stop_margin_ms"] = nullptr;
    if (acquire.stop_margin) {
        out["stop_margin_ms"] = ms(*acquire.stop_margin);
    }
    return out;
}

asio::awaitable<int> look(lock_manager& locks, std::vector<std::string>& foreign) {
    auto [error, seen] = co_await locks.async_examine({.samples = 0}, awaited);
    for (const node_health& node : seen) {
        if (node.vote_error == node_errc::configuration_mismatch ||
            node.vote_error == node_errc::different_nodes) {
            foreign.push_back(fmt::format("node {} ({}): {}", node.node, printable(node.name),
                                          printable(node.vote_message)));
        }
    }
    co_return error ? exit_internal : exit_ok;
}

/// What the nodes keep that does not fit these settings, as far as they can be reached.
std::vector<std::string> foreign_records(const common_options& common) {
    std::vector<std::string> foreign;
    static_cast<void>(
        run_session(common, [&](lock_manager& locks) { return look(locks, foreign); }));
    return foreign;
}

std::string text_of(const boost::json::value& value) {
    return value.is_string()
               ? fmt::format("\"{}\"", printable(std::string_view{value.get_string()}))
               : boost::json::serialize(value);
}

int check(const check_request& request) {
    const node_list nodes{request.common.node_urls()};
    check_options(nodes, request.common);
    std::ranges::for_each(nodes.endpoints(), check_files);
    const auto doubts = doubts_about(nodes.endpoints(), request.common);
    const boost::json::object settings = settings_of(request.common);
    const auto foreign = foreign_records(request.common);
    const int status = foreign.empty() ? exit_ok : exit_unwell;
    if (request.json) {
        boost::json::array names;
        for (const endpoint& node : nodes.endpoints()) {
            names.emplace_back(
                boost::json::object{{"node", names.size()}, {"name", node.to_string()}});
        }
        boost::json::array warnings(doubts.begin(), doubts.end());
        boost::json::array problems(foreign.begin(), foreign.end());
        return print_result(boost::json::object{{"nodes", std::move(names)},
                                                {"settings", settings},
                                                {"warnings", std::move(warnings)},
                                                {"problems", std::move(problems)}})
                   ? status
                   : exit_output;
    }
    std::string text;
    for (std::size_t i = 0; i < nodes.endpoints().size(); ++i) {
        text += fmt::format("node {}  {}\n", i, nodes.endpoints()[i].to_string());
    }
    for (const auto& each : settings) {
        text += fmt::format("{} = {}\n", std::string_view{each.key()}, text_of(each.value()));
    }
    for (const std::string& doubt : doubts) {
        say({.level = severity::warning,
             .event = events::doubtful_setting,
             .text = "warning: " + doubt});
    }
    for (const std::string& each : foreign) {
        say({.event = events::other_settings, .text = "problem: " + each});
    }
    return print(text) ? status : exit_output;
}

}  // namespace

void add_config(CLI::App& root, invocation& asked) {
    auto* config = root.add_subcommand("config", "Check the configuration: redlock config check");
    config->require_subcommand(1);
    auto* command = config->add_subcommand("check", "Say what the configuration comes to");
    command->footer(
        "Reads --config, --nodes-file, REDLOCK_NODES and REDLOCK_CONFIG as the other subcommands\n"
        "do, and prints the nodes and settings that follow, without secrets. Of nodes that can be\n"
        "reached it says whether their other clients have other settings; all else about them is\n"
        "for redlock doctor. Changes nothing.\n\n"
        "Exit status: 0 it can be used, perhaps with warnings; 1 a node has clients with other\n"
        "settings; 64 it cannot be used, and why.");
    auto request = std::make_shared<check_request>();
    request->common.add_to(*command);
    command->add_flag("--json", request->json, "Print a JSON object");
    command->callback([request, &asked] {
        asked.action = [request] {
            request->common.apply();
            return check(*request);
        };
    });
}

}  // namespace redlock::cli
