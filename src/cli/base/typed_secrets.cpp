// Rather too much is hidden than too little: a password may hold a slash, a comma, a blank or an
// "@" that its owner forgot to encode.
#include "cli/base/typed_secrets.hpp"

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/replace.hpp>

#include "cli/base/escape.hpp"

namespace redlock::cli {

namespace {

constexpr std::string_view mask = "***";
constexpr std::string_view behind_scheme = "://";

struct secret_word {
    std::string typed;
    std::string shown;
    bool is_url;  ///< With a login or a password in it: nothing else looks like that.
};

std::vector<secret_word>& secret_words() {
    static std::vector<secret_word> all;
    return all;
}

bool mentions_password(std::string_view text) {
    return boost::algorithm::icontains(text, "pass");
}

bool has_url_with_secret(std::string_view word) {
    const auto scheme = word.find(behind_scheme);
    if (scheme == std::string_view::npos) {
        return false;
    }
    const std::string_view rest = word.substr(scheme + behind_scheme.size());
    return rest.starts_with(':') || rest.find('@') != std::string_view::npos ||
           mentions_password(rest);
}

/// `redis:/` is a slip of the same.
bool has_scheme_of_node(std::string_view word) {
    const auto end = word.find(":/");
    if (end == std::string_view::npos) {
        return false;
    }
    const std::string_view scheme = word.substr(0, end);
    constexpr std::array<std::string_view, 3> kinds{"redis", "valkey", "unix"};
    return scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+") ==
               std::string_view::npos &&
           std::ranges::any_of(kinds, [&](std::string_view kind) {
               return boost::algorithm::istarts_with(scheme, kind);
           });
}

void remember_as(const std::string& word, const std::string& shown, bool is_url) {
    // Each form in which a message may repeat it.
    for (const std::string& form : {word, printable(word), shell_line({word})}) {
        secret_words().push_back({form, shown, is_url});
    }
}

/// The whole word, and what a parser may have left of a URL that it took for an option: `-v` and
/// `alkey://...`.
void remember(const std::string& word) {
    const std::string shown = without_login(word);
    if (shown == word) {
        return;
    }
    const bool is_url = has_url_with_secret(word);
    remember_as(word, shown, is_url);
    if (is_url) {
        const auto scheme = word.find(behind_scheme);
        remember_as(word.substr(scheme), without_login(word.substr(scheme)), true);
    }
}

/// A URL in an option's place, cut at an "=" in its password.
void remember_as_option(const std::string& name) {
    const auto scheme = name.find(behind_scheme);
    if (scheme != std::string::npos) {
        const std::string shown = name.substr(0, scheme + behind_scheme.size()).append(mask);
        secret_words().push_back({name, shown, true});
    }
}

template <class Choose>
std::string hidden(std::string_view text, Choose choose) {
    std::string out{text};
    for (const secret_word& each : secret_words()) {
        if (choose(each)) {
            boost::algorithm::replace_all(out, each.typed, each.shown);
        }
    }
    return out;
}

}  // namespace

std::string without_login(std::string_view word) {
    const auto scheme = word.find(behind_scheme);
    const auto at = word.rfind('@');
    if (scheme == std::string_view::npos) {
        return at != std::string_view::npos && word.find(':') < at
                   ? std::string{mask}.append(word.substr(at))
                   : std::string{word};
    }
    const auto begin = scheme + behind_scheme.size();
    const std::string_view rest = word.substr(begin);
    const auto query = word.find('?', begin);
    std::string out{word.substr(0, begin)};
    const bool has_login = at != std::string_view::npos && at >= begin;
    // Of `redis://:password` the host was forgotten. An "@" behind a "?" may belong to a query or
    // to a password: nobody can say where the host begins.
    if ((!has_login && rest.starts_with(':')) || (has_login && at > query)) {
        return out.append(mask);
    }
    const auto shown_from = has_login ? at : begin;
    out += has_login ? mask : std::string_view{};
    out += word.substr(shown_from, query - shown_from);
    return query == std::string_view::npos ? out : out.append("?").append(mask);
}

bool has_url_with_password(std::string_view word) {
    const auto scheme = word.find(behind_scheme);
    if (scheme == std::string_view::npos) {
        return false;
    }
    const std::string_view rest = word.substr(scheme + behind_scheme.size());
    const auto at = rest.rfind('@');
    return mentions_password(rest) || (at != std::string_view::npos && rest.find(':') < at);
}

bool is_like_a_node(std::string_view word) {
    return has_scheme_of_node(word) || has_url_with_password(word);
}

void remember_typed(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
        const auto sign = word.starts_with('-') ? word.find('=') : std::string::npos;
        if (sign != std::string::npos) {
            remember(word.substr(sign + 1));
            remember_as_option(word.substr(0, sign));
        }
        remember(word);
    }
    // A word may be part of another.
    std::ranges::stable_sort(secret_words(), std::ranges::greater{},
                             [](const secret_word& each) { return each.typed.size(); });
}

std::string without_typed_urls(std::string_view text) {
    return hidden(text, [](const secret_word& each) { return each.is_url; });
}

std::string without_typed_logins(std::string_view text) {
    return hidden(text, [](const secret_word& /*each*/) { return true; });
}

}  // namespace redlock::cli
