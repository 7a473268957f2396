#include "sim/witness.hpp"

#include <algorithm>
#include <vector>

namespace redlock::sim {

namespace {

bool is_marked(const std::optional<std::string>& fence) {
    return fence && fence->ends_with(' ');
}

/// The first number of an answer; what is none is an error.
std::optional<std::int64_t> code_of(const testing::reply& answer) {
    if (answer.what == testing::reply::kind::integer) {
        return answer.number;
    }
    const bool list = answer.what == testing::reply::kind::array && !answer.items.empty() &&
                      answer.items.front().what == testing::reply::kind::integer;
    return list ? std::optional{answer.items.front().number} : std::nullopt;
}

/// The library's own tokens begin with the fencing token.
bool is_fenced(std::string_view token) {
    return !token.starts_with("0-");
}

// A grant begins with the node's time.
constexpr std::int64_t least_time = 1'000'000;

constexpr std::int64_t busy = 0;
constexpr std::int64_t stale = -1;
constexpr std::int64_t out_of_window = -2;
constexpr std::int64_t left_to_others = -3;
constexpr std::int64_t released_before = -4;

}  // namespace

std::string_view witness::argument(const testing::request& what, const call& of,
                                   std::size_t number) const {
    const std::size_t at = of.first_argument + number - 1;
    return at < what.size() ? std::string_view{what[at]} : std::string_view{};
}

/// By true time, and with what its clock may have been stepped forward taken off.
bool witness::in_quarantine(std::size_t node, std::size_t client) {
    const terms by = on_.the_plan.terms_of(client);
    const tick surely = (by.quarantine_ms - by.step_ms) * (millisecond - millisecond / 100);
    const tick restarted = places_.at(node).restarted;
    return on_.the_plan.guards(client) && restarted >= 0 && on_.now() - restarted < surely;
}

void witness::tell(const testing::simulated_node& where, std::size_t client, std::string_view did,
                   std::uint64_t token) {
    on_.tell("node", where.number(), "for client ", client, ": ", did, " of #", token);
}

void witness::before(testing::simulated_node& where, std::size_t /*client*/,
                     const testing::request& what) {
    under_way_.clear();
    for (testing::request& each : requests_in(what)) {
        under_way_.push_back({.what = std::move(each)});
    }
    // Once they stay where they are, since what is read of them refers to them. No two that share a
    // call are about the same lock, so none changes what another finds.
    for (seen& each : under_way_) {
        each.of = read(each.what);
        if (each.of && !each.of->fence.empty()) {
            const std::string fence{each.of->fence};
            each.fence_ended_us = where.end_of(fence);
            each.was_marked = is_marked(where.text_at(fence));
            each.any_marked = each.was_marked;
            each.had = names_held(where, each);
            for (const std::string_view name : each.of->names) {
                each.any_marked =
                    each.any_marked || is_marked(where.text_at(fence_key_of(std::string{name})));
            }
        }
    }
}

void witness::after(testing::simulated_node& where, std::size_t client,
                    const testing::request& what, const testing::reply& answer) {
    if (what.front() == "DELIFEQ") {
        on_.note(rule::released_natively);
    }
    const bool shared = under_way_.size() > 1 && !answer.is_error();
    if (shared) {
        on_.note(rule::call_shared);
    }
    for (std::size_t i = 0; i < under_way_.size(); ++i) {
        after_one(where, client, under_way_[i], shared ? answer.items.at(i) : answer);
    }
}

void witness::after_one(testing::simulated_node& where, std::size_t client, const seen& asked,
                        const testing::reply& answer) {
    const testing::request& what = asked.what;
    if (answer.is_error()) {
        on_.note(answer.words.starts_with("NOSCRIPT") ? rule::script_unknown : rule::error_reply);
        return;
    }
    const auto& of = asked.of;
    if (!of) {
        if (what.front() == "HDEL") {
            on_.note(rule::left_the_line);
            on_.tell("node", where.number(), "for client ", client, ": a place in line is left, ",
                     answer.number > 0 ? "and was there" : "and was not there");
        }
        return;
    }
    note_heard(where, client, answer);
    if (of->which == &scripts::acquire || of->which == &scripts::acquire_in_line ||
        of->which == &scripts::acquire_shared || of->which == &scripts::acquire_shared_in_line ||
        of->which == &scripts::acquire_all || of->which == &scripts::acquire_slot ||
        of->which == &scripts::acquire_slot_in_line) {
        after_acquire(where, client, asked, answer);
    } else if (of->which == &scripts::extend || of->which == &scripts::extend_shared ||
               of->which == &scripts::extend_all) {
        after_extend(where, client, asked, answer);
    } else if (of->which == &scripts::release || of->which == &scripts::release_shared ||
               of->which == &scripts::release_all) {
        after_release(where, what, *of, answer);
    } else if (of->which == &scripts::vouch) {
        vouched(where.number());
        on_.note(rule::vouched);
        on_.tell("node", where.number(), "is vouched for");
    } else if (of->which == &scripts::hello && answer.items.front().number > 0) {
        on_.note(rule::quarantine_told);
    }
}

void witness::after_acquire(testing::simulated_node& where, std::size_t client, const seen& asked,
                            const testing::reply& answer) {
    const testing::request& what = asked.what;
    const call& of = *asked.of;
    const auto code = code_of(answer);
    const std::uint64_t token = on_.number_of(std::string{argument(what, of, 1)});
    const bool natively = of.fence.empty();
    const bool granted = natively ? answer.words == "OK" : code && *code > least_time;
    if (natively) {
        on_.note(rule::acquired_natively);
    }
    const bool in_line = !of.line.empty();
    const std::string fence{of.fence};
    const bool marked = is_marked(where.text_at(fence));
    place& here = places_.at(where.number());
    bool& waited_for = here.waited_for[std::string{of.lock}];

    if (const auto ends_us = where.end_of(fence);
        !granted && asked.fence_ended_us && ends_us && *ends_us > *asked.fence_ended_us &&
        where.text_at(fence) != "0 ") {  // the mark alone, which lives as long as a place
        on_.judge.condemn(check::fence_prolonged, on_.now(), token, where.number());
    }
    look_for_refusals(where, client, token, number_of_lock(of.lock), code == out_of_window);
    if (in_line) {
        if (will_hear(where, client)) {
            here.asked_in_line[std::string{argument(what, of, 7)}] = on_.now();
        }
        const bool waits = code == busy || code == left_to_others;
        const auto places =
            where.execute({"HEXISTS", std::string{of.line}, std::string{argument(what, of, 7)}});
        if (waits && places.number == 1 && !marked) {
            on_.judge.condemn(check::line_ignored, on_.now(), token, where.number());
        }
        waited_for = granted ? answer.items.at(1).number > 0 : waited_for || marked;
        on_.note(waits ? rule::waited_in_line : rule::answered_in_line);
    } else {
        const bool yields = argument(what, of, 7) == "1";
        const bool stays = of.names.empty() || where.end_of(line_key_of_name(of.lock));
        if (granted && ((asked.any_marked && yields) || (asked.was_marked && !marked && stays))) {
            on_.judge.condemn(check::line_ignored, on_.now(), token, where.number());
        }
        const bool may_be_marked =
            waited_for || std::ranges::any_of(of.names, [&](std::string_view each) {
                return here.waited_for[std::string{each}];
            });
        if (code == left_to_others && !may_be_marked) {
            on_.judge.condemn(check::yielded_to_none, on_.now(), token, where.number());
        }
    }
    look_for_parts(where, asked, granted);
    for (const std::string_view each : of.names) {
        // Who waits for several has no place in a line, and leaves this mark.
        bool& waited_for_it = here.waited_for[std::string{each}];
        waited_for_it = waited_for_it || is_marked(where.text_at(fence_key_of(std::string{each})));
    }
    if (granted) {
        tell(where, client, "grants ACQUIRE", token);
        on_.judge.planted(token, where.number(), false, on_.now());
        leases_[token].granted.insert(where.number());
        note_planted(where, client, token);
    } else if (code == busy || natively) {
        on_.note(of.names.empty() ? rule::busy : rule::several_busy);
        if (of.which == &scripts::acquire_slot || of.which == &scripts::acquire_slot_in_line) {
            on_.note(rule::slot_taken);
        }
        tell(where, client, "busy, refuses ACQUIRE", token);
    } else if (code == stale) {
        on_.note(rule::stale_ballot);
        tell(where, client, "fence too high, refuses ACQUIRE", token);
    } else if (code == out_of_window) {
        on_.note(rule::out_of_window);
        tell(where, client, "clocks apart, refuses ACQUIRE", token);
    } else if (code == released_before) {
        on_.note(rule::released_here_before);
        tell(where, client, "released before, refuses ACQUIRE", token);
    } else {
        on_.note(in_line ? rule::called_for_another : rule::left_to_the_line);
        tell(where, client, "another's turn, refuses ACQUIRE", token);
    }
}

/// Whether somebody is there to hear the answer, and to draw the conclusion.
bool witness::will_hear(const testing::simulated_node& where, std::size_t client) const {
    return !where.caller_is_cut() && on_.in.process_at(client).alive();
}

void witness::note_planted(testing::simulated_node& where, std::size_t client,
                           std::uint64_t token) {
    on_.planted(token, where.number());
    lease& it = leases_[token];
    if (will_hear(where, client)) {
        it.planted[where.number()] = on_.now();
    } else {
        it.planted.erase(where.number());
    }
    if (in_quarantine(where.number(), client)) {
        it.too_early.insert(where.number());
    } else {
        it.too_early.erase(where.number());
    }
}

/// Whether a ballot by the clock of one node is in the window of every other when it arrives there.
bool witness::agree_on_time(std::size_t nodes) const {
    std::int64_t earliest = INT64_MAX;
    std::int64_t latest = INT64_MIN;
    for (std::size_t node = 0; node < nodes; ++node) {
        earliest = std::min(earliest, on_.in.at(node).clock_us());
        latest = std::max(latest, on_.in.at(node).clock_us());
    }
    const std::int64_t delays_us = 2 * on_.the_plan.slowest_message / microsecond;
    return latest - earliest + delays_us < on_.the_plan.window_ms * 1'000;
}

/// Who has heard from a majority how far its clock is off, and nothing else, has no second ballot
/// refused for that.
void witness::look_for_refusals(testing::simulated_node& where, std::size_t client,
                                std::uint64_t token, std::size_t resource, bool by_clock) {
    const plan& the_plan = on_.the_plan;
    const std::size_t nodes = the_plan.terms_of(client).nodes;
    const tick at_once = 2 * the_plan.slowest_message;
    attempt& its = last_attempts_.at(client).at(resource);
    if (token < its.token) {
        return;  // an answer that comes when the next attempt is under way
    }
    if (its.token != token) {
        its = {.token = token, .began = on_.now(), .told_before = its.told};
    }
    // What waited for something first, such as an attempt that began before the calm, or what two
    // users of one process ask side by side, tells little.
    its.tells_much = its.tells_much &&
                     on_.now() >= on_.calm_at + the_plan.slowest_trouble() + at_once &&
                     the_plan.users == the_plan.clients && the_plan.judged.liveness &&
                     !gave_up_.at(client) && agree_on_time(nodes);
    if (!its.tells_much) {
        return;
    }
    where.when_heard([this, &its, token, nodes, by_clock, at_once] {
        its.refused += its.token == token && by_clock ? 1 : 0;
        its.answered += its.token == token ? 1 : 0;
        if (its.token != token || !its.tells_much || its.answered != nodes / 2 + 1 ||
            its.refused != its.answered || on_.now() - its.began > at_once) {
            return;
        }
        its.told = on_.now();
        if (its.told_before >= 0 && its.began - its.told_before <= at_once) {
            on_.judge.condemn(check::refused_again, on_.now(), token);
        }
    });
}

void witness::after_extend(testing::simulated_node& where, std::size_t client, const seen& asked,
                           const testing::reply& answer) {
    const testing::request& what = asked.what;
    const call& of = *asked.of;
    const std::uint64_t token = on_.number_of(std::string{argument(what, of, 1)});
    lease& it = leases_[token];
    const std::int64_t code = code_of(answer).value_or(0);
    look_for_parts(where, asked, code > least_time || code == 2);
    if (code > least_time) {
        tell(where, client, "EXTENDs", token);
        on_.note(of.shared          ? rule::reader_extended_there
                 : of.names.empty() ? rule::extended_there
                                    : rule::several_extended_there);
        if (!in_quarantine(where.number(), client)) {
            it.too_early.erase(where.number());
        }
        if (!it.too_early.contains(where.number())) {
            it.prolonged[where.number()] = on_.now();
        }
        return;
    }
    switch (code) {
        case 2:
            tell(where, client, "plants again by EXTEND", token);
            on_.note(of.shared          ? rule::reader_replanted
                     : of.names.empty() ? rule::replanted
                                        : rule::several_replanted);
            if (!is_fenced(argument(what, of, 1))) {
                on_.judge.condemn(check::resurrection, on_.now(), token, where.number());
            }
            on_.judge.planted(token, where.number(), true, on_.now());
            note_planted(where, client, token);
            break;
        case 0:
            tell(where, client, "taken by another, refuses EXTEND", token);
            on_.note(rule::extend_taken);
            break;
        default:
            tell(where, client, "lacks the lock, refuses EXTEND", token);
            on_.note(rule::extend_missing);
            break;
    }
}

void witness::after_release(testing::simulated_node& where, const testing::request& what,
                            const call& of, const testing::reply& answer) {
    const std::uint64_t token = on_.number_of(std::string{argument(what, of, 1)});
    const bool removed = answer.number > 0;
    const std::int64_t bar = number_in(argument(what, of, 2));
    const bool by_outsider = outsiders_.contains(token);
    on_.tell("node", where.number(), removed ? "removes" : "has nothing to remove",
             " by RELEASE of #", token, bar != 0 ? " with a bar" : "");
    if (removed) {
        on_.removed(token, where.number());
    }
    on_.note(!removed           ? rule::nothing_to_release
             : of.shared        ? rule::reader_released_there
             : of.names.empty() ? rule::released_there
                                : rule::several_released_there);
    on_.note(bar != 0 ? rule::barred_release : rule::release_without_bar);
    // A holder takes back a grant that does not count, and may plant it again later.
    if ((by_outsider && !removed) || (!by_outsider && on_.is_held(token))) {
        return;
    }
    // A fence that stood higher already is not prolonged.
    const bool bars = !of.fence.empty() && (bar > 0 || !of.shared);
    const auto ends_us = bars ? where.end_of(std::string{of.fence}) : std::nullopt;
    const tick ends = ends_us ? where.when_us(*ends_us) : on_.now();
    // A ballot from far ahead is not barred, and not too old by then.
    const std::int64_t window_us = number_in(argument(what, of, 4));
    const bool in_window = is_fenced(argument(what, of, 1)) && (bars || of.fence.empty()) &&
                           bar <= where.clock_us() + window_us;
    on_.judge.gone(token, where.number(), in_window ? ends : on_.now(), in_window);
}

/// All times that it tells: the only numbers of that size among answers but for fences, which are
/// in the place before.
void witness::note_heard(testing::simulated_node& where, std::size_t client,
                         const testing::reply& answer) {
    const std::int64_t now_us = where.clock_us();
    const auto tells = [&](const testing::reply& each) {
        return each.what == testing::reply::kind::integer && each.number == now_us;
    };
    const bool told = tells(answer) || std::any_of(answer.items.begin(), answer.items.end(), tells);
    if (told) {
        where.when_heard([this, node = where.number(), client, now_us] {
            std::int64_t& heard = heard_us_.at(client).at(node);
            heard = std::max(heard, now_us);
        });
    }
}

/// By the node's clock, in us; empty if it is no reader there.

}  // namespace redlock::sim
