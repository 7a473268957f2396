#include "sim/user.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <numeric>
#include <utility>

#include "sim/client.hpp"

namespace redlock::sim {

namespace {

using std::chrono::milliseconds;

// A lock that is over is known to be, this much later at the latest, by whoever was awake.
constexpr tick time_to_be_told = millisecond;

}  // namespace

std::vector<std::size_t> user::resources() const {
    if (!what_.all) {
        return {what_.resource};
    }
    std::vector<std::size_t> all(of_.on().the_plan.resources);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

std::string user::names() const {
    std::string all;
    for (const std::size_t each : resources()) {
        all += (all.empty() ? "" : ", ") + name_of(each);
    }
    return all;
}

std::size_t user::permits() const {
    return of_.on().the_plan.permits.at(what_.resource);
}

void user::want(const item& what) {
    later_.push_back(what);
    if (at_ == state::idle) {
        begin();
    }
}

void user::be_patient() {
    patient_ = true;
    testing::random_stream& chance = of_.chance();
    // Whoever has got its fill wants once more; whoever waits for something goes on.
    item last;
    last.resource = what_.resource;
    last.client = static_cast<std::uint8_t>(of_.number());
    last.user = static_cast<std::uint8_t>(number_);
    last.lasts = chance.between(0, 50 * millisecond);
    last.lease_ms = of_.its_terms().longest_lease_ms;
    last.renews = chance.one_in(2);
    last.shared = what_.shared;
    last.all = what_.all;
    later_.clear();
    if (chance.percent(15)) {
        // First one that comes to nothing: what it leaves behind must be gone soon.
        item brief = last;
        brief.deadline = chance.between(10, 40) * millisecond;
        brief.flag = chance.one_in(2);
        want(brief);
    }
    want(last);
}

void user::begin() {
    what_ = later_.front();
    later_.pop_front();
    ++wish_;
    at_ = state::waiting;
    of_.on().tell("user", number_, "wants ", names(), " for ", what_.lease_ms, " ms");
    stop_ = std::make_shared<boost::asio::cancellation_signal>();
    if (what_.flag && what_.deadline > 0) {
        of_.at(of_.on().now() + what_.deadline, [this, wish = wish_] {
            if (wish == wish_ && at_ == state::waiting) {
                of_.on().tell("user", number_, "is told to stop waiting");
                of_.on().note(rule::cancelled);
                stop_->emit(boost::asio::cancellation_type::terminal);
            }
        });
    }
    due_ = what_.deadline > 0 && !what_.flag && what_.attempts == 0
               ? of_.when(of_.process().now() + std::chrono::nanoseconds{what_.deadline})
               : no_tick;
    ask();
}

void user::ask() {
    begun_ = of_.on().now();
    floors_.front() = 0;
    for (const std::size_t each : resources()) {
        floors_.front() = std::max(floors_.front(), of_.on().judge.floor(each, shares()));
    }
    for (std::size_t slot = 0; slot < permits(); ++slot) {
        floors_.at(slot) = of_.on().judge.floor(slot_of(what_.resource, slot), false);
    }
    acquire_options options;
    options.lease_time = milliseconds{what_.lease_ms};
    options.renew = what_.renews;
    options.fair = of_.on().the_plan.fair;
    if (what_.attempts > 0) {
        options.wait = wait_policy::attempts(what_.attempts);
    } else if (what_.deadline > 0 && !what_.flag) {
        options.wait = std::chrono::nanoseconds{what_.deadline};
    }
    // Now and then with a record beside the lock, which others are told.
    const std::string label = of_.chance().percent(15) ? "user " + std::to_string(number_) : "";
    options.label = label;
    auto told = boost::asio::bind_cancellation_slot(
        stop_->slot(),
        of_.counted<lock>([this, wish = wish_, keep = stop_](error_code failure, lock got) {
            on_asked(wish, failure, std::move(got));
        }));
    if (what_.all) {
        std::vector<resource_name> all;
        for (const std::size_t each : resources()) {
            all.emplace_back(name_of(each));
        }
        of_.locks().async_acquire_all(std::move(all), options, std::move(told));
    } else if (permits() > 0) {
        of_.on().note(rule::permit_wanted);
        of_.locks().async_acquire_any({name_of(what_.resource), permits()}, options,
                                      std::move(told));
    } else if (what_.shared) {
        of_.locks().async_acquire_shared(name_of(what_.resource), options, std::move(told));
    } else {
        of_.locks().async_acquire(name_of(what_.resource), options, std::move(told));
    }
}

void user::on_asked(std::uint64_t wish, error_code failure, lock got) {
    if (wish != wish_ || at_ != state::waiting) {
        return;  // and gives the lock back by letting it go
    }
    if (!failure) {
        take(std::move(got));
        return;
    }
    tell_of(failure);
    of_.nodes().gave_up(of_.number());
    const bool goes_on =
        patient_ && what_.deadline == 0 &&
        (failure == errc::no_quorum || failure == errc::closed || failure == errc::indeterminate);
    if (goes_on && !of_.on().the_plan.is_stranger(of_.number())) {
        of_.at(of_.on().now() + 10 * millisecond, [this, wish] {
            if (wish == wish_ && at_ == state::waiting) {
                ask();
            }
        });
        return;
    }
    finish();
}

void user::tell_of(error_code failure) {
    of_.on().tell("user", number_, "does not get it: ", failure.message());
    of_.on().note(failure == errc::timed_out   ? rule::timed_out
                  : failure == errc::no_quorum ? rule::no_quorum
                  : failure == errc::contended ? rule::attempts_used_up
                  : failure == errc::closed    ? rule::ended_by_close
                                               : rule::other_failure);
}

void user::take(lock got) {
    stage& on = of_.on();
    at_ = state::holding;
    held_ = std::move(got);
    token_ = on.number_of(held_.token().str());
    until_ = held_.valid_until();
    known_since_ = on.now();
    told_lost_ = false;
    asked_for_ = milliseconds{0};
    on.note(rule::acquired);
    on.tell("user", number_, "HOLDS #", token_, " with token ", held_.fencing_token().value(),
            " until ", shown(of_.when(until_)));
    const std::size_t slot = held_.slot().value_or(0);
    if (held_.slot().has_value() != (permits() > 0) || (permits() > 0 && slot >= permits())) {
        on.judge.condemn(check::permits, on.now(), token_, slot);
        return;
    }
    locks_ = permits() > 0 ? std::vector{slot_of(what_.resource, slot)} : resources();
    if (permits() > 0) {
        on.note(rule::permit_acquired);
        on.tell("user", number_, "has slot ", slot, " of ", permits());
    }
    if (what_.all) {
        on.note(rule::several_acquired);
    }
    judged_.clear();
    for (const std::size_t each : locks_) {
        judged_.push_back(on.judge.take({.resource = each,
                                         .token = token_,
                                         .fencing = held_.fencing_token().value(),
                                         .begun = begun_,
                                         .floor = floors_.at(slot),
                                         .votes = of_.nodes().votes_for(token_),
                                         .nodes = of_.its_terms().nodes,
                                         .until = of_.when(until_),
                                         .shared = shares()},
                                        on.now()));
    }
    is_reader_ = shares();
    if (is_reader_) {
        on.note(rule::reader_acquired);
    }
    on.set_held(token_, true);
    if (what_.listens) {
        wait_lost();
    }
    work();
}

void user::wait_lost() {
    held_.async_wait_lost(of_.counted([this, wish = wish_](error_code /*why*/) {
        if (wish == wish_ && at_ == state::holding) {
            told_lost_ = true;
            if (held_.valid()) {
                of_.on().judge.condemn(check::not_told, of_.on().now(), token_);  // it says both
            }
            of_.on().set_held(token_, false);
            of_.on().tell("user", number_, "is told that it loses #", token_);
            // It goes on for a while, and does not look: that is what the store is for.
        }
    }));
}

/// What the lock was wanted for.
void user::work() {
    testing::random_stream& chance = of_.chance();
    write_to_store(chance.between(0, 10 * millisecond));
    const tick now = of_.on().now();
    of_.at(now + what_.lasts, [this, wish = wish_] { stop_work(wish); });
    if (what_.downgrades > 0 && permits() == 0) {
        of_.at(now + what_.downgrades, [this, wish = wish_] { downgrade(wish); });
    }
    if (what_.amount > 0) {
        extend_at(now + what_.amount * microsecond, milliseconds{what_.lease_ms});
    } else if (chance.percent(15)) {
        const std::int64_t most = of_.its_terms().longest_lease_ms;
        const milliseconds lease{
            chance.between(std::min(of_.on().the_plan.shortest_lease_ms, most), most)};
        extend_at(now + chance.between(0, most) * millisecond, lease);
    }
}

void user::downgrade(std::uint64_t wish) {
    if (wish != wish_ || at_ != state::holding) {
        return;
    }
    of_.on().tell("user", number_, "is content to share #", token_);
    of_.on().note(rule::downgraded);
    // It has stopped what only a writer may do.
    is_reader_ = true;
    of_.on().judge.downgraded(judged_.front());
    held_.async_downgrade(of_.counted());
}

void user::extend_at(tick when, milliseconds lease) {
    of_.at(when, [this, wish = wish_, lease] {
        if (wish == wish_ && at_ == state::holding) {
            of_.on().tell("user", number_, "extends #", token_);
            asked_for_ = lease;
            held_.async_extend(lease, of_.counted());
        }
    });
}

void user::write_to_store(tick after) {
    stage& on = of_.on();
    // Now and then a write waits in some buffer for a long time.
    if (of_.chance().percent(8)) {
        after += of_.chance().between(0, 2 * of_.its_terms().longest_lease_ms) * millisecond;
    }
    on.in.time().after(
        after, [&on, judged = judged_, those = locks_, token = token_, writes = !is_reader_] {
            for (std::size_t i = 0; i < those.size(); ++i) {
                const bool taken = on.judge.wrote(judged[i], writes, on.now());
                on.tell("store", those[i], taken ? "takes" : "refuses",
                        writes ? " a write" : " a read", " of #", token);
            }
        });
}

void user::believe_nothing() {
    for (const checker::hold each : judged_) {
        of_.on().judge.ended(each, of_.on().now());
    }
}

/// By what its process has heard of the nodes' clocks.
tick user::kept_until() const {
    tick earliest = no_tick;
    for (const std::size_t each : locks_) {
        earliest = std::min(earliest, of_.nodes().kept_until(token_, name_of(each), of_.number()));
    }
    return earliest;
}

void user::look() {
    stage& on = of_.on();
    const bool was_awake = of_.process().paused_until() < on.now() - time_to_be_told;
    if (at_ == state::waiting && was_awake && on.now() - time_to_be_told > due_) {
        on.judge.condemn(check::overdue, on.now(), number_);
    }
    if (at_ != state::holding) {
        return;
    }
    const auto until = held_.valid_until();
    if (until > until_) {
        // The round that gave it did not begin earlier.
        const tick begun = of_.when(until - std::max(milliseconds{what_.lease_ms}, asked_for_));
        for (const checker::hold each : judged_) {
            on.judge.extended(each, of_.when(until), of_.nodes().prolonged_since(token_, begun),
                              on.now());
        }
        on.tell("user", number_, "has #", token_, " until ", shown(of_.when(until)));
    } else if (until < until_) {
        on.note(rule::lease_shortened);
        if (on.the_plan.judged.exclusion && !on.the_plan.sets_clocks_forward()) {
            on.judge.condemn(check::shortened, on.now(), token_);
        }
        for (const checker::hold each : judged_) {
            on.judge.shortened(each, std::max(on.now(), of_.when(until)));
        }
        on.tell("user", number_, "has #", token_, " until ", shown(of_.when(until)), " only");
    }
    if (until != until_) {
        until_ = until;
        known_since_ = on.now();
    }
    // Of what it has heard it must have drawn the conclusion.
    if (on.the_plan.judged.hearing && was_awake && !told_lost_ && of_.when(until_) > on.now() &&
        of_.when(until_) > kept_until()) {
        on.judge.condemn(check::unheard, on.now(), token_);
    }
    if ((told_lost_ || !what_.listens) && !held_.valid()) {
        believe_nothing();  // the nodes said so
    }
    if (was_awake && what_.listens && !told_lost_ &&
        on.now() > std::max(of_.when(until), known_since_) + time_to_be_told) {
        on.judge.condemn(check::not_told, on.now(), held_.fencing_token().value());
    }
}

void user::stop_work(std::uint64_t wish) {
    if (wish != wish_ || at_ != state::holding) {
        return;
    }
    stage& on = of_.on();
    if (of_.process().now() >= until_) {
        on.note(rule::paused_past_validity);
    }
    write_to_store(of_.chance().between(0, 10 * millisecond));
    on.tell("user", number_, "releases #", token_);
    believe_nothing();
    on.set_held(token_, false);
    if (of_.chance().percent(30)) {
        lock last = std::move(held_);  // and its destructor releases it
    } else {
        held_.async_release(
            of_.counted([&on, token = token_, nodes = of_.its_terms().nodes](error_code failure) {
                if (!failure) {
                    // Unless it was passed on within the process, which the next one says.
                    on.in.time().after(0, [&on, token, nodes] { on.released(token, nodes); });
                }
            }));
        held_ = {};
    }
    finish();
}

/// Nothing of its wish is left: on to the next.
void user::finish() {
    at_ = state::idle;
    ++wish_;
    if (!later_.empty()) {
        of_.at(of_.on().now(), [this] {
            if (at_ == state::idle && !later_.empty()) {
                begin();
            }
        });
    }
}

void user::die() {
    if (at_ == state::holding) {
        of_.on().note(rule::holder_killed);
        believe_nothing();
        of_.on().set_held(token_, false);
    }
    at_ = state::idle;
    ++wish_;
    later_.clear();
}

void user::manager_closed(std::uint64_t token, error_code failure) {
    if (token != 0 && token == this->token() && held_.valid()) {
        of_.on().judge.condemn(check::not_told, of_.on().now(), token);
    } else if (token != 0 && !failure) {
        of_.on().ended(token, of_.its_terms().nodes);
    }
}

void user::manager_goes() {
    if (at_ == state::holding) {
        believe_nothing();
        of_.on().set_held(token_, false);
        held_ = {};
        finish();
    }
}

}  // namespace redlock::sim
