#include "driver/queries.hpp"

#include <optional>
#include <utility>

#include "base/glob.hpp"
#include "driver/key_names.hpp"
#include "driver/votes.hpp"
#include "redis/wire/resp_writer.hpp"

namespace redlock::driver {

namespace {

/// Keys a step: enough to keep round trips few, small enough not to hold a server up.
constexpr std::string_view scan_step = "1000";

script_call question(const key_names& keys, const std::string& resource, readers_told which,
                     const lock_token& reader) {
    const std::string fence = keys.fence(resource);
    const std::string holder = keys.holder(resource);
    const std::string readers = keys.readers(resource);
    const bool asks = which != readers_told::none;
    return {scripts::status,
            {resource, fence, holder, asks ? script_argument{readers} : script_argument{}},
            {which == readers_told::one ? script_argument{reader.str()} : script_argument{}}};
}

std::string pattern_for(const key_names& keys, std::string pattern, listed_keys what) {
    if (pattern.empty()) {
        return what == listed_keys::locks ? keys.every_fence() : keys.every_slots_fence();
    }
    return what == listed_keys::locks ? std::move(pattern) : keys.every_slot(pattern);
}

}  // namespace

status_query::status_query(node_pool& pool, const std::string& resource, readers_told which,
                           const lock_token& reader)
    : fan_out(pool),
      resource_(resource),
      call_(question(pool.keys(), resource, which, reader)),
      started_(pool.now()),
      pending_(core::node_set::all(pool.size())),
      views_(pool.size()) {}

void status_query::start(std::function<void(std::vector<node_status>)> done) {
    done_ = std::move(done);
    start(pending_, nullptr);
}

void status_query::start(core::node_set whom, std::function<void(const node_status&)> tell) {
    tell_ = std::move(tell);
    pending_ = whom;
    const auto keep = shared_from_this();
    whom.for_each([&](node_index node) {
        views_[node].node = node;
        views_[node].name = pool().names()[node];
        ask_or_report(node, call_);
    });
}

const script_call* status_query::script_for(node_index /*node*/) {
    return &call_;
}

void status_query::on_answer(node_index node, const redis::reply_view& reply) {
    auto answer = parse_status(reply, resource_, pool().keys(), pool().options().clock_window);
    if (!answer.vote) {
        on_no_answer(node, answer.why.cause, std::move(answer.why.message), false);
        return;
    }
    // It tells its time, as the answers to votes do.
    pool().note_time(node, reply[4].integer(), started_, pool().now());
    if (pending_.contains(node)) {
        answer.vote->node = node;
        answer.vote->name = views_[node].name;
        views_[node] = std::move(*answer.vote);
        settle(node);
    }
}

void status_query::on_no_answer(node_index node, error_code cause, std::string message,
                                bool /*maybe_executed*/) {
    if (pending_.contains(node)) {
        views_[node].error = cause;
        views_[node].message = std::move(message);
        settle(node);
    }
}

void status_query::settle(node_index node) {
    pending_.erase(node);
    if (tell_) {
        tell_(views_[node]);
    }
    if (pending_.empty() && done_) {
        std::exchange(done_, nullptr)(std::move(views_));
    }
}

list_query::list_query(node_pool& pool, std::string pattern, std::size_t limit,
                       std::size_t patience, listed_keys what)
    : fan_out(pool),
      what_(what),
      by_fence_(pattern.empty()),
      names_(pattern),
      pattern_(pattern_for(pool.keys(), std::move(pattern), what)),
      limit_(limit),
      patience_(patience),
      parts_done_(pool.size()),
      fruitless_(pool.size()),
      pending_(core::node_set::all(pool.size())) {}

void list_query::start(std::function<void(const result&)> done) {
    done_ = std::move(done);
    const auto keep = shared_from_this();
    for (node_index node = 0; node < pool().size(); ++node) {
        scan(node, "0");
    }
}

void list_query::scan(node_index node, std::string_view cursor) {
    // Locks are plain strings; other types that a pattern may hit cannot be locks.
    const std::string encoded =
        redis::encoded({"SCAN", cursor, "MATCH", pattern_, "COUNT", scan_step, "TYPE", "string"});
    if (const error_code error = pool().at(node).send_to_part(
            parts_done_[node], {.encoded = encoded,
                                .sink = shared_from_this(),
                                .deadline = pool().command_deadline()})) {
        on_no_answer(node, error, pool().at(node).last_error_message(), false);
    }
}

const script_call* list_query::script_for(node_index /*node*/) {
    return nullptr;
}

void list_query::on_answer(node_index node, const redis::reply_view& reply) {
    if (!reply.is_array() || reply.size() != 2 || !reply[0].is_text() || !reply[1].is_array()) {
        auto why = refusal_of(reply, {.command = "scan"});
        on_no_answer(node, why.cause, std::move(why.message), false);
        return;
    }
    if (!pending_.contains(node) || !done_) {
        return;
    }
    const std::size_t before = result_.names.size();
    for (const redis::reply_view key : reply[1]) {
        if (key.is_text()) {
            take(key.text());
        }
    }
    if (goes_round(node, result_.names.size() != before)) {
        on_no_answer(
            node, node_errc::bad_reply,
            "SCAN does not come to an end: the server goes on naming places to look at, and "
            "no key that is new",
            false);
        return;
    }
    const bool part_done = reply[0].text() == "0";
    parts_done_[node] += part_done ? 1 : 0;
    if (result_.names.size() < limit_ && parts_done_[node] < pool().at(node).parts()) {
        scan(node, reply[0].text());
        return;
    }
    result_.answered.insert(node);
    settle(node);
}

// Else who asks for the names would wait as long as a server likes that never says it is done.
bool list_query::goes_round(node_index node, bool any_new) {
    fruitless_[node] = any_new ? 0 : fruitless_[node] + 1;
    return fruitless_[node] > patience_;
}

void list_query::take(std::string_view key) {
    const auto name = by_fence_ ? pool().keys().resource_of_fence(key) : std::optional{key};
    if (!name || result_.names.size() >= limit_) {
        return;
    }
    if (what_ == listed_keys::locks ? !pool().keys().is_reserved(*name) : is_asked_slot(*name)) {
        result_.names.emplace(*name);
    }
}

/// The pattern of keys also finds semaphores of which only the beginning of the name matches.
bool list_query::is_asked_slot(std::string_view key) const {
    const auto slot = pool().keys().read_slot(key);
    return slot && (names_.empty() || base::matches_glob(names_, std::string{slot->semaphore}));
}

void list_query::on_no_answer(node_index node, error_code cause, std::string message,
                              bool /*maybe_executed*/) {
    if (pending_.contains(node)) {
        result_.why.note(node, cause, std::move(message));
        settle(node);
    }
}

void list_query::settle(node_index node) {
    pending_.erase(node);
    if (pending_.empty() && done_) {
        std::exchange(done_, nullptr)(result_);
    }
}

}  // namespace redlock::driver
