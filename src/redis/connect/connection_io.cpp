// How bytes come and go on a connection; see connection_shell.hpp. Reads are one at a time and each
// is parsed completely before the next; writes are one at a time and take all that waits.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/shown_text.hpp"
#include "base/strand.hpp"
#include "redis/connect/connection_shell.hpp"
#include "redis/wire/server_error.hpp"

namespace redlock::redis {

namespace asio = boost::asio;

namespace {

// Commands that together are worth a write of their own: as many as share a call.
constexpr std::size_t worth_a_write = command_queue::most_in_a_call;

/// Of the first command in RESP.
std::string_view first_word(std::string_view encoded) {
    constexpr std::string_view line_end = "\r\n";
    for (int line = 0; line < 2; ++line) {
        const std::size_t stop = encoded.find(line_end);
        if (stop == std::string_view::npos) {
            return {};
        }
        encoded.remove_prefix(stop + line_end.size());
    }
    return encoded.substr(0, encoded.find(line_end));
}

}  // namespace

// --- reading ---

// A read is under way only while an answer is due: an idle connection has nothing outstanding in
// the event loop, which may therefore end. What a server does meanwhile is looked at before the
// next use.
bool connection::shell::wants_reply() const noexcept {
    return (state_ == connection_state::connecting && steps_.awaits_reply()) ||
           (state_ == connection_state::ready && (listening_ || queue_.in_flight() != 0));
}

void connection::shell::listen(bool yes) {
    listening_ = yes;
    if (state_ != connection_state::ready) {
        return;
    }
    start_read();
    if (!wants_reply() && reading_ && !link_->writing) {
        link_->wire->cancel();
    }
}

bool connection::shell::went_away_while_idle() {
    if (options_.subscriber || queue_.in_flight() != 0) {
        return false;
    }
    return !proof_.has_just_answered(clock_.now()) && !link_->wire->open_and_silent(reading_);
}

// Nothing was lost with the old connection: what waits travels on the next one, if it may.
void connection::shell::replace() {
    proof_.on_replaced();
    if (proof_.earned(clock_.now())) {
        steps_.proved();
    }
    link_->wire->close();
    begin_attempt();
    queue_.withdraw_bound();
}

void connection::shell::start_read() {
    if (reading_ || !wants_reply()) {
        return;
    }
    reading_ = true;
    link_->wire->async_read_some(asio::buffer(link_->incoming), link_);
}

void connection::shell::on_read(const link_ptr& current, error_code failure, std::size_t size) {
    if (current != link_) {
        return;
    }
    if (failure == asio::error::operation_aborted) {
        // Only the waiting was given up; nothing was read.
        reading_ = false;
        start_read();
        return;
    }
    if (failure) {
        // Seen at once because somebody listens. One that went away as soon as it had come is left
        // to the backoff.
        const bool idle =
            state_ == connection_state::ready && queue_.in_flight() == 0 && !options_.subscriber;
        if (idle && proof_.has_lasted(clock_.now())) {
            replace();
        } else {
            broke(failure);
        }
        return;
    }
    reader_.feed({current->incoming.data(), size});
    bool heard = false;
    while (true) {
        const resp_reader::status status = reader_.next();
        if (status == resp_reader::status::need_more) {
            break;
        }
        if (status == resp_reader::status::protocol_error) {
            fail(node_errc::bad_reply, base::shown_text(reader_.error(), steps_.target().password));
            return;
        }
        if (!std::exchange(heard, true)) {
            proof_.on_heard(clock_.now());
        }
        on_reply(reader_.current());
        if (current != link_) {
            return;
        }
    }
    // Only now: a read begun by one of the replies above would have written over the others.
    reading_ = false;
    start_read();
}

void connection::shell::on_reply(const reply_view& reply) {
    bool asked_for = false;
    if (state_ == connection_state::ready) {
        asked_for = take_reply(reply);
    } else if (steps_.awaits_reply() && !link_->writing && !greeting_put_off_) {
        asked_for = true;
        const bool greeting = steps_.step() == connect_step::greeting;
        if (greeting) {
            events_->on_greeted(reply);
            if (std::string more = events_->next_greeting(); !more.empty()) {
                say_greeting(std::move(more));
                return;
            }
        }
        perform(steps_.resume(
            {.what = greeting ? connect_event::kind::greeted : connect_event::kind::reply,
             .reply = reply,
             .random = random_()}));
    }
    if (!asked_for) {
        fail(node_errc::bad_reply, "a reply to nothing: " + std::string{to_string(reply.kind())} +
                                       " " +
                                       base::shown_text(reply.text(), steps_.target().password));
    }
}

// False: nobody asked for it.
bool connection::shell::take_reply(const reply_view& reply) {
    if (const reply_view error = queue_.error_in(reply); error.is_error()) {
        const error_code refusal = classify(error.text());
        if (refusal == node_errc::read_only && steps_.follows_master()) {
            // Not told to whom it was answered: what is owed to the master goes to its successor.
            fail(node_errc::read_only, "it is a replica now");
            return true;
        }
        if (refusal == node_errc::loading) {
            proof_.on_loading();
        }
    }
    if (queue_.in_flight() != 0) {
        proof_.on_answer();
    }
    if (!queue_.on_reply(reply)) {
        if (options_.subscriber) {
            events_->on_pushed(reply);
        }
        return options_.subscriber;
    }
    // What was asked together is answered first. Then the next attempt is left to the backoff, so
    // that what is owed to this server comes to it once it has loaded, and not all the time.
    if (proof_.loads() && state_ == connection_state::ready && queue_.in_flight() == 0) {
        fail(node_errc::loading, "LOADING: it reads its data set into memory");
    }
    return true;
}

void connection::shell::broke(error_code failure) {
    std::string why = link_->wire->describe(failure);
    if (state_ == connection_state::ready) {
        // Some proxies hang up on what they do not know: the words are for those who look for it.
        if (const std::string_view verb = first_word(link_->outgoing);
            queue_.in_flight() != 0 && !verb.empty()) {
            why += fmt::format(
                " after {} was sent; if that comes again and again, does a proxy on "
                "the way refuse it?",
                base::shown_text(verb));
        }
        fail(node_errc::connection_lost, why);
    } else if (link_->wire->is_tls_failure(failure)) {
        fail(node_errc::tls_failed, why);
    } else {
        // Who hangs up upon INFO is asked once more, for what is left of the same time.
        const time_point until =
            steps_.step() == connect_step::identifying ? way_deadline_ : time_point::max();
        perform(steps_.resume({.what = connect_event::kind::hung_up,
                               .cause = node_errc::not_connected,
                               .message = why,
                               .random = random_()}));
        way_deadline_ = std::min(way_deadline_, until);
    }
}

// --- writing ---

bool connection::shell::left_to_parent() {
    if (stamp_.foreign()) {
        stop(errc::forked);
        return true;
    }
    return false;
}

// What is asked for in one turn of the event loop leaves together, after it: commands that share a
// write cost less, here and at the server. Where the last one travelled alone and has been
// answered, the next will be alone, too, and need not wait. One server of several is given another
// turn. With one alone that would only make it and us take turns, so it even gets a part of much as
// soon as that is worth a write, to work on while we prepare the rest.
void connection::shell::flush_soon() {
    if (!may_write()) {
        return;
    }
    if (!options_.among_others && queue_.size() - queue_.in_flight() >= worth_a_write &&
        queue_.in_flight() != 0) {
        write_batch();
        return;
    }
    if (flush_posted_) {
        return;
    }
    if (last_batch_ == 1 && queue_.in_flight() == 0 && !went_away_while_idle()) {
        write_batch();
        return;
    }
    flush_posted_ = true;
    base::post_to(executor_, [self = shared_from_this()] {
        if (self->options_.among_others) {
            base::post_to(self->executor_, [self] { self->flush_now(); });
        } else {
            self->flush_now();
        }
    });
}

void connection::shell::flush_now() {
    flush_posted_ = false;
    flush();
}

void connection::shell::flush() {
    if (left_to_parent()) {
        return;
    }
    if (!may_write() || !queue_.has_waiting()) {
        return;
    }
    if (went_away_while_idle()) {
        if (proof_.may_be_replaced(clock_.now())) {
            replace();
        } else {
            broke(asio::error::eof);
        }
        return;
    }
    write_batch();
}

bool connection::shell::may_write() const noexcept {
    return state_ == connection_state::ready && !link_->writing && !proof_.loads();
}

void connection::shell::write_batch() {
    const std::size_t were_due = queue_.in_flight();
    if (!queue_.take_batch(link_->outgoing)) {
        return;
    }
    last_batch_ = queue_.in_flight() - were_due;
    // First, so that the server works while we see to the rest.
    start_write();
    if (were_due == 0) {
        proof_.on_asked(clock_.now());
        if (proof_.next_look() < rings_at()) {
            arm();
        }
    }
    start_read();
}

void connection::shell::start_write() {
    link_->written = 0;
    link_->writing = true;
    write_on(link_);
}

// A socket nearly always takes a batch at once, which spares a turn through the reactor.
void connection::shell::write_on(const link_ptr& current) {
    const std::string_view rest = std::string_view{current->outgoing}.substr(current->written);
    error_code failure;
    current->written += current->wire->try_write(rest, failure);
    if (failure) {
        // Not at once: somebody may be about to ask other nodes before hearing of a failure.
        asio::post(executor_, [self = shared_from_this(), current, failure] {
            if (current == self->link_) {
                self->on_written(current, failure);
            }
        });
        return;
    }
    if (current->written == current->outgoing.size()) {
        on_written(current, {});
        return;
    }
    current->wire->async_write_some(std::string_view{current->outgoing}.substr(current->written),
                                    current);
}

void connection::shell::on_part_written(const link_ptr& current, error_code failure,
                                        std::size_t size) {
    if (current != link_) {
        return;
    }
    current->written += size;
    if (failure || current->written == current->outgoing.size()) {
        on_written(current, failure);
    } else {
        write_on(current);
    }
}

void connection::shell::on_written(const link_ptr& current, error_code failure) {
    current->writing = false;
    if (failure) {
        broke(failure);
        return;
    }
    if (state_ == connection_state::ready) {
        queue_.batch_written();
        flush();
    }
}

}  // namespace redlock::redis
