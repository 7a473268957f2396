// How calls are put together; see script_node.hpp.
#include "scripts/script_node.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <sstream>

namespace redlock::scripts {

namespace {

// The servers' clock as well: asking them for it would count as a call.
std::int64_t wall_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

script_node::words eval_command(const script& which, const script_node::words& keys,
                                const script_node::words& arguments) {
    script_node::words command{"EVAL", std::string{which.body}, std::to_string(keys.size())};
    command.insert(command.end(), keys.begin(), keys.end());
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
}

}  // namespace

std::string script_node::run(const script& which, const words& keys, const words& arguments) const {
    return server.command(eval_command(which, keys, arguments));
}

std::string script_node::with_grant_named(const words& command) const {
    const std::int64_t before = wall_us();
    const std::string told = server.command(command);
    const std::size_t first_line = std::min(told.find('\n'), told.size());
    std::int64_t time = 0;
    const auto [end, error] = std::from_chars(told.data(), told.data() + first_line, time);
    const bool is_time = error == std::errc{} && end == told.data() + first_line &&
                         time >= before && time <= wall_us();
    return is_time ? "granted" + told.substr(first_line) : told;
}

std::string script_node::acquire(acquire_call with) const {
    const std::int64_t ballot = !with.fenced ? 0 : with.ballot != 0 ? with.ballot : time_us();
    words keys{lock, fence};
    words arguments{with.token,
                    std::to_string(ballot),
                    std::to_string(with.last != 0 ? with.last : ballot),
                    std::to_string(with.lease_ms),
                    std::to_string(with.window_us),
                    std::to_string(with.fence_lifetime_ms),
                    with.yields ? "1" : "0"};
    if (!with.holder_record.empty()) {
        keys.push_back(holder);
        arguments.push_back(with.holder_record);
    }
    return with_grant_named(eval_command(scripts::acquire, keys, arguments));
}

script_node::words script_node::acquire_in_line_command(const in_line_call& with) const {
    const std::int64_t ballot = !with.fenced ? 0 : with.ballot != 0 ? with.ballot : time_us();
    words keys{lock, fence, line};
    words arguments{with.token,
                    std::to_string(ballot),
                    std::to_string(with.last != 0 ? with.last : ballot),
                    std::to_string(with.lease_ms),
                    std::to_string(with.window_us),
                    std::to_string(with.fence_lifetime_ms),
                    with.place,
                    std::to_string(with.ticket),
                    std::to_string(with.place_lease_ms),
                    std::to_string(with.grace_ms),
                    std::to_string(with.longest)};
    if (!with.holder_record.empty()) {
        keys.push_back(holder);
        arguments.push_back(with.holder_record);
    }
    return eval_command(scripts::acquire_in_line, keys, arguments);
}

script_node::words script_node::acquire_slot_command(const slot_call& with) const {
    const auto lock_of = [](std::size_t slot) {
        return "redlock:slot:{job}:" + std::to_string(slot);
    };
    const std::int64_t ballot = !with.fenced ? 0 : with.ballot != 0 ? with.ballot : time_us();
    words keys{lock_of(with.slot), "redlock:fence::" + lock_of(with.slot), "redlock:permits:{job}"};
    words arguments{with.token,
                    std::to_string(ballot),
                    std::to_string(with.last != 0 ? with.last : ballot),
                    std::to_string(with.lease_ms),
                    std::to_string(with.window_us),
                    std::to_string(with.fence_lifetime_ms)};
    if (with.place.empty()) {
        arguments.emplace_back(with.yields ? "1" : "0");
    } else {
        keys.emplace_back("redlock:line::redlock:slot:{job}");
        for (std::string each :
             {with.place, std::to_string(with.ticket), std::to_string(with.place_lease_ms),
              std::to_string(with.grace_ms), std::string{"100"}}) {
            arguments.push_back(std::move(each));
        }
    }
    for (std::size_t i = 1; i < std::min<std::size_t>(with.permits, 64); ++i) {
        keys.push_back(lock_of((with.slot + i) % with.permits));
    }
    arguments.push_back(std::to_string(with.permits));
    arguments.push_back(std::to_string(with.slot));
    if (!with.holder_record.empty()) {
        keys.push_back("redlock:holder::" + lock_of(with.slot));
        arguments.push_back(with.holder_record);
    }
    return eval_command(with.place.empty() ? scripts::acquire_slot : scripts::acquire_slot_in_line,
                        keys, arguments);
}

std::string script_node::extend(const extend_call& with) const {
    const std::int64_t before = wall_us();
    words keys{lock, fence};
    words arguments{with.token, std::to_string(with.last), std::to_string(with.lease_ms),
                    std::to_string(with.fence_lifetime_ms), with.plants ? "1" : "0"};
    if (with.with_holder_key || !with.holder_record.empty()) {
        keys.push_back(holder);
    }
    if (!with.holder_record.empty()) {
        arguments.push_back(with.holder_record);
    }
    const std::string told = run(scripts::extend, keys, arguments);
    // The node's time, which is ours, is the whole answer or comes behind a code.
    const std::size_t first_line = told.find('\n');
    const bool has_code = first_line != std::string::npos;
    const std::string last = has_code ? told.substr(first_line + 1) : told;
    const bool is_number = last.find_first_not_of("0123456789") == std::string::npos;
    const bool tells_time =
        is_number && std::stoll(last) >= before && std::stoll(last) <= wall_us();
    return !tells_time ? told : has_code ? told.substr(0, first_line) : "extended";
}

std::string script_node::release(const release_call& with) const {
    if (with.bar == 0 && !with.above_the_fence && !with.with_holder_key && with.keep_ms == 0) {
        return run(scripts::release, with.asks_for_waiters ? words{lock, fence} : words{lock},
                   {with.token});
    }
    words keys{lock, fence};
    if (with.with_holder_key) {
        keys.push_back(holder);
    }
    words arguments{with.token, std::to_string(with.bar), std::to_string(with.fence_lifetime_ms),
                    std::to_string(with.window_us)};
    if (with.above_the_fence || with.keep_ms != 0) {
        arguments.emplace_back(with.above_the_fence ? "1" : "0");
    }
    if (with.keep_ms != 0) {
        arguments.push_back(std::to_string(with.keep_ms));
    }
    return run(scripts::release, keys, arguments);
}

std::string script_node::hello(const hello_call& with) const {
    return run(scripts::hello, {epoch},
               {with.identity, std::to_string(with.remembers_s), std::to_string(with.quarantine_ms),
                with.configuration, with.records ? "1" : "0"});
}

std::string script_node::vouch() const {
    return run(scripts::vouch, {epoch}, {});
}

std::string script_node::status() const {
    return run(scripts::status, {lock, fence, holder}, {});
}

std::int64_t script_node::time_us() const {
    std::istringstream lines{server.command({"TIME"})};
    std::int64_t seconds = 0;
    std::int64_t microseconds = 0;
    lines >> seconds >> microseconds;
    return seconds * 1'000'000 + microseconds;
}

std::map<std::string, int> script_node::calls() const {
    // Lines of the form "cmdstat_set:calls=2,usec=...".
    const std::string begin = "cmdstat_";
    std::map<std::string, int> counts;
    std::istringstream lines{server.command({"INFO", "commandstats"})};
    for (std::string told; std::getline(lines, told);) {
        const auto name_end = told.find(":calls=");
        if (!told.starts_with(begin) || name_end == std::string::npos) {
            continue;
        }
        const std::string name = told.substr(begin.size(), name_end - begin.size());
        if (name != "eval" && !name.starts_with("config")) {
            counts[name] = std::stoi(told.substr(name_end + std::string{":calls="}.size()));
        }
    }
    return counts;
}

}  // namespace redlock::scripts
