// `redlock explain`: the section of docs/troubleshooting*.md for a code. Asks no node.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/base/console.hpp"
#include "cli/base/escape.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/options/common_options.hpp"
#include "cli/options/spelling.hpp"
#include "cli/output/explanations.hpp"

namespace redlock::cli {

namespace {

constexpr std::size_t longest_code = 100;

/// The codes that may be meant: the one that is spelled like it, then those that have a word of it.
std::vector<std::string> near_codes(const std::vector<explanation>& all, std::string_view code) {
    constexpr std::size_t most = 3;
    constexpr std::size_t telling = 4;
    std::vector<std::string> known;
    known.reserve(all.size());
    for (const explanation& each : all) {
        known.push_back(each.code);
    }
    std::vector<std::string> near;
    if (auto closest = nearest(code, known)) {
        near.push_back(std::move(*closest));
    }
    for (const std::string& each : known) {
        const bool is_part = each.size() >= telling && code.find(each) != code.npos;
        const bool has_part = code.size() >= telling && each.find(code) != each.npos;
        if ((is_part || has_part) && near.size() < most &&
            std::ranges::find(near, each) == near.end()) {
            near.push_back(each);
        }
    }
    return near;
}

std::string unknown_code(const std::vector<explanation>& all, const std::string& code) {
    const auto near = near_codes(all, as_code(code));
    return fmt::format(
        "explain: there is no code {}{}; redlock explain lists the codes",
        code.size() > longest_code ? "of such a length" : printable(code),
        near.empty() ? "" : fmt::format("; did you mean {}?", fmt::join(near, ", ")));
}

int explain(const std::string& code) {
    const auto all = explanations_in(troubleshooting_pages);
    if (code.empty()) {
        return print(as_list(all)) ? exit_ok : exit_output;
    }
    const explanation* const found = find_explanation(all, code);
    if (found == nullptr) {
        throw usage_error(unknown_code(all, code));
    }
    return print(as_text(*found)) ? exit_ok : exit_output;
}

}  // namespace

void add_explain(CLI::App& root, invocation& asked) {
    auto code = std::make_shared<std::string>();
    auto* command = root.add_subcommand("explain", "Explain an error code or an exit status");
    command->footer(
        "A code is the name of an error, as in the code of --json, or the number of an exit "
        "status. "
        "Without CODE it lists all of them:\n\n"
        "  redlock explain no_quorum\n"
        "  redlock explain 79\n\n"
        "docs/troubleshooting.md has the same text.\n\n"
        "Exit status: 0; 64 there is no such code; 74 the text could not be written.");
    command->add_option("CODE", *code, "What to explain")->check(filled_in("a code"));
    command->callback([code, &asked] { asked.action = [code] { return explain(*code); }; });
}

}  // namespace redlock::cli
