#include "faults/outcome.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace redlock::faults {
namespace {

struct column {
    std::string_view title;
    std::size_t outcome::*count;
    bool must_be_zero;
};

constexpr std::array<column, 12> columns{{
    {"runs", &outcome::runs, false},
    {"faults", &outcome::faults, false},
    {"acquired", &outcome::acquisitions, false},
    {"readers", &outcome::readers, false},
    {"lost", &outcome::lost, false},
    {"overlaps", &outcome::overlaps_within, true},
    {"outside", &outcome::overlaps_outside, false},
    {"refused", &outcome::refused, false},
    {"regressions", &outcome::regressions, true},
    {"lost updates", &outcome::lost_updates, true},
    {"stuck", &outcome::stuck, true},
    {"left over", &outcome::leftovers, true},
}};

constexpr std::string_view shown_end(ending end) {
    switch (end) {
        case ending::passed:
            return "passed";
        case ending::failed:
            return "FAILED";
        case ending::not_run:
            return "not run here";
    }
    return "";
}

}  // namespace

outcome outcome_of(std::string_view name, bool within, const verdict& judged, std::size_t faults) {
    outcome one;
    one.name = name;
    one.faults = faults;
    one.acquisitions = judged.acquisitions;
    one.readers = judged.readers;
    one.lost = judged.lost;
    (within ? one.overlaps_within : one.overlaps_outside) = judged.overlaps;
    one.refused = judged.refused;
    one.regressions = judged.regressions;
    one.lost_updates = judged.lost_updates;
    one.stuck = judged.stuck;
    one.leftovers = judged.leftovers;
    one.remarks = judged.findings;
    one.end = ending::passed;
    for (const column& each : columns) {
        if (each.must_be_zero && one.*each.count > 0) {
            one.end = ending::failed;
        }
    }
    if (faults == 0 || judged.acquisitions == 0) {
        one.end = ending::failed;
        one.remarks.emplace_back(faults == 0 ? "the fault never took effect"
                                             : "nothing was acquired");
    }
    return one;
}

void add_up(outcome& sum, const outcome& more) {
    for (const column& each : columns) {
        sum.*each.count += more.*each.count;
    }
    if (sum.end == ending::passed) {
        sum.end = more.end;
    }
    sum.remarks.insert(sum.remarks.end(), more.remarks.begin(), more.remarks.end());
}

std::string to_text(const outcome& one) {
    std::string text = fmt::format("{} {}", one.name, static_cast<int>(one.end));
    for (const column& each : columns) {
        fmt::format_to(std::back_inserter(text), " {}", one.*each.count);
    }
    for (const std::string& remark : one.remarks) {
        text += '\n' + remark;
    }
    return text + "\n.\n";
}

outcome outcome_from_text(const std::string& text) {
    std::istringstream in{text};
    outcome one;
    int end = 0;
    in >> one.name >> end;
    for (const column& each : columns) {
        in >> one.*each.count;
    }
    if (!in || end < 0 || end > static_cast<int>(ending::not_run)) {
        throw std::runtime_error("no outcome: " + text);
    }
    one.end = static_cast<ending>(end);
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line) && line != ".") {
        one.remarks.push_back(line);
    }
    if (line != ".") {
        throw std::runtime_error("an outcome without its end: " + text);
    }
    return one;
}

std::string table_of(const std::vector<outcome>& all) {
    std::string text = fmt::format("{:<22}", "fault");
    for (const column& each : columns) {
        fmt::format_to(std::back_inserter(text), " {:>{}}", each.title,
                       std::max<std::size_t>(each.title.size(), 6));
    }
    text += '\n';
    for (const outcome& one : all) {
        fmt::format_to(std::back_inserter(text), "{:<22}", one.name);
        for (const column& each : columns) {
            fmt::format_to(std::back_inserter(text), " {:>{}}",
                           one.end == ending::not_run ? "-" : std::to_string(one.*each.count),
                           std::max<std::size_t>(each.title.size(), 6));
        }
        fmt::format_to(std::back_inserter(text), "  {}\n", shown_end(one.end));
    }
    text +=
        "overlaps, regressions, lost updates, stuck, left over: must be 0. outside: overlaps of a\n"
        "fault that breaks an assumption of the protocol. refused: what the store refused.\n"
        "readers: how many of those acquired were shared.\n";
    for (const outcome& one : all) {
        for (const std::string& remark : one.remarks) {
            fmt::format_to(std::back_inserter(text), "{}: {}\n", one.name, remark);
        }
    }
    return text;
}

}  // namespace redlock::faults
