#include "testing/store.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace redlock::testing {

namespace {

constexpr std::size_t any = SIZE_MAX;
// Later than any clock here will show, and before nanoseconds run over.
constexpr std::int64_t no_end_ms = INT64_MAX / 2'000'000;

/// What is said to a COUNT that is none.
std::optional<reply> wrong_count(std::string_view text) {
    const auto count = whole_number(text);
    return !count       ? std::optional{not_a_number()}
           : *count < 1 ? std::optional{syntax_error()}
                        : std::nullopt;
}

const char* type_of(const store::entry& what) {
    return std::holds_alternative<std::string>(what.value)     ? "string"
           : std::holds_alternative<store::fields>(what.value) ? "hash"
                                                               : "zset";
}

reply invalid_expiry(std::string_view command) {
    return reply::error("ERR invalid expire time in '" + std::string{command} + "' command");
}

}  // namespace

reply not_a_number() {
    return reply::error("ERR value is not an integer or out of range");
}

reply syntax_error() {
    return reply::error("ERR syntax error");
}

reply wrong_type() {
    return reply::error("WRONGTYPE Operation against a key holding the wrong kind of value");
}

std::string in_lower_case(std::string_view text) {
    std::string low{text};
    for (char& each : low) {
        each = each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a') : each;
    }
    return low;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = problem == std::errc{} && end == text.data() + text.size();
    const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
    const bool plain = digits == "0" ? text == "0" : !digits.starts_with('0');
    return whole && plain ? std::optional{number} : std::nullopt;
}

const store::command* store::find_command(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, command>, 25> known{{
        {"get", {2, 2, false, false, &store::get}},
        {"mget", {2, any, false, false, &store::mget}},
        {"set", {3, any, true, true, &store::set}},
        {"del", {2, any, true, false, &store::del}},
        {"delifeq", {3, 3, true, false, &store::delifeq}},
        {"exists", {2, any, false, false, &store::exists}},
        {"type", {2, 2, false, false, &store::type}},
        {"pttl", {2, 2, false, false, &store::pttl}},
        {"pexpire", {3, 3, true, false, &store::pexpire}},
        {"pexpireat", {3, 3, true, false, &store::pexpireat}},
        {"hset", {4, any, true, true, &store::hset}},
        {"hget", {3, 3, false, false, &store::hget}},
        {"hdel", {3, any, true, false, &store::hdel}},
        {"hgetall", {2, 2, false, false, &store::hgetall}},
        {"hmget", {3, any, false, false, &store::hmget}},
        {"hexists", {3, 3, false, false, &store::hexists}},
        {"zadd", {4, any, true, true, &store::zadd}},
        {"zscore", {3, 3, false, false, &store::zscore}},
        {"zrem", {3, any, true, false, &store::zrem}},
        {"zcount", {4, 4, false, false, &store::zcount}},
        {"zrevrangebyscore", {4, any, false, false, &store::zrevrangebyscore}},
        {"zremrangebyscore", {4, 4, true, false, &store::zremrangebyscore}},
        {"scan", {2, any, false, false, &store::scan}},
        {"time", {1, 1, false, false, &store::time}},
        {"flushall", {1, any, true, false, &store::flushall}},
    }};
    const auto* const found = std::find_if(known.begin(), known.end(),
                                           [&](const auto& each) { return each.first == name; });
    return found != known.end() ? &found->second : nullptr;
}

std::optional<reply> store::execute(const request& what) {
    const std::string name = in_lower_case(what.front());
    const command* const found = find_command(name);
    if (found == nullptr) {
        return std::nullopt;
    }
    if (what.size() < found->fewest || what.size() > found->most) {
        return reply::error(in_script_
                                ? "ERR Wrong number of args calling Redis command from script"
                                : "ERR wrong number of arguments for '" + name + "' command");
    }
    if (full_ && found->grows && !(in_script_ && wrote_)) {
        return reply::error("OOM command not allowed when used memory > 'maxmemory'.");
    }
    wrote_ = wrote_ || found->writes;
    return (this->*found->run)(what);
}

store::entry* store::find(const std::string& key) {
    const auto at = entries_.find(key);
    if (at == entries_.end()) {
        return nullptr;
    }
    if (is_over(at->second)) {
        remove(key);
        return nullptr;
    }
    return &at->second;
}

store::entry* store::read(const std::string& key) {
    entry* const found = find(key);
    heard_->on_read(key);
    return found;
}

void store::remove(const std::string& key) {
    if (entries_.erase(key) != 0) {
        heard_->on_changed(key);
    }
}

void store::remove_expired() {
    std::vector<std::string> over;
    for (const auto& [key, each] : entries_) {
        if (is_over(each)) {
            over.push_back(key);
        }
    }
    for (const std::string& key : over) {
        remove(key);
    }
}

std::optional<std::int64_t> store::next_expiry_us() const {
    std::optional<std::int64_t> first;
    for (const auto& [key, each] : entries_) {
        if (each.ends_ms && *each.ends_ms < no_end_ms && (!first || *each.ends_ms < *first)) {
            first = each.ends_ms;
        }
    }
    return first ? std::optional{(*first + 1) * 1000} : std::nullopt;
}

std::optional<std::string> store::text_at(const std::string& key) const {
    const auto at = entries_.find(key);
    const bool there = at != entries_.end() && !is_over(at->second) &&
                       std::holds_alternative<std::string>(at->second.value);
    return there ? std::optional{std::get<std::string>(at->second.value)} : std::nullopt;
}

std::optional<std::int64_t> store::end_of(const std::string& key) const {
    const auto at = entries_.find(key);
    const bool ends = at != entries_.end() && !is_over(at->second) && at->second.ends_ms;
    return ends ? std::optional{(*at->second.ends_ms + 1) * 1000} : std::nullopt;
}

std::vector<std::string> store::keys() const {
    std::vector<std::string> all;
    for (const auto& [key, each] : entries_) {
        if (!is_over(each)) {
            all.push_back(key);
        }
    }
    return all;
}

// ---- strings ----

/// What is not there or is no text is nothing: no error.
reply store::mget(const request& what) {
    reply all = reply::array({});
    for (std::size_t i = 1; i < what.size(); ++i) {
        const entry* const found = read(what[i]);
        const bool text = found != nullptr && std::holds_alternative<std::string>(found->value);
        all.items.push_back(text ? reply::text(std::get<std::string>(found->value)) : reply::nil());
    }
    return all;
}

reply store::get(const request& what) {
    const entry* const found = read(what[1]);
    if (found == nullptr) {
        return reply::nil();
    }
    const auto* const text = std::get_if<std::string>(&found->value);
    return text != nullptr ? reply::text(*text) : wrong_type();
}

reply store::set(const request& what) {
    bool only_new = false;
    bool only_old = false;
    bool keeps_end = false;
    bool tells_old = false;
    std::string unit;
    const std::string* given = nullptr;
    for (std::size_t at = 3; at < what.size(); ++at) {
        const std::string option = in_lower_case(what[at]);
        const bool lasts = option == "px" || option == "ex" || option == "pxat";
        if (option == "nx" && !only_old) {
            only_new = true;
        } else if (option == "xx" && !only_new) {
            only_old = true;
        } else if (option == "get") {
            tells_old = true;
        } else if (option == "keepttl" && given == nullptr) {
            keeps_end = true;
        } else if (lasts && (given == nullptr || unit == option) && !keeps_end &&
                   at + 1 < what.size()) {
            unit = option;
            given = &what[++at];
        } else {
            return syntax_error();
        }
    }
    std::optional<std::int64_t> ends_ms;
    if (given != nullptr) {
        const auto number = whole_number(*given);
        if (!number) {
            return not_a_number();
        }
        const std::int64_t in_ms = unit == "ex" ? 1000 : 1;
        const std::int64_t from_ms = unit == "pxat" ? 0 : now_ms();
        if (*number <= 0 || *number > (INT64_MAX - from_ms) / in_ms) {
            return invalid_expiry("set");
        }
        ends_ms = from_ms + *number * in_ms;
    }
    entry* const old = find(what[1]);
    reply before = reply::nil();
    if (tells_old && old != nullptr) {
        if (!std::holds_alternative<std::string>(old->value)) {
            return wrong_type();
        }
        before = reply::text(std::get<std::string>(old->value));
    }
    if ((only_new && old != nullptr) || (only_old && old == nullptr)) {
        return before;
    }
    entry& now = entries_[what[1]];
    now.value = what[2];
    if (!keeps_end) {
        now.ends_ms = ends_ms;
    }
    heard_->on_changed(what[1]);
    return tells_old ? before : reply::ok();
}

// ---- any type ----

reply store::del(const request& what) {
    std::int64_t removed = 0;
    for (std::size_t at = 1; at < what.size(); ++at) {
        if (find(what[at]) != nullptr) {
            remove(what[at]);
            ++removed;
        }
    }
    return reply::integer(removed);
}

reply store::delifeq(const request& what) {
    reply found = get({"GET", what[1]});
    if (found.is_error()) {
        return found;
    }
    return found == reply::text(what[2]) ? del({"DEL", what[1]}) : reply::integer(0);
}

reply store::exists(const request& what) {
    return reply::integer(std::count_if(what.begin() + 1, what.end(), [&](const std::string& key) {
        return read(key) != nullptr;
    }));
}

reply store::type(const request& what) {
    const entry* const found = read(what[1]);
    return reply::status(found == nullptr ? "none" : type_of(*found));
}

reply store::pttl(const request& what) {
    const entry* const found = read(what[1]);
    if (found == nullptr) {
        return reply::integer(-2);
    }
    return reply::integer(found->ends_ms ? std::max<std::int64_t>(*found->ends_ms - now_ms(), 0)
                                         : -1);
}

reply store::pexpire(const request& what) {
    const auto lasts_ms = whole_number(what[2]);
    if (!lasts_ms) {
        return not_a_number();
    }
    if (*lasts_ms > INT64_MAX - now_ms()) {
        return invalid_expiry("pexpire");
    }
    return end_at(what[1], now_ms() + *lasts_ms);
}

reply store::pexpireat(const request& what) {
    const auto ends_ms = whole_number(what[2]);
    return ends_ms ? end_at(what[1], *ends_ms) : not_a_number();
}

/// At once if that is over.
reply store::end_at(const std::string& key, std::int64_t ends_ms) {
    entry* const found = find(key);
    if (found == nullptr) {
        return reply::integer(0);
    }
    if (ends_ms <= now_ms()) {
        remove(key);
    } else {
        found->ends_ms = ends_ms;
        heard_->on_changed(key);
    }
    return reply::integer(1);
}

reply store::scan(const request& what) {
    std::string pattern = "*";
    std::string only_type;
    if (!whole_number(what[1])) {
        return reply::error("ERR invalid cursor");
    }
    for (std::size_t at = 2; at < what.size(); at += 2) {
        const std::string option = in_lower_case(what[at]);
        if (at + 1 == what.size()) {
            return syntax_error();
        }
        if (option == "match") {
            pattern = what[at + 1];
        } else if (option == "type") {
            only_type = in_lower_case(what[at + 1]);
        } else if (option != "count") {
            return syntax_error();
        } else if (auto wrong = wrong_count(what[at + 1])) {
            return std::move(*wrong);
        }
    }
    // In one go, whatever COUNT asks for: Redis may do so, too.
    std::vector<reply> found;
    for (const auto& [key, each] : entries_) {
        const bool of_type = only_type.empty() || only_type == type_of(each);
        if (!is_over(each) && of_type && matches(pattern, key)) {
            found.push_back(reply::text(key));
        }
    }
    return reply::array({reply::text("0"), reply::array(std::move(found))});
}

reply store::time(const request& /*what*/) {
    return reply::array({reply::text(std::to_string(now_us_ / 1'000'000)),
                         reply::text(std::to_string(now_us_ % 1'000'000))});
}

reply store::flushall(const request& what) {
    const std::string how = what.size() == 2 ? in_lower_case(what[1]) : "";
    if (what.size() > 1 && how != "async" && how != "sync") {
        return syntax_error();
    }
    entries_.clear();
    heard_->on_flushed();
    return reply::ok();
}

}  // namespace redlock::testing
