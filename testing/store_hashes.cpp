// The commands on hashes, and Redis's patterns; see store.hpp.
#include <algorithm>

#include "testing/store.hpp"

namespace redlock::testing {

namespace {

/// One of "[a-z]" and the like, from behind its bracket; `pattern` goes on behind it.
bool matches_one_of(std::string_view& pattern, char what) {
    const bool negated = pattern.starts_with('^');
    if (negated) {
        pattern.remove_prefix(1);
    }
    bool found = false;
    while (!pattern.empty() && pattern.front() != ']') {
        if (pattern.front() == '\\' && pattern.size() > 1) {
            pattern.remove_prefix(1);
            found = found || pattern.front() == what;
        } else if (pattern.size() > 2 && pattern[1] == '-') {
            const auto [low, high] = std::minmax(pattern[0], pattern[2]);
            found = found || (low <= what && what <= high);
            pattern.remove_prefix(2);
        } else {
            found = found || pattern.front() == what;
        }
        pattern.remove_prefix(1);
    }
    if (!pattern.empty()) {
        pattern.remove_prefix(1);
    }
    return found != negated;
}

}  // namespace

bool matches(std::string_view pattern, std::string_view text) {
    if (text.empty()) {
        // As Redis has it: nothing else matches what is empty, not even two stars.
        return pattern.empty() || pattern == "*";
    }
    while (!pattern.empty()) {
        const char first = pattern.front();
        pattern.remove_prefix(1);
        if (first == '*') {
            pattern.remove_prefix(std::min(pattern.find_first_not_of('*'), pattern.size()));
            if (pattern.empty()) {
                return true;
            }
            for (std::size_t skipped = 0; skipped < text.size(); ++skipped) {
                if (matches(pattern, text.substr(skipped))) {
                    return true;
                }
            }
            return false;
        }
        if (text.empty()) {
            return false;
        }
        if (first == '[') {
            if (!matches_one_of(pattern, text.front())) {
                return false;
            }
        } else if (first == '\\' && !pattern.empty()) {
            if (pattern.front() != text.front()) {
                return false;
            }
            pattern.remove_prefix(1);
        } else if (first != '?' && first != text.front()) {
            return false;
        }
        text.remove_prefix(1);
    }
    return text.empty();
}

reply store::hset(const request& what) {
    if (what.size() % 2 != 0) {
        return reply::error("ERR wrong number of arguments for 'hset' command");
    }
    entry* found = find(what[1]);
    if (found != nullptr && !std::holds_alternative<fields>(found->value)) {
        return wrong_type();
    }
    if (found == nullptr) {
        found = &entries_.insert_or_assign(what[1], entry{fields{}}).first->second;
    }
    auto& all = std::get<fields>(found->value);
    std::int64_t added = 0;
    for (std::size_t at = 2; at < what.size(); at += 2) {
        const auto field = std::find_if(all.begin(), all.end(),
                                        [&](const auto& each) { return each.first == what[at]; });
        if (field != all.end()) {
            field->second = what[at + 1];
        } else {
            all.emplace_back(what[at], what[at + 1]);
            ++added;
        }
    }
    heard_->on_changed(what[1]);
    return reply::integer(added);
}

reply store::hget(const request& what) {
    reply found = hmget(what);
    return found.is_error() ? found : found.items.front();
}

reply store::hmget(const request& what) {
    const entry* const found = read(what[1]);
    if (found != nullptr && !std::holds_alternative<fields>(found->value)) {
        return wrong_type();
    }
    std::vector<reply> values;
    for (std::size_t at = 2; at < what.size(); ++at) {
        reply value = reply::nil();
        if (found != nullptr) {
            for (const auto& [field, text] : std::get<fields>(found->value)) {
                if (field == what[at]) {
                    value = reply::text(text);
                }
            }
        }
        values.push_back(std::move(value));
    }
    return reply::array(std::move(values));
}

reply store::hexists(const request& what) {
    const reply found = hmget(what);
    return found.is_error() ? found : reply::integer(found.items.front() == reply::nil() ? 0 : 1);
}

reply store::hgetall(const request& what) {
    const entry* const found = read(what[1]);
    if (found == nullptr) {
        return reply::array({});
    }
    if (!std::holds_alternative<fields>(found->value)) {
        return wrong_type();
    }
    std::vector<reply> all;
    for (const auto& [field, text] : std::get<fields>(found->value)) {
        all.push_back(reply::text(field));
        all.push_back(reply::text(text));
    }
    return reply::array(std::move(all));
}

reply store::hdel(const request& what) {
    entry* const found = find(what[1]);
    if (found == nullptr) {
        return reply::integer(0);
    }
    if (!std::holds_alternative<fields>(found->value)) {
        return wrong_type();
    }
    auto& all = std::get<fields>(found->value);
    std::size_t removed = 0;
    for (std::size_t at = 2; at < what.size(); ++at) {
        removed += std::erase_if(all, [&](const auto& each) { return each.first == what[at]; });
    }
    if (removed != 0) {
        if (all.empty()) {
            entries_.erase(what[1]);
        }
        heard_->on_changed(what[1]);
    }
    return reply::integer(static_cast<std::int64_t>(removed));
}

}  // namespace redlock::testing
