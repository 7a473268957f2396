// How calls are put together; see several_fixture.hpp.
#include "scripts/several_fixture.hpp"

#include <algorithm>
#include <sstream>

namespace redlock::scripts {

std::string several_fixture::answer_to(const script& which, bool has_record, const words& arguments,
                                       bool has_lines) const {
    words keys;
    for (const std::string& each : names) {
        keys.push_back(each);
        keys.push_back(fence_key(each));
        if (has_lines) {
            keys.push_back("redlock:line:{" + each + "}");
        }
        if (has_record) {
            keys.push_back(holder_key(each));
        }
    }
    words command{"EVAL", std::string{which.body}, std::to_string(keys.size())};
    command.insert(command.end(), keys.begin(), keys.end());
    command.insert(command.end(), arguments.begin(), arguments.end());
    const std::int64_t before = node.time_us();
    // getline() leaves out an empty line at the end.
    std::istringstream lines{node.server.command(command) + "\n"};
    const std::int64_t after = node.time_us();
    std::string told;
    bool is_first = true;
    for (std::string line; std::getline(lines, line); is_first = false) {
        const bool is_number = line.size() == std::to_string(before).size() &&
                               line.find_first_not_of("0123456789") == std::string::npos;
        const bool is_time = is_number && std::stoll(line) >= before && std::stoll(line) <= after;
        told += is_first ? "" : "\n";
        told += is_time ? "TIME" : line;
    }
    return told;
}

std::string several_fixture::acquire(const acquire_call& with) const {
    const std::int64_t ballot = !with.fenced ? 0 : with.ballot != 0 ? with.ballot : node.time_us();
    words arguments{with.token,
                    std::to_string(ballot),
                    std::to_string(with.last != 0 ? with.last : ballot),
                    std::to_string(with.lease_ms),
                    std::to_string(with.window_us),
                    std::to_string(2 * hour_ms),
                    "called -",
                    std::to_string(with.ticket),
                    std::to_string(minute_ms),
                    std::to_string(with.grace_ms),
                    "0",
                    with.yields ? "1" : "0"};
    if (!with.record.empty()) {
        arguments.push_back(with.record);
    }
    return answer_to(scripts::acquire_all, !with.record.empty(), arguments, true);
}

std::string several_fixture::extend(const extend_call& with) const {
    words arguments{"me", std::to_string(with.last), std::to_string(with.lease_ms),
                    std::to_string(2 * hour_ms), with.heals ? "1" : "0"};
    if (!with.record.empty()) {
        arguments.push_back(with.record);
    }
    return answer_to(scripts::extend_all, !with.record.empty(), arguments);
}

std::string several_fixture::release(const release_call& with) const {
    words arguments{"me", std::to_string(with.bar), std::to_string(2 * hour_ms),
                    std::to_string(with.window_us), std::to_string(with.keep_ms)};
    if (with.has_record) {
        arguments.emplace_back("1");
    }
    return answer_to(scripts::release_all, with.has_record, arguments);
}

std::string several_fixture::holders() const {
    std::string told;
    for (const std::string& each : names) {
        told += told.empty() ? "" : " ";
        told += node.server.get(each).value_or("-");
    }
    return told;
}

std::string several_fixture::everything() const {
    std::istringstream keys{node.server.command({"KEYS", "*"})};
    words lines;
    for (std::string key; std::getline(keys, key);) {
        lines.push_back(key + " = " + node.server.command({"DUMP", key}) + " until " +
                        node.server.command({"PEXPIRETIME", key}));
    }
    std::ranges::sort(lines);
    std::string told;
    for (const std::string& each : lines) {
        told += each + "\n";
    }
    return told;
}

}  // namespace redlock::scripts
