#include "driver/greeting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "core/quarantine.hpp"
#include "driver/script_call.hpp"
#include "driver/votes.hpp"

namespace redlock::driver {

namespace {

using std::chrono::milliseconds;

using named_value = std::pair<std::string_view, std::int64_t>;

std::array<named_value, 5> listed(const guard_terms& terms) {
    return {{{"nodes", static_cast<std::int64_t>(terms.nodes)},
             {"max_lease_time", terms.max_lease_time.count()},
             {"clock_window", terms.clock_window.count()},
             {"fence_lifetime", terms.fence_lifetime.count()},
             {"clock_step", terms.clock_step.count()}}};
}

std::string shown_term(std::string_view name, std::int64_t value) {
    return name == "nodes" ? fmt::format("{}", value) : fmt::format("{} ms", value);
}

std::map<std::string_view, std::int64_t> read_words(std::string_view text) {
    std::map<std::string_view, std::int64_t> terms;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(word.size() + 1, text.size()));
        const std::size_t equals = word.find('=');
        std::int64_t value = 0;
        if (equals != std::string_view::npos) {
            std::from_chars(word.data() + equals + 1, word.data() + word.size(), value);
            terms.emplace(word.substr(0, equals), value);
        }
    }
    return terms;
}

// The times only if we would have written the very same: whatever else there is, we do not know.
core::kept_terms read_terms(std::string_view text) {
    const auto words = read_words(text);
    const auto found = [&](std::string_view name) {
        const auto word = words.find(name);
        return word != words.end() ? std::optional{word->second} : std::nullopt;
    };
    const auto time = [&](std::string_view name) { return milliseconds{found(name).value_or(-1)}; };
    core::kept_terms kept;
    if (const auto nodes = found("nodes")) {
        kept.nodes = static_cast<std::size_t>(*nodes);
    }
    const guard_terms whole{{.max_lease_time = time("max_lease_time"),
                             .clock_window = time("clock_window"),
                             .fence_lifetime = time("fence_lifetime"),
                             .clock_step = time("clock_step")},
                            kept.nodes.value_or(0)};
    if (whole.to_string() == text) {
        kept.times = whole;
    }
    return kept;
}

}  // namespace

guard_terms guard_terms::of(const manager_options& options, std::size_t nodes) {
    return {{.max_lease_time = options.max_lease_time,
             .clock_window = options.clock_window,
             .fence_lifetime = options.fence_lifetime,
             .clock_step = options.clock_step},
            nodes};
}

milliseconds guard_terms::quarantine() const {
    return core::quarantine_time(max_lease_time, clock_window, clock_step);
}

std::string guard_terms::to_string() const {
    std::string text;
    for (const auto& [name, value] : listed(*this)) {
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
    }
    return text;
}

core::accord guard_terms::compared_with(std::string_view kept) const {
    return core::compare({nodes, static_cast<const core::shared_times&>(*this)}, read_terms(kept));
}

std::string guard_terms::difference(std::string_view kept, const key_names& keys) const {
    if (kept == to_string()) {
        return {};
    }
    const auto theirs = read_words(kept);
    std::string text;
    for (const auto& [name, value] : listed(*this)) {
        const auto found = theirs.find(name);
        if (found == theirs.end()) {
            text = "what it keeps of them cannot be read";
            break;
        }
        if (found->second != value) {
            text += fmt::format("{}{} is {} here and {} there", text.empty() ? "" : ", ", name,
                                shown_term(name, value), shown_term(name, found->second));
        }
    }
    return fmt::format(
        "the clients that this node knows have other settings ({}): give all the same; if the "
        "others are gone for good, {} makes the node forget them",
        text.empty() ? "another version wrote them" : text, keys.vouch_command());
}

bool is_guarded(const manager_options& options, std::size_t nodes) {
    // With fewer nodes there is no majority without the one that was restarted, and every restart
    // would be an outage.
    constexpr std::size_t fewest = 3;
    return options.guard == restart_guard::on ||
           (options.guard == restart_guard::automatic && nodes >= fewest);
}

std::string encode_hello(const key_names& keys, const redis::server_identity& identity,
                         const guard_terms& terms, hello_form form) {
    const std::string incarnation = identity.incarnation();
    const std::string remembers = decimal(identity.remembers_for().count());
    const std::string quarantine = decimal(terms.quarantine().count());
    const std::string configuration = terms.to_string();
    return script_call{scripts::hello,
                       {keys.epoch()},
                       {incarnation, remembers, quarantine, configuration,
                        form == hello_form::records ? "1" : "0"}}
        .by_body();
}

std::string encode_vouch(const key_names& keys) {
    return script_call{scripts::vouch, {keys.epoch()}, {}}.by_body();
}

parsed<milliseconds> parse_hello(const redis::reply_view& reply, const key_names& keys,
                                 const guard_terms& terms) {
    if (!reply.is_array() || reply.size() != 2 || !reply[0].is_integer() || !reply[1].is_text() ||
        reply[0].integer() < 0) {
        return {std::nullopt,
                refusal_of(reply, {.key = keys.epoch(), .keys = &keys, .script = &scripts::hello})};
    }
    const std::string_view kept = reply[1].text();
    const core::accord found = kept.empty() ? core::accord::same : terms.compared_with(kept);
    if (!core::gives_vote(found)) {
        return {std::nullopt,
                {core::bars_client(found) ? node_errc::different_nodes
                                          : node_errc::configuration_mismatch,
                 terms.difference(kept, keys)}};
    }
    return {std::min(milliseconds{reply[0].integer()}, terms.quarantine()), {}};
}

}  // namespace redlock::driver
