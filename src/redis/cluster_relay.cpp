// The ways of commands through a cluster: to the master of their slot, and on to another when that
// one says so; see cluster_shell.hpp.
//
// A server that answers MOVED, ASK, TRYAGAIN or CLUSTERDOWN has not begun with the command, so it
// may be sent again. Order is kept on one connection only: a command that was refused may come to
// its new server behind one that was sent there at once. The locks' safety does not rest on that: a
// release whose acquisition may still be on its way raises the fence, which is in the same slot and
// moves with it, so that the acquisition is stale wherever it arrives; so is what might plant a
// lock again, which is sent for `this_connection` besides.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "redis/cluster_shell.hpp"
#include "redis/resp_writer.hpp"
#include "redis/server_address.hpp"

namespace redlock::redis {
namespace {

using namespace std::chrono_literals;

// Between two tries of a command whose keys are on their way.
constexpr std::chrono::nanoseconds first_retry = 2ms;
constexpr unsigned most_doublings = 5;

}  // namespace

// --- one command ---

error_code cluster_link::relay::hand_to(const std::shared_ptr<member>& whom, bool asking) {
    if (asking) {
        const error_code refused =
            whom->link().send(encoded({"ASKING"}),
                              std::make_shared<question>(shell_, question::kind::nothing, 0, whom),
                              0, deadline_, how_);
        if (refused) {
            shell_->note(whom->trouble());
            return refused;
        }
    }
    at_ = whom;
    const error_code refused =
        whom->link().send(encoded_, shared_from_this(), tag_, deadline_, how_);
    if (refused) {
        at_.reset();
        shell_->note(whom->trouble());
    }
    return refused;
}

void cluster_link::relay::on_reply(std::uint32_t tag, const reply_view& reply) {
    const auto asked = std::exchange(at_, nullptr);
    if (!reply.is_error() || !shell_->redirect(*this, asked->where(), reply.text())) {
        shell_->on_answer_of(*asked);
        sink_->on_reply(tag, reply);
    }
}

void cluster_link::relay::on_timeout(std::uint32_t tag, bool maybe_sent) {
    if (!maybe_sent) {
        shell_->note(at_->trouble());
        at_.reset();
    }
    if (!std::exchange(told_late_, true)) {
        sink_->on_timeout(tag, maybe_sent);
    } else if (!maybe_sent) {
        sink_->on_failure(tag, node_errc::not_connected, false);
    }
}

void cluster_link::relay::on_failure(std::uint32_t tag, error_code cause, bool maybe_sent) {
    if (const auto asked = std::exchange(at_, nullptr)) {
        shell_->note(asked->trouble());
    }
    sink_->on_failure(tag, cause, maybe_sent);
}

void cluster_link::relay::fail(error_code cause) {
    sink_->on_failure(tag_, cause, false);
}

void cluster_link::relay::expire() {
    sink_->on_timeout(tag_, false);
}

void cluster_link::relay::tell_late() {
    if (!std::exchange(told_late_, true)) {
        sink_->on_timeout(tag_, true);
    }
    deadline_ = boot_clock::now() + shell_->command_timeout();
}

// --- all of them ---

// A greeted cluster is first heard out, as a single server is; once that has come to an end, what
// its votes are worth is known without holding anything back.
bool cluster_link::shell::routes() const noexcept {
    return !map_.empty() && (surveyed_ || !options_.greets);
}

cluster_link::shell::member_ptr cluster_link::shell::member_at(const server_address& where) {
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [&](const auto& each) { return each->where() == where; });
    if (found != members_.end()) {
        return *found;
    }
    connection_options options = options_;
    options.greets = false;
    options.where.cluster.clear();
    options.where.host = where.host;
    options.where.port = where.port;
    members_.push_back(
        std::make_shared<member>(*this, executor_, std::move(options), where, random_()));
    return members_.back();
}

cluster_link::shell::member_ptr cluster_link::shell::member_for(const cluster_route& route) {
    const auto& masters = map_.masters();
    const server_address* where = nullptr;
    if (route.slot) {
        where = map_.serving(*route.slot);
    } else if (route.part < masters.size()) {
        where = &masters[route.part].where;
    }
    return where == nullptr ? nullptr : member_at(*where);
}

error_code cluster_link::shell::dispatch(relay& command) {
    const member_ptr whom = member_for(command.route());
    if (whom == nullptr) {
        note(fmt::format("slot {} has no master", command.route().slot.value_or(0)));
        survey_due_ = survey_due_ || stage_ == stage::none;
        arm();
        return node_errc::slot_unserved;
    }
    const error_code refused = command.hand_to(whom);
    if (refused && command.how() == delivery::must_follow) {
        // Its owner sends it again when we tell that we are ready.
        keep_trying();
    }
    return refused;
}

void cluster_link::shell::dispatch_waiting() {
    for (const auto& each : std::exchange(waiting_, {})) {
        if (const error_code refused = dispatch(*each)) {
            each->fail(refused);
        }
    }
}

void cluster_link::shell::expire_waiting(time_point now) {
    std::vector<relay_ptr> over;
    std::erase_if(waiting_, [&](const relay_ptr& each) {
        const bool due = each->deadline() <= now;
        if (due) {
            over.push_back(each);
        }
        return due;
    });
    for (const auto& each : over) {
        each->expire();
    }
}

bool cluster_link::shell::redirect(relay& refused, const server_address& by,
                                   std::string_view text) {
    using kind = slot_refusal::kind;
    const slot_refusal told = read_refusal(text, by);
    if (told.what == kind::none || state_ == connection_state::stopped) {
        return false;
    }
    if (told.what == kind::moved) {
        slot_moved(told);
    } else if (told.what == kind::cluster_down) {
        survey_due_ = survey_due_ || stage_ == stage::none;
        arm();
    } else if (told.what == kind::ask && options_.greets && !map_.has(told.where)) {
        // A server that was not asked who it is.
        disturb(node_errc::slot_unserved,
                fmt::format("slot {} is on its way to {}", told.slot, to_string(told.where)));
    }
    const bool elsewhere = told.what == kind::moved && refused.how() == delivery::this_connection;
    if (state_ == connection_state::stopped || told.what == kind::cluster_down || elsewhere ||
        !may_go_on(refused)) {
        return false;
    }
    if (told.what == kind::try_again) {
        return put_off(refused);
    }
    if (!refused.may_hop() || told.where.host.empty()) {
        return false;
    }
    if (refused.late()) {
        if (refused.how() != delivery::must_follow) {
            return false;
        }
        refused.tell_late();
    }
    if (const error_code failed = refused.hand_to(member_at(told.where), told.what == kind::ask)) {
        refused.fail(failed);
    }
    return true;
}

// What is for this connection goes on among servers that have said who they are, and not a word of
// it is doubted since: never behind MOVED.
bool cluster_link::shell::may_go_on(const relay& command) const noexcept {
    return command.how() != delivery::this_connection ||
           (state_ == connection_state::ready && command.survey() == survey_);
}

bool cluster_link::shell::put_off(relay& refused) {
    const time_point now = boot_clock::now();
    if (refused.retries == 0) {
        refused.give_up_at = refused.how() == delivery::must_follow
                                 ? now + patience_in_timeouts * options_.command_timeout
                                 : refused.deadline();
    }
    if (now >= refused.give_up_at || (refused.late() && refused.how() != delivery::must_follow)) {
        return false;
    }
    refused.retry_at =
        std::min(now + first_retry * (1U << std::min(refused.retries++, most_doublings)),
                 refused.give_up_at);
    refused.begin_anew();
    put_off_.push_back(refused.shared_from_this());
    arm();
    return true;
}

void cluster_link::shell::retry_put_off(time_point now) {
    const auto later = std::stable_partition(
        put_off_.begin(), put_off_.end(), [=](const auto& each) { return each->retry_at <= now; });
    const std::vector<relay_ptr> due(put_off_.begin(), later);
    put_off_.erase(put_off_.begin(), later);
    for (const auto& each : due) {
        retry(*each, now);
    }
}

void cluster_link::shell::retry(relay& command, time_point now) {
    if (state_ == connection_state::stopped) {
        command.fail(errc::closed);
        return;
    }
    if (now >= command.give_up_at || !may_go_on(command)) {
        note(fmt::format("slot {} is on its way to another server, and so are the keys",
                         command.route().slot.value_or(0)));
        command.fail(node_errc::slot_unserved);
        return;
    }
    if (now >= command.deadline()) {
        command.tell_late();
    }
    if (const error_code refused = dispatch(command)) {
        command.fail(refused);
    }
}

}  // namespace redlock::redis
