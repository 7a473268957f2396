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

/// What the rights of a node depend on.
struct probe_terms {
    std::string unused;        ///< A name of which nobody has keys.
    std::string resource;      ///< One more key; may be empty.
    bool by_sentinel = false;  ///< Its role is asked for.
    bool cluster = false;      ///< Its slots are asked for, and nobody is told of changed keys.
};

/// All of them.
[[nodiscard]] std::vector<right_probe> right_probes(const probe_terms& terms);

/// The right that is missing, if this is what the answer says. `answer`: an error, or what ACL
/// DRYRUN says.
[[nodiscard]] std::optional<missing_right> missing_by(const right_probe& probe,
                                                      std::string_view answer);

}  // namespace redlock::driver
