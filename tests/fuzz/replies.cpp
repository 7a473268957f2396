// Fuzz target: any reply that a node could send to a script, through the parsers that turn it into
// a vote. What is no plain yes must never count as one, every number is bounded before somebody
// reckons with it, and an error is worded without the peer's control characters. One thread.
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/shown_text.hpp"
#include "core/acquire_round.hpp"
#include "core/fencing.hpp"
#include "driver/greeting.hpp"
#include "driver/token.hpp"
#include "driver/votes.hpp"
#include "fuzz/byte_source.hpp"
#include "fuzz/target.hpp"
#include "manager/verdict.hpp"
#include "redis/wire/resp_reader.hpp"
#include "redis/wire/server_error.hpp"

namespace redlock::fuzz {
namespace {

using core::acquire_answer;
using core::extend_answer;
using core::release_answer;
using driver::guard_terms;
using redis::reply_view;
using redis::resp_reader;
using std::chrono::milliseconds;

constexpr std::size_t longest_words = 400;

bool is_plain_line(std::string_view text) {
    for (const char each : text) {
        if (each < ' ' || each > '~') {
            return false;
        }
    }
    return text.size() <= longest_words;
}

/// A vote or a reason, never both; and a reason that can be shown to people.
template <class Vote>
void check_either(const driver::parsed<Vote>& found, const reply_view& reply) {
    require(found.vote.has_value() != static_cast<bool>(found.why.cause), "a vote or a reason");
    require(found.vote || reply.is_error() || !found.why.message.empty(), "a reason is worded");
    require(is_plain_line(found.why.message), "a reason is one printable line");
    require(!found.vote || !reply.is_error(), "an error is no vote");
}

void check_acquire(const reply_view& reply, std::int64_t wall_us) {
    const auto found =
        driver::parse_acquire(reply, {wall_us, wall_us, 0}, std::chrono::seconds{10});
    check_either(found, reply);
    const auto surely = [&](std::int64_t code) {
        return reply.is_array() && reply[0].is_integer() && reply[0].integer() == code;
    };
    if (!found.vote) {
        return;
    }
    const core::acquire_vote& vote = *found.vote;
    require(vote.counts, "who counts is not for a reply to say");
    switch (vote.answer) {
        case acquire_answer::granted:
            require(vote.node_time_us > 1'000'000, "a grant tells the time");
            require((reply.is_integer() && reply.integer() == vote.node_time_us) ||
                        surely(vote.node_time_us),
                    "only a time grants");
            require(vote.waiting <= 1'000'000, "the line is bounded");
            break;
        case acquire_answer::busy:
            require(surely(0) || surely(-3), "only 0 and -3 are busy");
            require(!vote.holder_remaining || *vote.holder_remaining >= core::duration{0},
                    "what is left of a lease is not negative");
            require(vote.ahead <= 1'000'000, "the line is bounded");
            require(surely(0) || vote.holder_remaining <= core::duration{std::chrono::minutes{1}},
                    "nobody is waited for longer than a minute");
            break;
        case acquire_answer::fence_ahead:
            require(vote.fence > 0, "no fence is out of reach of nobody");
            [[fallthrough]];
        case acquire_answer::stale:
            require(surely(-1), "only -1 is stale");
            break;
        case acquire_answer::out_of_window:
            require(surely(-2), "only -2 is out of the window");
            break;
        case acquire_answer::quarantined:
        case acquire_answer::not_executed:
        case acquire_answer::unknown:
            require(false, "no reply says any of the rest");
            break;
    }
    // What is reckoned with it afterwards must stay within its bounds too.
    const core::instant start{std::chrono::hours{24}};
    core::acquire_round round{1, milliseconds{10'000}, start};
    round.on_vote(0, vote, start);
    require((round.outcome() == core::acquire_outcome::held) ==
                (vote.answer == acquire_answer::granted),
            "only a grant holds");
    require(round.quorum_free_at() >= start, "nothing is free before it was asked for");
    auto offsets = round.offsets_us();
    const auto block = core::next_block(round.largest_fence(), wall_us,
                                        core::believed_offset(offsets), 17, 10'000'000);
    require(!block || (block->first > round.largest_fence() && block->bar() <= core::ballot_limit),
            "a ballot is above the fence and below the limit");
}

void check_small_ones(const reply_view& reply) {
    const auto extended = driver::parse_extend(reply);
    check_either(extended, reply);
    if (extended.vote) {
        const core::instant sent{std::chrono::hours{24}};
        const bool prolongs = extended.vote->answer == extend_answer::extended;
        require(prolongs ? reply.is_integer() : reply.is_array() && reply.size() == 2,
                "a time, or a code and a time, answer EXTEND");
        require(extended.vote->node_us == (prolongs ? reply : reply[1]).integer(),
                "the time is the node's");
        require((extended.vote->answer == extend_answer::replanted) ==
                    (!prolongs && reply[0].integer() == 2),
                "only 2 replants");
        // Any number may come for a time, and is reckoned with.
        core::node_clock clock;
        require(!clock.on_answer(1'700'000'000'000'000, sent, sent), "one answer shows no step");
        clock.on_answer(extended.vote->node_us, sent, sent + milliseconds{5});
        clock.on_answer(1'700'000'000'000'000, sent, sent + milliseconds{10});
    }

    const auto released = driver::parse_release(reply);
    check_either(released, reply);
    require(!released.vote || reply.is_integer(), "only an integer answers RELEASE");
    require(!released.vote ||
                (released.vote->answer == release_answer::removed) == (reply.integer() > 0),
            "only 1 and 2 remove");

    const auto natively = driver::parse_native_acquire(reply);
    check_either(natively, reply);
    require(!natively.vote || natively.vote->answer != core::acquire_answer::granted ||
                reply.text() == "OK",
            "only OK grants");
}

void check_readers(const node_status& told) {
    const bool shared = told.mode == lock_mode::shared;
    require(told.mode.has_value() != told.holder.empty(), "a lock excludes somebody");
    require(shared == (told.holder.str() == driver::readers_marker), "the marker is the readers'");
    require(told.reader_count >= told.readers.size(), "those who are listed are there");
    require(shared || told.reader_count == 0, "nobody reads what another has");
    for (const lock_holder& each : told.readers) {
        require(each.remaining && *each.remaining >= milliseconds{0} &&
                    *each.remaining <= core::duration::max(),
                "what is left of a reader's lease fits into our durations");
    }
    const resource_status all = manager::judge("job", {told});
    require((all.verdict == lock_verdict::free) == told.holder.empty(), "one node is the quorum");
    require(all.readers.size() <= told.readers.size() && all.reader_count <= told.reader_count,
            "a single node's readers are all that there are");
}

void check_status(const reply_view& reply) {
    const auto found =
        driver::parse_status(reply, "job", driver::key_names{}, std::chrono::seconds{10});
    check_either(found, reply);
    if (!found.vote) {
        return;
    }
    require(reply.is_array() && (reply.size() == 6 || reply.size() == 8),
            "a status has six parts, and two of readers if they were asked for");
    check_readers(*found.vote);
    if (reply[0].is_integer()) {
        require(found.vote->holder.str() == driver::no_lock && !found.vote->key_message.empty(),
                "what is no lock is told, and not taken for free");
    } else {
        require(found.vote->holder.empty() == reply[0].text().empty(),
                "a holder is shown if there is one");
        require(found.vote->holder.str() == (driver::tells_of_readers(reply[0].text())
                                                 ? driver::readers_marker
                                                 : reply[0].text()),
                "the holder is the one that was told, and of readers the marker");
    }
    require(!found.vote->remaining || *found.vote->remaining >= milliseconds{0},
            "what is left of a lease is not negative");
    // Whoever shows it reckons in finer units.
    require(!found.vote->remaining || *found.vote->remaining <= core::duration::max(),
            "a lease fits into our durations");
    if (reply[0].is_nil()) {
        require(found.vote->label.empty() && found.vote->fencing == fencing_token{},
                "what is free has neither label nor token");
    }
}

void check_hello(const reply_view& reply, const guard_terms& terms) {
    const auto found = driver::parse_hello(reply, driver::key_names{}, terms);
    check_either(found, reply);
    if (found.vote) {
        require(*found.vote >= milliseconds{0} && *found.vote <= terms.quarantine(),
                "a quarantine lasts from nothing to the whole");
        require(reply[1].text().empty() || reply[1].text() == terms.to_string(),
                "only the same terms are agreed, or none");
    }
}

/// Whatever a holder key holds.
void check_details(std::string_view text) {
    if (const auto read = driver::decode_holder(text)) {
        require(read->token.size() + read->label.size() + read->proclaimed.size() < text.size(),
                "token, label and text are a part of what was read");
        require(read->edition != 0 || read->proclaimed.empty(), "a text has an edition");
        const auto again = driver::decode_holder(driver::encode_holder(*read));
        require(again && again->fencing == read->fencing && again->token == read->token &&
                    again->label == read->label && again->proclaimed == read->proclaimed &&
                    again->edition == read->edition,
                "details survive being written and read");
    }
    const std::string token{text.substr(0, text.size() / 3)};
    const std::string label{text.substr(text.size() / 3)};
    const auto again = driver::decode_holder(driver::encode_holder(text.size(), token, label));
    require(
        again && again->fencing == text.size() && again->token == token && again->label == label,
        "any token and label survive");
    if (const std::uint64_t fencing = driver::fencing_in_token(text); fencing != 0) {
        require(
            text.size() > 33 && text.substr(0, text.find('-')).find_first_not_of("0123456789") ==
                                    std::string_view::npos,
            "a fencing token is read only out of one of ours");
    }
    require(is_plain_line(base::shown_text(text)), "an error is shown as one printable line");
    const guard_terms terms{{.max_lease_time = milliseconds{60'000}}, 5};
    require(is_plain_line(terms.difference(text, driver::key_names{})),
            "a difference is told in one printable line");
    require(terms.difference(text, driver::key_names{}).empty() == (text == terms.to_string()),
            "other terms are different");
}

void check_texts(const reply_view& reply) {
    check_details(reply.text());
    for (const reply_view child : reply) {
        check_texts(child);
    }
}

}  // namespace

void try_input(std::string_view bytes) {
    byte_source source{bytes};
    constexpr std::int64_t walls[] = {0, 1'750'000'000'000'000, -1'000'000,
                                      std::numeric_limits<std::int64_t>::max()};
    const std::int64_t wall_us = walls[source.below(4)];
    const guard_terms terms = guard_terms::of({}, 3);
    resp_reader reader;
    reader.feed({source.rest().data(), source.rest().size()});
    while (reader.next() == resp_reader::status::reply) {
        const reply_view reply = reader.current();
        check_acquire(reply, wall_us);
        check_small_ones(reply);
        check_status(reply);
        check_hello(reply, terms);
        check_texts(reply);
    }
    check_details(source.rest());
}

}  // namespace redlock::fuzz
