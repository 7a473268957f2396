// What a command asks for, in the words of the scripts: of calls by digest and by body, of requests
// that share a call, and of commands that stand for a script.
#include <charconv>

#include "sim/witness.hpp"

namespace redlock::sim {

std::int64_t witness::number_in(std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::optional<witness::call> witness::read(const testing::request& what) {
    const bool by_digest = what.front() == "EVALSHA";
    if ((!by_digest && what.front() != "EVAL") || what.size() < 3) {
        return std::nullopt;
    }
    for (const scripts::script* const each : scripts::all) {
        if (what[1] != (by_digest ? each->sha1 : each->body)) {
            continue;
        }
        const auto keys = static_cast<std::size_t>(number_in(what[2]));
        call it;
        it.which = each;
        it.first_argument = 3 + keys;
        it.lock = keys > 0 ? std::string_view{what[3]} : std::string_view{};
        it.fence = keys > 1 ? std::string_view{what[4]} : std::string_view{};
        it.shared = each == &scripts::acquire_shared || each == &scripts::acquire_shared_in_line ||
                    each == &scripts::extend_shared || each == &scripts::release_shared;
        if (each == &scripts::acquire_all || each == &scripts::extend_all ||
            each == &scripts::release_all) {
            // Beside each lock its fence, to acquire it its line, and its holder key where a record
            // goes with it.
            const std::size_t least = each == &scripts::acquire_all ? 3 : 2;
            const bool has_record =
                keys > least && std::string_view{what[3 + least]}.starts_with("redlock:holder:");
            for (std::size_t at = 0; at < keys; at += least + (has_record ? 1 : 0)) {
                it.names.emplace_back(what[3 + at]);
            }
        }
        it.line = each == &scripts::acquire_in_line          ? std::string_view{what[5]}
                  : each == &scripts::acquire_shared_in_line ? std::string_view{what[6]}
                  : each == &scripts::acquire_slot_in_line   ? std::string_view{what[6]}
                                                             : std::string_view{};
        return it;
    }
    return std::nullopt;
}

/// An acquisition without fencing, as if the script had been asked with this key and argument
/// alone.
testing::request witness::natively_acquired(const std::string& lock, const std::string& token) {
    return {"EVALSHA", std::string{scripts::acquire.sha1}, "1", lock, token};
}

/// What a command asks for, one by one as if each had come alone.
std::vector<testing::request> witness::requests_in(const testing::request& what) {
    // By another name.
    if (what.front() == "DELIFEQ") {
        return {{"EVALSHA", std::string{scripts::release.sha1}, "1", what.at(1), what.at(2)}};
    }
    if (what.front() == "SET") {
        return {natively_acquired(what.at(1), what.at(2))};
    }
    const bool by_digest = what.front() == "EVALSHA";
    const auto calls = [&](const scripts::script& script) {
        return what.size() > 2 && what[1] == (by_digest ? script.sha1 : script.body);
    };
    const bool of_readers = calls(scripts::batch_shared);
    if (!of_readers && !calls(scripts::batch)) {
        return {what};
    }
    std::vector<testing::request> all;
    std::size_t key = 3;
    std::size_t at = key + static_cast<std::size_t>(number_in(what[2]));
    while (at < what.size()) {
        const std::string& form = what[at];
        const scripts::script& asked =
            form.front() == 'a'   ? (of_readers ? scripts::acquire_shared : scripts::acquire)
            : form.front() == 'e' ? (of_readers ? scripts::extend_shared : scripts::extend)
                                  : (of_readers ? scripts::release_shared : scripts::release);
        const std::size_t comma = form.find(',');
        const auto keys = static_cast<std::size_t>(number_in(form.substr(1, comma - 1)));
        const auto arguments = static_cast<std::size_t>(number_in(form.substr(comma + 1)));
        testing::request one{what.front(), std::string{by_digest ? asked.sha1 : asked.body},
                             std::to_string(keys)};
        const auto take = [&](std::size_t from, std::size_t count) {
            const auto first = what.begin() + static_cast<std::ptrdiff_t>(from);
            one.insert(one.end(), first, first + static_cast<std::ptrdiff_t>(count));
        };
        take(key, keys);
        take(at + 1, arguments);
        all.push_back(std::move(one));
        key += keys;
        at += 1 + arguments;
    }
    return all;
}

}  // namespace redlock::sim
