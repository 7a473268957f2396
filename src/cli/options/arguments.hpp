// What is done to the command line before the parser sees it: `help CMD` and options before the
// subcommand are brought into the one order that it knows. Pure; any thread.
#pragma once

#include <string>
#include <vector>

namespace redlock::cli {

/// An option that may stand before the subcommand, by all its names.
struct general_option {
    std::vector<std::string> names;
    bool takes_value = false;
};

/// The arguments without the program's name, with the subcommand first: `help run` becomes
/// `run --help`, and `--nodes X status job` becomes `status --nodes X job`. What stands behind the
/// first "--" stays as it is. Throws usage_error if another option stands before the subcommand.
[[nodiscard]] std::vector<std::string> arranged(std::vector<std::string> given,
                                                const std::vector<general_option>& general);

/// Whether --json stands among them, before the first "--", be it with a value that it must not
/// have.
[[nodiscard]] bool asks_for_json(const std::vector<std::string>& given);

/// Whether "--log-format json" does, in either form.
[[nodiscard]] bool asks_for_json_log(const std::vector<std::string>& given);

}  // namespace redlock::cli
