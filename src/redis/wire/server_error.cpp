// Error replies by their code words; see server_error.hpp. The words are Redis's own, from its
// documentation and from servers of versions 5 to 7.
#include "redis/wire/server_error.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "redis/wire/acl_error.hpp"

namespace redlock::redis {
namespace {

using enum node_errc;
constexpr std::array<std::pair<std::string_view, node_errc>, 17> beginnings{{
    {"NOAUTH", authentication_failed},
    {"WRONGPASS", authentication_failed},
    {"ERR invalid password", authentication_failed},
    {"ERR AUTH ", authentication_failed},         // A password, and the server wants none.
    {"ERR Client sent ", authentication_failed},  // The same before version 6.
    {"NOPERM", permission_denied},
    {"DENIED", protected_mode},
    {"READONLY", read_only},
    {"MASTERDOWN", read_only},  // A replica that has lost its master and may not answer without.
    {"OOM", out_of_memory},
    {"LOADING", loading},
    {"MISCONF", cannot_persist},
    {"NOREPLICAS", cannot_persist},  // Too few replicas took part: min-replicas-to-write.
    {"CLUSTERDOWN", slot_unserved},
    {"TRYAGAIN", slot_unserved},
    {"MOVED", slot_unserved},
    {"ASK", slot_unserved},
}};

bool begins_with_word(std::string_view text, std::string_view word) noexcept {
    return text.starts_with(word) &&
           (word.ends_with(' ') || text.size() == word.size() || text[word.size()] == ' ');
}

// Redis 6 wraps what stopped a script: "ERR Error running script (...): ... -READONLY You can't
// ...".
bool stopped_script_with(std::string_view text, std::string_view word) noexcept {
    const std::size_t at = text.find(word);
    return text.starts_with("ERR Error running script") && at != std::string_view::npos &&
           text[at - 1] == '-';
}

}  // namespace

node_errc classify(std::string_view error_text) noexcept {
    const auto* const found =
        std::find_if(beginnings.begin(), beginnings.end(), [=](const auto& each) {
            return begins_with_word(error_text, each.first) ||
                   stopped_script_with(error_text, each.first);
        });
    if (found != beginnings.end()) {
        return found->second;
    }
    // Neither has a code word of its own.
    return is_acl_refusal(error_text)         ? permission_denied
           : read_missing_command(error_text) ? unknown_command
                                              : error_reply;
}

bool is_noscript(std::string_view error_text) noexcept {
    return begins_with_word(error_text, "NOSCRIPT");
}

}  // namespace redlock::redis
