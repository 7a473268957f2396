#include "cli/run/campaign_options.hpp"

#include <fmt/format.h>

#include <array>
#include <redlock/lock.hpp>
#include <string>
#include <string_view>

#include "cli/base/typed_secrets.hpp"
#include "cli/options/exclusions.hpp"
#include "cli/options/invocation.hpp"

namespace redlock::cli {

namespace {

constexpr std::array<ruled_out, 6> by_forever{{
    {"--wait", "it waits for its turn without end"},
    {"--nonblock", "it waits for its turn without end"},
    {"--conflict-exit-code", "it does not end because another client holds the lock"},
    {"--shared", "one at a time leads, and a shared lock does not exclude others"},
    {"--reentrant", "it acquires the lock itself, again and again"},
    {"--no-fencing", "the fencing token is the number of the term"},
}};
constexpr std::array<ruled_out, 4> by_proclaim{{
    {"--shared", "only the holder of an exclusive lock can proclaim a text"},
    {"--reentrant", "the outer redlock holds the lock; give it the option"},
    {"--permits", "a text belongs to one holder, and a semaphore has several"},
    {"--also", "a text belongs to one resource"},
}};

std::string complaint_about_text(const std::string& text) {
    if (text.empty()) {
        return "is empty: it must be a text, or not be given";
    }
    if (text.size() > lock::max_proclaimed) {
        return fmt::format("has {} bytes; at most {} are allowed", text.size(),
                           lock::max_proclaimed);
    }
    return has_url_with_password(text)
               ? "looks like a URL with a password, and everybody can read it: give another text"
               : std::string{};
}

}  // namespace

void add_campaign(CLI::App& command, run_options& options) {
    command.add_flag(
        "--forever", options.forever,
        "Campaign: run COMMAND each time that we get the lock, and again after its end "
        "or a loss, until SIGTERM or SIGINT; in between others may get the lock, for "
        "1s after the first end, up to 1m if COMMAND keeps ending early");
    command
        .add_option("--proclaim", options.proclaimed,
                    "A text for those who ask who leads, such as an address; shown by redlock "
                    "leader")
        ->check(CLI::Validator{complaint_about_text, ""})
        ->type_name("TEXT");
}

void settle_campaign(const CLI::App& command, run_options& options) {
    if (!options.proclaimed.empty()) {
        refuse_beside(command, "--proclaim", by_proclaim);
    }
    if (!options.forever) {
        return;
    }
    refuse_beside(command, "--forever", by_forever);
    if (options.rest == background::keep) {
        throw usage_error(
            "run: --forever and --background keep exclude each other: what COMMAND leaves running "
            "would work beside the next leader");
    }
    options.wait.wait = wait_policy::no_limit;
    if (!options.common.quorum_timeout) {
        options.common.quorum_timeout = wait_policy::no_limit;
    }
}

void check_campaign(const run_options& options) {
    if (options.forever && !options.common.manager().fencing) {
        throw usage_error(
            "run: --forever needs fencing, which the configuration file turns off: the fencing "
            "token is the number of the term; give --fencing");
    }
}

}  // namespace redlock::cli
