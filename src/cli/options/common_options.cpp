// What is given but empty is refused and not taken for "not given", be it REDLOCK_NODES or --nodes
// "$NODES": a variable that a deployment failed to fill in must not end in locks on some Redis that
// happens to run on this machine.
#include "cli/options/common_options.hpp"

#include <redlock/duration.hpp>

#include "cli/base/console.hpp"
#include "cli/base/environment.hpp"
#include "cli/base/events.hpp"
#include "cli/base/typed_secrets.hpp"
#include "cli/options/node_sources.hpp"
#include "cli/output/report.hpp"

namespace redlock::cli {

namespace {

constexpr const char* no_label =
    "looks like a URL with a password, and everybody can read it: give another label";
constexpr const char* default_node = "redis://localhost:6379";

// Where one of several nodes runs on this machine, a line that lacks REDLOCK_NODES would lock there
// and nowhere else.
void tell_of_default() {
    say({.level = severity::notice,
         .event = events::default_node,
         .text = fmt::format("no node is named (--nodes, --config, REDLOCK_NODES): taking {}",
                             default_node)});
}

configuration read_config_file(const std::string& file, std::string_view named_by) {
    auto read = read_configuration(file);
    if (!read) {
        throw usage_error(fmt::format("{}: {}", named_by, read.error().message));
    }
    if (is_like_a_node(read->acquire().label)) {
        throw usage_error(fmt::format("{}: acquire.label {}", named_by, no_label));
    }
    return std::move(*read);
}

}  // namespace

void common_options::add_to(CLI::App& command) {
    auto* list = command
                     .add_option("--nodes", nodes,
                                 "Redis nodes, comma separated; else --nodes-file, else --config, "
                                 "else $REDLOCK_NODES, else $REDLOCK_CONFIG, else "
                                 "redis://localhost:6379")
                     ->check(filled_in("the nodes"))
                     ->type_name("URL[,URL...]");
    command
        .add_option("--nodes-file", nodes_file,
                    "File with one node URL a line ('#' begins a comment line); keeps passwords "
                    "out of the process list")
        ->check(filled_in("a file"))
        ->type_name("FILE")
        ->excludes(list);
    command
        .add_option("--config", config_file,
                    "TOML file with nodes and settings, which the command line overrides; see "
                    "redlock config check")
        ->check(filled_in("a file"))
        ->type_name("FILE");
    add_duration(command, "--node-timeout", node_timeout,
                 "How long one node may take to answer (default 500ms)");
    add_duration(command, "--max-lease-time", max_lease_time,
                 "Longest lease time any client of these nodes may use (default 60s)");
    add_choice<restart_guard>(command, "--restart-guard", guard,
                              {{"auto", restart_guard::automatic},
                               {"on", restart_guard::on},
                               {"off", restart_guard::off}},
                              "Whether nodes that were restarted wait before they vote (default "
                              "auto: with three nodes and more)");
    command
        .add_option("--key-prefix", key_prefix,
                    "What redlock's own keys on the nodes begin with, for a user whose ACL allows "
                    "such names only (default: nothing)")
        ->check(filled_in("a prefix"))
        ->type_name("PREFIX");
    auto* hush = command.add_flag("-q,--quiet", quiet, "Say nothing on standard error");
    command.add_flag("-v,--verbose", verbose, "Report every event on standard error")
        ->excludes(hush);
    add_choice<log_format>(command, "--log-format", format,
                           {{"text", log_format::text}, {"json", log_format::json}},
                           "The form of the messages on standard error: lines of text (default), "
                           "or one JSON object in each line");
}

void common_options::add_quorum_timeout_to(CLI::App& command) {
    add_duration(command, "--quorum-timeout", quorum_timeout,
                 "How long to go on while too few nodes answer (default 5s, at most "
                 "24h); a standby wants forever",
                 duration_kind::or_forever);
}

void common_options::add_fencing_to(CLI::App& command) {
    auto* without = command.add_flag_callback(
        "--no-fencing", [this] { fencing = false; },
        "Take the lock without a fencing token, at less cost for the nodes; redlock(1) tells what "
        "is not promised then");
    command
        .add_flag_callback(
            "--fencing", [this] { fencing = true; },
            "Take it with one, where the configuration file says otherwise")
        ->excludes(without);
}

void common_options::apply() const {
    if (quiet) {
        be_quiet();
    }
    write_messages_as(format);
}

const std::vector<std::string>& common_options::node_urls() const {
    if (node_urls_.empty()) {
        node_urls_ = read_node_urls();
    }
    return node_urls_;
}

std::vector<std::string> common_options::read_node_urls() const {
    if (!nodes.empty()) {
        return urls_in_list(nodes, "--nodes");
    }
    if (!nodes_file.empty()) {
        return urls_in_file(nodes_file);
    }
    if (!config_file.empty() && !configured().urls.empty()) {
        return configured().urls;
    }
    if (const auto listed = environment_value("REDLOCK_NODES")) {
        if (trimmed(*listed).empty()) {
            throw usage_error("REDLOCK_NODES is empty: it must name the nodes, or not be set");
        }
        return urls_in_list(*listed, "REDLOCK_NODES");
    }
    if (!configured().urls.empty()) {
        return configured().urls;
    }
    tell_of_default();
    return {default_node};
}

// An empty REDLOCK_CONFIG is refused for the same reason as an empty REDLOCK_NODES.
std::string common_options::configuration_file() const {
    if (!config_file.empty()) {
        return config_file;
    }
    const auto usual = environment_value("REDLOCK_CONFIG");
    if (usual && usual->empty()) {
        throw usage_error("REDLOCK_CONFIG is empty: it must name a file, or not be set");
    }
    return std::string{usual.value_or("")};
}

const configuration& common_options::configured() const {
    if (configured_ == nullptr) {
        const std::string file = configuration_file();
        const std::string_view named_by = config_file.empty() ? "REDLOCK_CONFIG" : "--config";
        configured_ = std::make_shared<configuration>(
            file.empty() ? configuration{} : read_config_file(file, named_by));
    }
    return *configured_;
}

std::chrono::milliseconds common_options::lease_time(
    const std::optional<std::chrono::nanoseconds>& given) const {
    return given ? whole_milliseconds("--lease-time", *given) : manager().lease_time;
}

manager_options common_options::manager() const {
    manager_options options = configured().options;
    if (node_timeout) {
        options.node_timeout = whole_milliseconds("--node-timeout", *node_timeout);
    }
    if (max_lease_time) {
        options.max_lease_time = whole_milliseconds("--max-lease-time", *max_lease_time);
        options.lease_time = std::min(options.lease_time, options.max_lease_time);
        // The same in every client that is told the same, as it must be.
        options.fence_lifetime = std::max(options.fence_lifetime, 2 * options.max_lease_time);
    }
    if (quorum_timeout) {
        options.quorum_timeout = whole_milliseconds("--quorum-timeout", *quorum_timeout);
    }
    options.guard = guard.value_or(options.guard);
    options.fencing = fencing.value_or(options.fencing);
    if (!key_prefix.empty()) {
        options.key_prefix = key_prefix;
    }
    options.events = verbose ? verbose_observer() : warning_observer();
    return options;
}

void wait_options::add_to(CLI::App& command) {
    auto* longest = add_duration(
        command, "-w,--wait", wait,
        "How long to wait while somebody else holds the lock; 0 means not at all (default: "
        "forever)",
        duration_kind::or_forever);
    command.add_flag("-n,--nonblock", nonblock, "Do not wait; the same as --wait 0")
        ->excludes(longest);
    command.add_flag("--shared", shared,
                     "Take it as a shared lock: any number of these may be held at once, but none "
                     "beside an exclusive one");
    command
        .add_option("-E,--conflict-exit-code", conflict_status,
                    "Exit status when somebody else holds the lock (default 75); with 0 nothing is "
                    "said of it either")
        ->check(CLI::Range(0, 255))
        ->type_name("N");
    command.add_flag("--quiet-contention", quiet_contention,
                     "Do not say that somebody else holds the lock; say everything else");
    add_duration(command, "--min-hold", min_hold,
                 "Keep the lock for this long from its acquisition on, even if its work ends "
                 "before or redlock dies; at most --max-lease-time");
    command.add_option("--label", label, "Who holds it and why, shown by redlock status")
        ->check(CLI::Validator{[](const std::string& text) {
                                   return std::string{is_like_a_node(text) ? no_label : ""};
                               },
                               ""})
        ->type_name("TEXT");
}

acquire_options wait_options::acquire(const configuration& configured) const {
    acquire_options wanted = configured.acquire();
    if (nonblock) {
        wanted.wait = wait_policy::none();
    } else if (wait) {
        wanted.wait = *wait;
    }
    if (!label.empty()) {
        wanted.label = label;
    }
    if (min_hold) {
        wanted.min_hold = whole_milliseconds("--min-hold", *min_hold);
    }
    return wanted;
}

CLI::Validator filled_in(const std::string& what) {
    return {[what](const std::string& text) {
                return trimmed(text).empty()
                           ? fmt::format("is empty: it must name {}, or not be given", what)
                           : std::string{};
            },
            ""};
}

CLI::Option* add_duration(CLI::App& command, const std::string& names,
                          std::optional<std::chrono::nanoseconds>& value, const std::string& help,
                          duration_kind kind) {
    const bool may_be_forever = kind == duration_kind::or_forever;
    const std::string shown = names.substr(names.rfind("--"));
    return command
        .add_option_function<std::string>(
            names,
            [&value, shown, may_be_forever](const std::string& text) {
                if (may_be_forever && text == "forever") {
                    value = wait_policy::no_limit;
                    return;
                }
                const auto parsed = parse_duration(text);
                if (!parsed) {
                    throw CLI::ValidationError(
                        shown, fmt::format("'{}' is {} a duration: {}", printable(text),
                                           may_be_forever ? "neither forever nor" : "not",
                                           parsed.error().message));
                }
                value = *parsed;
            },
            help)
        ->type_name(may_be_forever ? "DURATION|forever" : "DURATION");
}

void add_server_option(CLI::App& command, std::string& program) {
    command
        .add_option("--server", program,
                    "What to start: a path, or a name in PATH (default $REDLOCK_SERVER, else "
                    "redis-server, else valkey-server)")
        ->check(filled_in("a program"))
        ->type_name("PROGRAM");
}

std::chrono::milliseconds whole_milliseconds(const std::string& option,
                                             std::chrono::nanoseconds value) {
    const auto result = std::chrono::duration_cast<std::chrono::milliseconds>(value);
    if (result.count() == 0) {
        throw usage_error(fmt::format("{}: at least one millisecond is needed", option));
    }
    return result;
}

std::string complaint_about_resource(const std::string& name) {
    if (name.empty()) {
        return "the resource name is empty; give the lock a name";
    }
    if (name.starts_with(resource_name::reserved)) {
        return fmt::format(
            "the resource name begins with {}, and names under it are reserved for redlock's own "
            "keys; give the lock another name",
            resource_name::reserved);
    }
    if (is_like_a_node(name)) {
        return "the resource name is the URL of a node, or holds a password: nodes are named by "
               "--nodes, and the lock's name is seen by everybody who lists the locks";
    }
    return name.size() > resource_name::max_size
               ? fmt::format("the resource name has {} bytes; at most {} are allowed", name.size(),
                             resource_name::max_size)
               : std::string{};
}

CLI::Validator valid_resource() {
    return {[](const std::string& name) { return complaint_about_resource(name); }, ""};
}

}  // namespace redlock::cli
