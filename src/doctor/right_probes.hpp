// Which commands, keys and channels a client of a node needs, and for each a command that shows
// whether it may be used and changes nothing: a form that the server refuses after it has looked at
// the rights, or one on a key that nobody has. What the scripts call is read from their own text,
// so that no command can be forgotten here. Knows no connection. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/key_names.hpp"
#include "redlock/health.hpp"

namespace redlock::doctor {

/// How we use a command, which is how it has to be tried.
enum class probe_use {
    sent,       ///< As it is: what lies on the way has to let it pass as well.
    in_script,  ///< Only inside scripts, which nothing on the way looks into.
    /// As it is, but it would change the connection, or could change a key: only ACL DRYRUN tries
    /// it.
    only_dry,
};

struct right_probe {
    std::vector<std::string> words;
    std::string command;  ///< As in its rule: "client|id".
    std::string_view needed_for;
    bool essential = true;
    probe_use use = probe_use::sent;
    /// What the server says of this form once it has looked at the rights; empty if it takes it.
    std::string_view refused_with{};
};

/// What the rights of a node depend on.
struct probe_terms {
    driver::key_names keys;    ///< Of the manager.
    std::string unused;        ///< A name of which nobody has keys.
    std::string resource;      ///< One more key; may be empty.
    bool guarded = false;      ///< Whether it was restarted must be told.
    bool by_sentinel = false;  ///< Its role is asked for.
    bool cluster = false;      ///< Its slots are asked for, and nobody is told of changed keys.
};

/// All of them.
[[nodiscard]] std::vector<right_probe> right_probes(const probe_terms& terms);

/// The same command called by a script, whose answer is what the command answers.
[[nodiscard]] std::vector<std::string> inside_script(const right_probe& probe);

/// A write that is refused as wrong where writes are taken, and changes nothing.
[[nodiscard]] std::vector<std::string> harmless_write(const driver::key_names& keys,
                                                      const std::string& unused);

/// Stands for the answer where the connection was closed instead.
inline constexpr std::string_view closed_upon = "the connection was closed upon it";

/// What is missing, if this is what the answer says in words that are known. `answer`: an error,
/// what ACL DRYRUN says, or `closed_upon`.
[[nodiscard]] std::optional<missing_right> missing_by(const right_probe& probe,
                                                      std::string_view answer,
                                                      const driver::key_names& keys);

/// The same of an error, or `closed_upon`, that is the answer to the probe itself: what neither
/// tells of the server's state nor is the refusal that was to be expected has come from something
/// else.
[[nodiscard]] std::optional<missing_right> missing_by_error(const right_probe& probe,
                                                            std::string_view answer,
                                                            const driver::key_names& keys);

}  // namespace redlock::doctor
