#include "cli/output/explanations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "cli/output/help_text.hpp"

namespace redlock::cli {

namespace {

constexpr std::string_view bullet = "- ";
constexpr std::string_view lowest_heading = "### ";
constexpr std::string_view group_heading = "## ";
constexpr std::string_view label_of_messages = "Message";
constexpr std::size_t label_column = 2;
constexpr std::size_t text_column = 12;
constexpr std::size_t code_column = 26;

std::string_view next_line(std::string_view& text) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

/// "- Why: because" without its bullet: the label, and what stands behind it.
explained_point point_of(std::string_view item) {
    const auto colon = item.find(": ");
    return {std::string{item.substr(0, colon)},
            std::string{colon == item.npos ? "" : item.substr(colon + 2)}};
}

std::string_view without_quotes(std::string_view text) {
    const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    return quoted ? text.substr(1, text.size() - 2) : text;
}

/// Behind an opening bracket of a link: its text, and past the link; nothing if it is no link.
std::optional<std::string_view> take_link(std::string_view& rest) {
    const auto middle = rest.find("](");
    const auto end = middle == rest.npos ? rest.npos : rest.find(')', middle);
    const auto other = rest.substr(0, middle).find_first_of("[]");
    if (end == rest.npos || other != rest.npos) {
        return std::nullopt;
    }
    const std::string_view text = rest.substr(0, middle);
    rest.remove_prefix(end + 1);
    return text;
}

bool is_upper(char each) {
    return each >= 'A' && each <= 'Z';
}

/// 128 + n, in the way of shells.
bool stands_for_a_signal(std::string_view code) {
    constexpr int none = 128;
    constexpr int highest = 64;
    int number = 0;
    const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), number);
    return error == std::errc{} && end == code.data() + code.size() && number > none &&
           number <= none + highest;
}

const explanation* exactly(const std::vector<explanation>& all, std::string_view code) {
    const auto found = std::ranges::find(all, code, &explanation::code);
    return found == all.end() ? nullptr : &*found;
}

/// Up to the first full stop.
std::string_view first_sentence(std::string_view text) {
    return text.substr(0, std::min(text.find(". "), text.size()));
}

}  // namespace

std::string_view explanation::first(std::string_view label) const {
    const auto found = std::ranges::find(points, label, &explained_point::label);
    return found == points.end() ? std::string_view{} : std::string_view{found->text};
}

std::string without_marks(std::string_view markdown) {
    std::string out;
    while (!markdown.empty()) {
        const char each = markdown.front();
        markdown.remove_prefix(1);
        const auto link = each == '[' ? take_link(markdown) : std::nullopt;
        if (link) {
            out += without_marks(*link);
        } else if (each == '*' && markdown.starts_with('*')) {
            markdown.remove_prefix(1);
        } else if (each != '`') {
            out += each;
        }
    }
    return out;
}

std::string as_code(std::string_view written) {
    if (const auto scope = written.rfind(':'); scope != written.npos) {
        written.remove_prefix(scope + 1);
    }
    std::string out;
    for (const char each : written) {
        if (is_upper(each) && !out.empty() && out.back() != '_') {
            out += '_';
        }
        out += is_upper(each) ? static_cast<char>(each - 'A' + 'a') : each == '-' ? '_' : each;
    }
    return out;
}

std::vector<explanation> explanations_in(std::string_view pages) {
    std::vector<explanation> all;
    std::string group;
    bool inside = false;
    while (!pages.empty()) {
        const std::string_view line = next_line(pages);
        if (line.starts_with(lowest_heading)) {
            all.push_back({std::string{line.substr(lowest_heading.size())}, group, {}});
            inside = true;
        } else if (line.starts_with('#')) {
            inside = false;
            group = line.starts_with(group_heading) ? line.substr(group_heading.size()) : group;
        } else if (inside && line.starts_with(bullet)) {
            all.back().points.push_back(point_of(line.substr(bullet.size())));
        } else if (inside && line.starts_with("  ") && !all.back().points.empty()) {
            all.back().points.back().text += line.substr(1);
        }
    }
    for (explanation& one : all) {
        for (explained_point& each : one.points) {
            // A message may hold the marks itself.
            each.text = each.label == label_of_messages ? std::string{without_quotes(each.text)}
                                                        : without_marks(each.text);
        }
    }
    return all;
}

const explanation* find_explanation(const std::vector<explanation>& all, std::string_view code) {
    constexpr std::string_view of_locks = "lock_";
    const std::string ours = as_code(code);
    if (const explanation* const found = exactly(all, ours)) {
        return found;
    }
    if (stands_for_a_signal(ours)) {
        return exactly(all, "128");
    }
    return ours.starts_with(of_locks) ? exactly(all, ours.substr(of_locks.size())) : nullptr;
}

std::string as_text(const explanation& one) {
    std::string out = one.code + "\n";
    std::string_view last;
    for (const explained_point& each : one.points) {
        const std::string label = each.label == last ? "" : each.label + ":";
        out += fmt::format("\n{}{:<{}}", std::string(label_column, ' '), label,
                           text_column - label_column) +
               wrapped(each.text, text_column, text_column);
        last = each.label;
    }
    return out;
}

std::string as_list(const std::vector<explanation>& all) {
    std::string out;
    std::string_view group;
    for (const explanation& each : all) {
        if (each.group != group) {
            out += fmt::format("{}{}:\n", out.empty() ? "" : "\n", each.group);
            group = each.group;
        }
        out += fmt::format("  {:<{}}", each.code, code_column - 2) +
               wrapped(first_sentence(each.first("Meaning")), code_column, code_column);
    }
    return out;
}

bool is_worth_explaining(std::string_view code) {
    constexpr std::array<std::string_view, 6> all{
        "no_quorum",       "indeterminate",     "lost",
        "different_nodes", "same_server_twice", "permits_mismatch"};
    return std::ranges::find(all, code) != all.end();
}

}  // namespace redlock::cli
