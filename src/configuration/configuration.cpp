// Configuration files by toml++. What stands here is only which keys there are and how to say what
// is wrong with them. No message repeats anything of the file, toml++'s own words least of all,
// which quote it: URLs in it may hold passwords.
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <redlock/configuration.hpp>
#include <redlock/duration.hpp>
#include <redlock/error.hpp>
#include <system_error>
#include <utility>

#include "configuration/toml_text.hpp"

// All of it in this file, so that whoever links the library needs nothing more for it. toml++ takes
// for granted what a damaged text can break, and would go astray there: that a key begins with a
// character of keys ("[{a]]\nb = 1"). Without NDEBUG its assertions become no assumptions, and ours
// does nothing, so that it goes on and finds the error itself; the fuzzer of this file watches over
// it.
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ASSERT(expression) static_cast<void>(0)
#pragma push_macro("NDEBUG")
#undef NDEBUG
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace redlock {

namespace {

using std::chrono::milliseconds;

/// Thrown and caught in this file only.
struct mistake {
    toml::source_position where;
    std::string what;
};

struct duration_key {
    std::string_view name;
    milliseconds manager_options::*member;
    bool may_be_forever = false;
};

constexpr std::array<duration_key, 12> durations{{
    {"lease_time", &manager_options::lease_time},
    {"max_lease_time", &manager_options::max_lease_time},
    {"node_timeout", &manager_options::node_timeout},
    {"connect_timeout", &manager_options::connect_timeout},
    {"quorum_timeout", &manager_options::quorum_timeout, true},
    {"reconnect_min", &manager_options::reconnect_min},
    {"reconnect_max", &manager_options::reconnect_max},
    {"close_timeout", &manager_options::close_timeout},
    {"clock_window", &manager_options::clock_window},
    {"fence_lifetime", &manager_options::fence_lifetime},
    {"clock_step", &manager_options::clock_step},
    {"hand_over_time", &manager_options::hand_over_time},
}};

[[noreturn]] void refuse(const toml::node& at, std::string what) {
    throw mistake{at.source().begin, std::move(what)};
}

std::string text_of(std::string_view key, const toml::node& value, std::string_view such_as) {
    if (const auto* const text = value.as_string()) {
        return text->get();
    }
    refuse(value,
           std::string{key} + " must be a text in quotes, such as \"" + std::string{such_as} + '"');
}

milliseconds duration_of(std::string_view key, const toml::node& value) {
    const auto read = parse_duration(text_of(key, value, "10s"));
    if (!read) {
        refuse(value, std::string{key} + " is not a duration: " + read.error().message);
    }
    const auto whole = std::chrono::duration_cast<milliseconds>(*read);
    if (whole != *read) {
        refuse(value, std::string{key} + " must be of whole milliseconds");
    }
    return whole;
}

bool flag_of(std::string_view key, const toml::node& value) {
    if (const auto* const flag = value.as_boolean()) {
        return flag->get();
    }
    refuse(value, std::string{key} + " must be true or false");
}

void read_nodes(const toml::node& value, configuration& into) {
    const toml::array* const list = value.as_array();
    if (list == nullptr) {
        refuse(value, R"(nodes must be an array of URLs: nodes = ["redis://10.0.0.1", ...])");
    }
    if (list->empty()) {
        // Not "none was named": a deployment failed to fill it in, and must not get the default.
        refuse(value, "nodes is empty; name the nodes, or leave the key out");
    }
    for (const toml::node& each : *list) {
        const std::string number = "node " + std::to_string(into.nodes.size());
        const std::string url = text_of(number, each, "redis://10.0.0.1");
        auto read = parse_endpoint(url);
        if (!read) {
            refuse(each, number + ": " + read.error().message);
        }
        into.urls.push_back(url);
        into.nodes.push_back(std::move(*read));
    }
}

void read_guard(const toml::node& value, configuration& into) {
    const std::string word = text_of("guard", value, "automatic");
    if (word == "automatic") {
        into.options.guard = restart_guard::automatic;
    } else if (word == "on") {
        into.options.guard = restart_guard::on;
    } else if (word == "off") {
        into.options.guard = restart_guard::off;
    } else {
        refuse(value, R"(guard must be "automatic", "on" or "off")");
    }
}

void read_hand_over_count(const toml::node& value, configuration& into) {
    const auto* const number = value.as_integer();
    if (number == nullptr || number->get() < 0) {
        refuse(value, "hand_over_count must be a whole number from zero");
    }
    into.options.hand_over_count = static_cast<std::size_t>(number->get());
}

void read_acquire(const toml::node& value, configuration& into) {
    const toml::table* const table = value.as_table();
    if (table == nullptr) {
        refuse(value, "acquire must be a table: a line [acquire] and its keys below it");
    }
    for (const auto& [key, each] : *table) {
        if (key == "wait") {
            const bool forever =
                text_of("acquire.wait", each, "30s") == std::string_view{"forever"};
            into.wait =
                forever ? wait_policy::forever() : wait_policy{duration_of("acquire.wait", each)};
        } else if (key == "label") {
            into.label = text_of("acquire.label", each, "nightly report");
        } else if (key == "fair") {
            into.fair = flag_of("acquire.fair", each);
        } else if (key == "stop_margin") {
            into.stop_margin = duration_of("acquire.stop_margin", each);
        } else {
            throw mistake{key.source().begin,
                          "a key that is not known in [acquire]; known are wait, label, fair and "
                          "stop_margin"};
        }
    }
}

std::string known_keys() {
    std::string names = "nodes";
    for (const duration_key& each : durations) {
        names += ", " + std::string{each.name};
    }
    return names + ", guard, fencing, hand_over_count, key_prefix and the table acquire";
}

void read_key(const toml::key& key, const toml::node& value, configuration& into) {
    for (const duration_key& each : durations) {
        if (key == each.name) {
            const bool forever = each.may_be_forever &&
                                 text_of(each.name, value, "10s") == std::string_view{"forever"};
            into.options.*each.member =
                forever ? manager_options::no_limit : duration_of(each.name, value);
            return;
        }
    }
    if (key == "nodes") {
        read_nodes(value, into);
    } else if (key == "guard") {
        read_guard(value, into);
    } else if (key == "fencing") {
        into.options.fencing = flag_of("fencing", value);
    } else if (key == "hand_over_count") {
        read_hand_over_count(value, into);
    } else if (key == "key_prefix") {
        into.options.key_prefix = text_of("key_prefix", value, "team:");
        if (into.options.key_prefix.empty()) {
            // Not "none": a deployment failed to fill it in, and must not get keys elsewhere.
            refuse(value, "key_prefix is empty; give a prefix, or leave the key out");
        }
    } else if (key == "acquire") {
        read_acquire(value, into);
    } else {
        throw mistake{key.source().begin, "a key that is not known; known are " + known_keys()};
    }
}

configuration_error error_at(std::string_view name, std::size_t line, std::size_t column,
                             std::string_view what) {
    return {std::string{name} + ", line " + std::to_string(line) + ", column " +
            std::to_string(column) + ": " + std::string{what}};
}

configuration_error error_at(std::string_view name, const mistake& made) {
    return error_at(name, made.where.line, made.where.column, made.what);
}

}  // namespace

boost::system::result<configuration, configuration_error> parse_configuration(
    std::string_view text, std::string_view name) {
    if (const auto foreign = toml_text::first_foreign(text)) {
        return error_at(
            name, foreign->line, foreign->column,
            "this character may only stand in a text or a comment: are quotes missing?");
    }
    // toml++ goes into nested arrays and tables by recursion, and bounds that itself.
    try {
        configuration found;
        const toml::table document = toml::parse(text);
        for (const auto& [key, value] : document) {
            read_key(key, value, found);
        }
        return found;
    } catch (const toml::parse_error& failure) {
        return error_at(name, {failure.source().begin,
                               "this is not TOML, here or just before: is a quote, a bracket or a "
                               "comma missing, or a key given twice?"});
    } catch (const mistake& made) {
        return error_at(name, made);
    }
}

boost::system::result<configuration, configuration_error> read_configuration(
    const std::filesystem::path& file) {
    std::error_code failure;
    if (std::filesystem::is_directory(file, failure)) {
        return configuration_error{"cannot read " + file.string() + ": it is a folder"};
    }
    errno = 0;
    std::ifstream input{file, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{input}, {}};
    if (!input.is_open() || input.bad()) {
        return configuration_error{"cannot read " + file.string() + ": " +
                                   std::generic_category().message(errno)};
    }
    return parse_configuration(text, file.string());
}

void throw_exception_from_error(const configuration_error& error, const boost::source_location&) {
    throw lock_error(errc::invalid_argument, {.message = error.message, .nodes = {}});
}

}  // namespace redlock
