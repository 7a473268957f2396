// Which rights a user of a node needs, and for each a command that shows whether it is there and
// changes nothing: a form that the server refuses after it has looked at the rights, or one on a
// key that nobody has. With ACL DRYRUN not even that is carried out. Knows no connection. Pure; any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redlock/health.hpp"

namespace redlock::driver {

struct right_probe {
    std::vector<std::string> words;
    std::string_view command;  ///< As in its rule: "client|id".
    std::string_view needed_for;
    bool essential = true;
    /// Only to be asked by ACL DRYRUN: it would change the connection, or could change a key.
    bool only_dry = false;
};

/// All of them. `unused`: a name of which nobody has keys; `resource`: one more key, or empty;
/// `guarded`: with the commands of the restart guard.
[[nodiscard]] std::vector<right_probe> right_probes(const std::string& unused,
                                                    const std::string& resource, bool guarded);

/// The right that is missing, if this is what the answer says. `answer`: an error, or what ACL
/// DRYRUN says.
[[nodiscard]] std::optional<missing_right> missing_by(const right_probe& probe,
                                                      std::string_view answer);

}  // namespace redlock::driver
