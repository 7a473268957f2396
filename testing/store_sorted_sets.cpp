// The commands on sorted sets; see store.hpp.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <system_error>

#include "testing/store.hpp"

namespace redlock::testing {

namespace {

/// As far as scripts write them: decimal numbers and infinities.
std::optional<double> score_in(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
    }
    double score = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), score);
    const bool whole = problem == std::errc{} && end == text.data() + text.size();
    return whole && !std::isnan(score) ? std::optional{score} : std::nullopt;
}

/// One end of a range: "5", or "(5" without 5 itself.
struct bound {
    double score;
    bool excluded;
};

std::optional<bound> bound_in(std::string_view text) {
    const bool excluded = text.starts_with('(');
    if (excluded) {
        text.remove_prefix(1);
    }
    const auto score = score_in(text);
    return score ? std::optional{bound{*score, excluded}} : std::nullopt;
}

reply no_range() {
    return reply::error("ERR min or max is not a float");
}

bool is_range(std::string_view least, std::string_view most) {
    return bound_in(least) && bound_in(most);
}

reply shown(double score) {
    std::array<char, 40> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.17g", score);
    return reply::text({text.data(), static_cast<std::size_t>(size)});
}

}  // namespace

store::members store::within(const entry* what, std::string_view least, std::string_view most) {
    members found;
    if (what == nullptr) {
        return found;
    }
    const bound from = bound_in(least).value();
    const bound to = bound_in(most).value();
    for (const auto& [member, score] : std::get<scores>(what->value)) {
        const bool above = from.excluded ? score > from.score : score >= from.score;
        const bool below = to.excluded ? score < to.score : score <= to.score;
        if (above && below) {
            found.emplace_back(score, member);
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

reply store::zadd(const request& what) {
    if (what.size() % 2 != 0) {
        return syntax_error();
    }
    std::vector<double> given;
    for (std::size_t at = 2; at < what.size(); at += 2) {
        const auto score = score_in(what[at]);
        if (!score) {
            return reply::error("ERR value is not a valid float");
        }
        given.push_back(*score);
    }
    entry* found = find(what[1]);
    if (found != nullptr && !std::holds_alternative<scores>(found->value)) {
        return wrong_type();
    }
    if (found == nullptr) {
        found = &entries_.insert_or_assign(what[1], entry{scores{}}).first->second;
    }
    auto& all = std::get<scores>(found->value);
    std::int64_t added = 0;
    bool changed = false;
    for (std::size_t at = 0; at < given.size(); ++at) {
        const auto [member, is_new] = all.try_emplace(what[3 + 2 * at], given[at]);
        added += is_new ? 1 : 0;
        changed = changed || is_new || member->second != given[at];
        member->second = given[at];
    }
    if (changed) {
        heard_->on_changed(what[1]);
    }
    return reply::integer(added);
}

reply store::zscore(const request& what) {
    const entry* const found = read(what[1]);
    if (found == nullptr) {
        return reply::nil();
    }
    const auto* const all = std::get_if<scores>(&found->value);
    if (all == nullptr) {
        return wrong_type();
    }
    const auto at = all->find(what[2]);
    return at != all->end() ? shown(at->second) : reply::nil();
}

reply store::zrem(const request& what) {
    entry* const found = find(what[1]);
    if (found == nullptr) {
        return reply::integer(0);
    }
    auto* const all = std::get_if<scores>(&found->value);
    if (all == nullptr) {
        return wrong_type();
    }
    std::size_t removed = 0;
    for (std::size_t at = 2; at < what.size(); ++at) {
        removed += all->erase(what[at]);
    }
    if (removed != 0) {
        if (all->empty()) {
            entries_.erase(what[1]);
        }
        heard_->on_changed(what[1]);
    }
    return reply::integer(static_cast<std::int64_t>(removed));
}

reply store::zcount(const request& what) {
    // Counts as read in any case.
    const entry* const found = read(what[1]);
    if (!is_range(what[2], what[3])) {
        return no_range();
    }
    if (found != nullptr && !std::holds_alternative<scores>(found->value)) {
        return wrong_type();
    }
    return reply::integer(static_cast<std::int64_t>(within(found, what[2], what[3]).size()));
}

reply store::zrevrangebyscore(const request& what) {
    bool with_scores = false;
    std::int64_t skipped = 0;
    std::int64_t count = -1;
    const entry* const found = read(what[1]);
    for (std::size_t at = 4; at < what.size(); ++at) {
        const std::string option = in_lower_case(what[at]);
        if (option == "withscores") {
            with_scores = true;
        } else if (option == "limit" && at + 2 < what.size()) {
            const auto first = whole_number(what[at + 1]);
            const auto most = whole_number(what[at + 2]);
            if (!first || !most) {
                return not_a_number();
            }
            skipped = *first;
            count = *most;
            at += 2;
        } else {
            return syntax_error();
        }
    }
    if (!is_range(what[3], what[2])) {
        return no_range();
    }
    if (found != nullptr && !std::holds_alternative<scores>(found->value)) {
        return wrong_type();
    }
    members inside = within(found, what[3], what[2]);
    std::reverse(inside.begin(), inside.end());
    reply answer = reply::array({});
    for (auto at = skipped; skipped >= 0 && at < static_cast<std::int64_t>(inside.size()) &&
                            (count < 0 || at - skipped < count);
         ++at) {
        const auto& [score, member] = inside[static_cast<std::size_t>(at)];
        answer.items.push_back(reply::text(member));
        if (with_scores) {
            answer.items.push_back(shown(score));
        }
    }
    return answer;
}

reply store::zremrangebyscore(const request& what) {
    if (!is_range(what[2], what[3])) {
        return no_range();
    }
    entry* const found = find(what[1]);
    if (found == nullptr) {
        return reply::integer(0);
    }
    if (!std::holds_alternative<scores>(found->value)) {
        return wrong_type();
    }
    request members_of{"ZREM", what[1]};
    for (auto& each : within(found, what[2], what[3])) {
        members_of.push_back(std::move(each.second));
    }
    return zrem(members_of);
}

}  // namespace redlock::testing
