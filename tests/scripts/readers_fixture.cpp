// How calls are put together; see readers_fixture.hpp.
#include "scripts/readers_fixture.hpp"

#include <algorithm>

namespace redlock::scripts {

readers_fixture::words readers_fixture::eval(const script& which, const words& keys,
                                             const words& arguments) {
    words command{"EVAL", std::string{which.body}, std::to_string(keys.size())};
    command.insert(command.end(), keys.begin(), keys.end());
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
}

std::string readers_fixture::answer_to(const words& command) const {
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
        told += (is_first ? "" : "\n") + (is_time ? "TIME" : line);
    }
    return told;
}

readers_fixture::words readers_fixture::acquire_arguments(const shared_call& with) const {
    const std::int64_t ballot = !with.fenced ? 0 : with.ballot != 0 ? with.ballot : node.time_us();
    return {with.token,
            std::to_string(ballot),
            std::to_string(with.last != 0 ? with.last : ballot),
            std::to_string(with.lease_ms),
            std::to_string(with.window_us),
            std::to_string(with.fence_lifetime_ms)};
}

std::string readers_fixture::acquire_shared(const shared_call& with) const {
    words arguments = acquire_arguments(with);
    arguments.emplace_back(with.yields ? "1" : "0");
    if (!with.record.empty()) {
        arguments.push_back(with.record);
    }
    return answer_to(eval(scripts::acquire_shared, {node.lock, node.fence, readers}, arguments));
}

readers_fixture::words readers_fixture::acquire_shared_in_line_command(
    const shared_in_line_call& with) const {
    words arguments = acquire_arguments(with.of);
    for (const std::string& each :
         {with.place, std::to_string(with.ticket), std::to_string(with.place_lease_ms),
          std::to_string(with.grace_ms), std::to_string(with.longest)}) {
        arguments.push_back(each);
    }
    if (!with.of.record.empty()) {
        arguments.push_back(with.of.record);
    }
    return eval(scripts::acquire_shared_in_line, {node.lock, node.fence, readers, node.line},
                arguments);
}

std::string readers_fixture::extend_shared(const extend_call& with) const {
    words arguments{with.token, std::to_string(with.last), std::to_string(with.lease_ms),
                    std::to_string(with.fence_lifetime_ms), with.heals ? "1" : "0"};
    if (!with.record.empty()) {
        arguments.push_back(with.record);
    }
    return answer_to(eval(scripts::extend_shared, {node.lock, node.fence, readers}, arguments));
}

std::string readers_fixture::release_shared(const release_call& with) const {
    words arguments{with.token};
    if (with.bar != 0 || with.above_the_fence || with.keep_ms != 0) {
        arguments.push_back(std::to_string(with.bar));
        arguments.push_back(std::to_string(with.fence_lifetime_ms));
        arguments.push_back(std::to_string(with.window_us));
        arguments.emplace_back(with.above_the_fence ? "1" : "0");
        arguments.push_back(std::to_string(with.keep_ms));
    }
    return answer_to(eval(scripts::release_shared, {node.lock, node.fence, readers}, arguments));
}

std::string readers_fixture::status(const std::string& token) const {
    return answer_to(eval(scripts::status, {node.lock, node.fence, node.holder, readers},
                          token.empty() ? words{} : words{token}));
}

void readers_fixture::begin_set(std::int64_t since, std::int64_t lasts_ms) const {
    const std::string lasts = std::to_string(lasts_ms);
    node.server.command({"SET", node.lock, "redlock:shared", "PX", lasts});
    node.server.command({"ZADD", readers, "-inf", "since " + std::to_string(since)});
    node.server.command({"PEXPIRE", readers, lasts});
}

std::int64_t readers_fixture::put(const std::string& token, std::int64_t alive_for_ms) const {
    const std::int64_t deadline = now_ms() + alive_for_ms;
    node.server.command({"ZADD", readers, std::to_string(deadline), ":" + token});
    return deadline;
}

void readers_fixture::entomb(const std::string& token, std::int64_t for_ms) const {
    node.server.command({"ZADD", readers, std::to_string(-now_ms() - for_ms), ":" + token});
}

void readers_fixture::set_fence(std::int64_t to, const std::string& mark) const {
    node.server.command(
        {"SET", node.fence, std::to_string(to) + mark, "PX", std::to_string(2 * hour_ms)});
}

bool readers_fixture::has_marker() const {
    return alone() || node.server.get(node.lock) == "redlock:shared";
}

std::optional<std::pair<std::string, std::string>> readers_fixture::alone() const {
    const std::string held = node.server.get(node.lock).value_or("");
    constexpr std::string_view before = "redlock:shared ";
    const std::size_t blank = held.find(' ', before.size());
    if (!held.starts_with(before) || blank == std::string::npos) {
        return std::nullopt;
    }
    return std::pair{"since " + held.substr(before.size(), blank - before.size()),
                     ":" + held.substr(blank + 1)};
}

std::optional<std::int64_t> readers_fixture::score(const std::string& member) const {
    if (const auto one = alone()) {
        const std::int64_t left = node.server.pttl(node.lock);
        return one->second == member ? std::optional{now_ms() + left} : std::nullopt;
    }
    const std::string told = node.server.command({"ZSCORE", readers, member});
    return told == "(nil)" ? std::nullopt : std::optional{std::stoll(told)};
}

bool readers_fixture::has_member(const std::string& member) const {
    if (const auto one = alone()) {
        return one->first == member || one->second == member;
    }
    return node.server.command({"ZSCORE", readers, member}) != "(nil)";
}

std::string readers_fixture::members() const {
    const auto one = alone();
    return one ? one->first + "\n" + one->second
               : node.server.command({"ZRANGE", readers, "0", "-1"});
}

bool readers_fixture::reads(const std::string& token, std::int64_t lease_ms) const {
    const std::int64_t left = score(":" + token).value_or(0) - now_ms();
    return left > lease_ms - minute_ms && left <= lease_ms;
}

bool readers_fixture::is_entombed(const std::string& token) const {
    return -score(":" + token).value_or(0) > now_ms();
}

bool readers_fixture::ends_at(std::int64_t instant_ms) const {
    // Of one that is alone the set counts for nothing, and `instant_ms` was reckoned in two
    // commands.
    const words keys = alone() ? words{node.lock} : words{node.lock, readers};
    const std::int64_t off = alone() ? 1000 : 0;
    return std::ranges::all_of(keys, [&](const std::string& key) {
        const std::int64_t before = now_ms();
        const std::int64_t left = node.server.pttl(key);
        return instant_ms - left >= before - off && instant_ms - left <= now_ms() + off;
    });
}

void readers_fixture::expect_nobody() const {
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
    EXPECT_EQ(node.server.command({"EXISTS", readers}), "0");
}

std::string readers_fixture::everything() const {
    std::string told;
    for (const std::string& key : {node.lock, node.fence, readers, node.line}) {
        const std::string dump = node.server.command({"DUMP", key});
        told.append(key)
            .append(node.server.pttl(key) > 0 ? " ends " : " ")
            .append(dump)
            .append("\n");
    }
    return told;
}

}  // namespace redlock::scripts
