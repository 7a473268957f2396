#include "driver/votes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include "base/number.hpp"
#include "driver/fence_advice.hpp"
#include "driver/token.hpp"
#include "redis/wire/server_error.hpp"

namespace redlock::driver {

namespace {

bool is_marker(const redis::reply_view& value) {
    return value.is_text() && tells_of_readers(value.text());
}

using std::chrono::milliseconds;

/// A fence as it is stored: the number, and a blank behind it while others wait in line. Anybody
/// may have written any number there, which the scripts read as a floating one.
std::uint64_t fence_in(std::string_view stored) {
    if (stored.ends_with(' ')) {
        stored.remove_suffix(1);
    }
    if (const auto number = base::number_in<std::uint64_t>(stored)) {
        return *number;
    }
    double value = 0;
    const auto [end, error] = std::from_chars(stored.data(), stored.data() + stored.size(), value);
    if (end != stored.data() + stored.size() || stored.empty()) {
        return 0;
    }
    constexpr auto limit = static_cast<double>(core::ballot_limit);
    const bool too_large = error == std::errc::result_out_of_range || value >= limit;
    return too_large ? core::ballot_limit : value >= 1 ? static_cast<std::uint64_t>(value) : 0;
}

/// Of a key that has another type than a string.
bool is_wrong_type(const redis::reply_view& part) {
    return part.is_integer() && part.integer() == 0;
}

/// What PTTL says: nothing for a lock without an end. Anybody may have set a lease of millions of
/// years, which is cut down to what instants can be reckoned with.
std::optional<milliseconds> lease_of(std::int64_t pttl) {
    constexpr auto longest = std::chrono::floor<milliseconds>(core::duration::max());
    return pttl < 0 ? std::nullopt : std::optional{std::min(milliseconds{pttl}, longest)};
}

/// A grant begins with the node's time, and an extension is nothing else. No clock stands in the
/// first second of 1970, and all codes and stray answers do.
bool is_time(std::int64_t value) {
    return value > 1'000'000;
}

std::optional<core::acquire_vote> acquire_vote_of(const redis::reply_view& reply,
                                                  core::wall_span during, milliseconds window) {
    using core::acquire_answer;
    if (reply.is_integer() && is_time(reply.integer())) {
        return core::acquire_vote{.answer = acquire_answer::granted,
                                  .node_time_us = reply.integer()};
    }
    if (!reply.is_array() || reply.size() < 2 || !reply[0].is_integer() || !reply[1].is_integer()) {
        return std::nullopt;
    }
    const std::int64_t value = reply[1].integer();
    const auto ahead = [](const redis::reply_view& count) {
        return static_cast<std::size_t>(std::clamp<std::int64_t>(count.integer(), 0, 1'000'000));
    };
    core::acquire_vote vote;
    if (is_time(reply[0].integer())) {
        vote.answer = acquire_answer::granted;
        vote.node_time_us = reply[0].integer();
        vote.waiting = ahead(reply[1]);
        return vote;
    }
    switch (reply[0].integer()) {
        case 0:
            if (!reply[2].is_text()) {
                return std::nullopt;
            }
            vote.answer = acquire_answer::busy;
            vote.holder = is_marker(reply[2]) ? core::acquire_vote::readers
                                              : std::hash<std::string_view>{}(reply[2].text());
            vote.holder_remaining = lease_of(value);
            vote.ahead = ahead(reply[3]);
            return vote;
        case -3:
            vote.answer = acquire_answer::busy;
            vote.holder = core::acquire_vote::nobody_yet;
            vote.holder_remaining = milliseconds{std::clamp<std::int64_t>(value, 0, 60'000)};
            vote.ahead = ahead(reply[2]);
            return vote;
        case -1:
            if (!reply[2].is_integer() || !reply[3].is_integer()) {
                return std::nullopt;
            }
            // It is at least the ballot: what is not positive has not fitted into the reply.
            vote.fence = value > 0 ? static_cast<std::uint64_t>(value) : core::ballot_limit;
            vote.node_time_us = reply[2].integer();
            vote.fence_left = lease_of(reply[3].integer());
            vote.answer = too_far_ahead(vote.fence, vote.node_time_us, window)
                              ? acquire_answer::fence_ahead
                              : acquire_answer::stale;
            return vote;
        case -2:
            vote.answer = acquire_answer::out_of_window;
            vote.node_time_us = value;
            vote.offset_us = core::offset_of(value, during);
            return vote;
        case -4:
            // Only where it was released meanwhile: no ballot above helps.
            if (!is_time(value)) {
                return std::nullopt;
            }
            vote.answer = acquire_answer::stale;
            vote.node_time_us = value;
            return vote;
        default:
            return std::nullopt;
    }
}

/// What is known of a holder. The record outlives a lock that was deleted by hand: it counts only
/// for the token that it names.
holder_record details_of(const std::string& token, std::string_view record) {
    if (auto read = decode_holder(record); read && read->token == token) {
        return *std::move(read);
    }
    return {.fencing = fencing_in_token(token), .token = token};
}

/// Strictly: a holder that cannot be read must not pass for a free lock.
bool has_parts_of_status(const redis::reply_view& reply) {
    const auto text_or_nil = [&](std::size_t child) {
        return reply[child].is_text() || reply[child].is_nil() || is_wrong_type(reply[child]);
    };
    return reply.is_array() && (reply.size() == 6 || reply.size() == 8) && text_or_nil(0) &&
           reply[1].is_integer() && text_or_nil(2) && text_or_nil(3) && reply[4].is_integer() &&
           reply[5].is_integer();
}

std::optional<lock_holder> reader_in(const redis::reply_view& told, std::int64_t node_ms) {
    constexpr std::int64_t limit = std::int64_t{1} << 53U;  // As the scripts have it.
    if (!told.is_array() || told.size() != 3 || !told[0].is_text() || !told[1].is_integer() ||
        !(told[2].is_text() || told[2].is_nil()) || told[1].integer() < 0 ||
        told[1].integer() >= limit) {
        return std::nullopt;
    }
    lock_holder reader;
    reader.token = lock_token{std::string{told[0].text()}};
    holder_record details = details_of(reader.token.str(), told[2].text());
    reader.fencing = fencing_token{details.fencing};
    reader.label = std::move(details.label);
    reader.remaining = lease_of(std::max<std::int64_t>(told[1].integer() - node_ms, 0));
    reader.mode = lock_mode::shared;
    reader.readers = 1;
    return reader;
}

/// The last two parts of a status that was asked for them. False if they are none, such as readers
/// of a lock that is not theirs.
bool read_readers(const redis::reply_view& reply, node_status& into) {
    if (reply.size() == 6) {
        return true;
    }
    const redis::reply_view told = reply[6];
    const redis::reply_view count = reply[7];
    if (!(told.is_array() || is_wrong_type(told)) || !count.is_integer() || count.integer() < 0 ||
        (count.integer() > 0 && !(is_marker(reply[0]) && told.is_array()))) {
        return false;
    }
    into.reader_count = static_cast<std::size_t>(count.integer());
    for (const redis::reply_view each : told) {
        auto reader = reader_in(each, reply[4].integer() / 1000);
        if (!reader) {
            return false;
        }
        into.readers.push_back(std::move(*reader));
    }
    return into.readers.size() <= into.reader_count;
}

}  // namespace

refusal refusal_of(const redis::reply_view& reply, const acl_context& sent) {
    if (reply.is_error()) {
        return {redis::classify(reply.text()), shown_with_advice(reply.text(), sent)};
    }
    return {node_errc::bad_reply,
            fmt::format("a reply of an unexpected kind: {}", redis::to_string(reply.kind()))};
}

parsed<core::acquire_vote> parse_acquire(const redis::reply_view& reply, core::wall_span during,
                                         milliseconds window, const acl_context& sent) {
    auto vote = acquire_vote_of(reply, during, window);
    return vote ? parsed<core::acquire_vote>{vote, {}}
                : parsed<core::acquire_vote>{std::nullopt, refusal_of(reply, sent)};
}

parsed<core::acquire_vote> parse_native_acquire(const redis::reply_view& reply,
                                                const acl_context& sent) {
    if (reply.is_nil()) {
        return {core::acquire_vote{.answer = core::acquire_answer::busy}, {}};
    }
    if (reply.is_text() && reply.text() == "OK") {
        return {core::acquire_vote{.answer = core::acquire_answer::granted}, {}};
    }
    return {std::nullopt, refusal_of(reply, sent)};
}

bool held_by_no_lock(const redis::reply_view& reply) {
    return reply.is_array() && reply[0].is_integer() && reply[0].integer() == 0 &&
           reply[2].is_text() && reply[2].text().empty();
}

parsed<extend_reply> parse_extend(const redis::reply_view& reply, const acl_context& sent) {
    if (reply.is_integer() && is_time(reply.integer())) {
        return {extend_reply{core::extend_answer::extended, reply.integer()}, {}};
    }
    if (reply.is_array() && reply.size() == 2 && reply[0].is_integer() && reply[1].is_integer()) {
        const std::int64_t node_us = reply[1].integer();
        switch (reply[0].integer()) {
            case 2:
                return {extend_reply{core::extend_answer::replanted, node_us}, {}};
            case 0:
                return {extend_reply{core::extend_answer::taken, node_us}, {}};
            case -1:
                return {extend_reply{core::extend_answer::missing, node_us}, {}};
            default:
                break;
        }
    }
    return {std::nullopt, refusal_of(reply, sent)};
}

parsed<release_reply> parse_release(const redis::reply_view& reply, const acl_context& sent) {
    if (reply.is_integer() && reply.integer() >= 0 && reply.integer() <= 2) {
        const bool removed = reply.integer() != 0;
        return {
            release_reply{removed ? core::release_answer::removed : core::release_answer::absent,
                          reply.integer() == 2},
            {}};
    }
    return {std::nullopt, refusal_of(reply, sent)};
}

parsed<node_status> parse_status(const redis::reply_view& reply, const std::string& resource,
                                 const key_names& keys, milliseconds window) {
    node_status status;
    if (!has_parts_of_status(reply) || !read_readers(reply, status)) {
        return {
            std::nullopt,
            refusal_of(reply, {.resource = resource, .keys = &keys, .script = &scripts::status})};
    }
    const std::uint64_t fence = fence_in(reply[2].text());
    const std::int64_t node_us = reply[4].integer();
    status.fence = fencing_token{fence};
    status.fence_ahead = too_far_ahead(fence, node_us, window);
    if (status.fence_ahead) {
        status.fence_message =
            fence_advice(keys.fence(resource), fence, node_us, lease_of(reply[5].integer()));
    }
    if (is_wrong_type(reply[2])) {
        status.key_message = advice_for_wrong_type(keys.fence(resource), resource);
    }
    if (is_wrong_type(reply[6]) && is_marker(reply[0])) {
        status.key_message = advice_for_wrong_type(keys.readers(resource), resource);
    }
    if (is_wrong_type(reply[0])) {
        status.holder = lock_token{std::string{no_lock}};
        status.mode = lock_mode::exclusive;
        status.remaining = lease_of(reply[1].integer());
        status.key_message = advice_for_wrong_type(resource, resource);
        return {status, {}};
    }
    if (reply[0].text().empty()) {
        return {status, {}};
    }
    status.mode = is_marker(reply[0]) ? lock_mode::shared : lock_mode::exclusive;
    status.holder = lock_token{
        std::string{*status.mode == lock_mode::shared ? readers_marker : reply[0].text()}};
    status.remaining = lease_of(reply[1].integer());
    holder_record details = details_of(status.holder.str(), reply[3].text());
    status.fencing = fencing_token{details.fencing};
    status.label = std::move(details.label);
    status.proclaimed = std::move(details.proclaimed);
    status.edition = details.edition;
    return {status, {}};
}

bool surely_not_executed(const error_code& cause) {
    // These are refused by the server before a script runs at all. Other errors may come from the
    // middle of one, which Redis does not roll back.
    return cause == node_errc::not_connected || cause == node_errc::unresponsive ||
           cause == node_errc::authentication_failed || cause == node_errc::loading ||
           cause == node_errc::tls_failed || cause == node_errc::slot_unserved ||
           cause == node_errc::protected_mode;
}

std::string encode_holder(const holder_record& record) {
    if (record.edition == 0) {
        return encode_holder(record.fencing, record.token, record.label);
    }
    return fmt::format("{} {},{},{} {}{}{}", record.fencing, record.token.size(),
                       record.label.size(), record.edition, record.token, record.label,
                       record.proclaimed);
}

std::string encode_holder(std::uint64_t fencing, std::string_view token, const std::string& label) {
    return fmt::format("{} {} {}{}", fencing, token.size(), token, label);
}

std::optional<holder_record> decode_holder(std::string_view encoded) {
    const auto next = [&](char end) -> std::optional<std::uint64_t> {
        const auto length = encoded.find(end);
        if (length == std::string_view::npos) {
            return std::nullopt;
        }
        const auto number = base::number_in<std::uint64_t>(encoded.substr(0, length));
        encoded.remove_prefix(length + 1);
        return number;
    };
    const auto cut = [&](std::uint64_t length) {
        std::string part{encoded.substr(0, length)};
        encoded.remove_prefix(length);
        return part;
    };
    const auto fencing = next(' ');
    const bool proclaims = encoded.substr(0, encoded.find(' ')).find(',') != encoded.npos;
    const auto token_length = next(proclaims ? ',' : ' ');
    const auto label_length = proclaims ? next(',') : std::optional<std::uint64_t>{0};
    const auto edition = proclaims ? next(' ') : std::optional<std::uint64_t>{0};
    if (!fencing || !token_length || !label_length || !edition || proclaims != (*edition != 0) ||
        *token_length > encoded.size() || *label_length > encoded.size() - *token_length) {
        return std::nullopt;
    }
    holder_record record{*fencing, cut(*token_length), {}};
    record.label = cut(proclaims ? *label_length : encoded.size());
    record.proclaimed = encoded;
    record.edition = *edition;
    return record;
}

std::string next_edition(std::string_view before, std::uint64_t fencing, std::string token,
                         std::string text) {
    holder_record next = decode_holder(before).value_or(holder_record{});
    next.fencing = fencing;
    next.token = std::move(token);
    next.proclaimed = std::move(text);
    ++next.edition;
    return encode_holder(next);
}

}  // namespace redlock::driver
