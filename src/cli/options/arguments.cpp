#include "cli/options/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "cli/options/invocation.hpp"
#include "cli/options/spelling.hpp"

namespace redlock::cli {

namespace {

bool is_roots_own(const std::string& word) {
    return word == "-h" || word == "--help" || word == "-V" || word == "--version";
}

const general_option& find_option(const std::string& word,
                                  const std::vector<general_option>& general) {
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string> known;
    for (const general_option& each : general) {
        if (std::find(each.names.begin(), each.names.end(), name) != each.names.end()) {
            return each;
        }
        known.insert(known.end(), each.names.begin(), each.names.end());
    }
    const std::string meant = did_you_mean(name, known);
    throw usage_error(meant.empty()
                          ? fmt::format("{} cannot stand before the subcommand: options of a "
                                        "subcommand stand behind its name",
                                        name)
                          : fmt::format("unknown option {}{}", name, meant));
}

/// Of what is behind `help` only the names of subcommands count.
std::vector<std::string> request_for_help(std::vector<std::string> words) {
    std::erase_if(words,
                  [](const std::string& word) { return word.starts_with('-') || word == "help"; });
    words.emplace_back("--help");
    return words;
}

}  // namespace

std::vector<std::string> arranged(std::vector<std::string> given,
                                  const std::vector<general_option>& general) {
    auto first = given.begin();
    while (first != given.end() && first->starts_with('-') && *first != "-" && *first != "--") {
        if (is_roots_own(*first)) {
            return {*first};
        }
        const bool value_follows =
            find_option(*first, general).takes_value && first->find('=') == std::string::npos;
        ++first;
        if (value_follows && first != given.end()) {
            ++first;
        }
    }
    if (first == given.end()) {
        return given;
    }
    if (*first == "help") {
        return request_for_help({std::next(first), given.end()});
    }
    // `config check` is a subcommand of two words.
    auto behind = std::next(first);
    if (*first == "config" && behind != given.end() && !behind->starts_with('-')) {
        ++behind;
    }
    std::rotate(given.begin(), first, behind);
    return given;
}

bool asks_for_json(const std::vector<std::string>& given) {
    const auto end = std::find(given.begin(), given.end(), "--");
    return std::any_of(given.begin(), end, [](const std::string& word) {
        return word == "--json" || word.starts_with("--json=");
    });
}

bool asks_for_json_log(const std::vector<std::string>& given) {
    const auto end = std::find(given.begin(), given.end(), "--");
    bool behind_name = false;
    return std::any_of(given.begin(), end, [&](const std::string& word) {
        const bool asks = word == "--log-format=json" || (behind_name && word == "json");
        behind_name = word == "--log-format";
        return asks;
    });
}

}  // namespace redlock::cli
