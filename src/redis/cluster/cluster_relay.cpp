// The ways of commands through a cluster: to the master of their slot, and on to another when that
// one says so; and the servers that are connected to for that. See cluster_shell.hpp.
//
// A server that answers MOVED, ASK, TRYAGAIN or CLUSTERDOWN has not begun with the command, so it
// may be sent again. Order is kept on one connection only: a command that was refused may come to
// its new server behind one that was sent there at once. The locks' safety does not rest on that: a
// release whose acquisition may still be on its way raises the fence, which is in the same slot and
// moves with it, so that the acquisition is stale wherever it arrives; so is what might plant a
// lock again, which is sent for `this_connection` besides.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <iterator>
#include <utility>

#include "endpoint/server_address.hpp"
#include "redis/cluster/cluster_shell.hpp"
#include "redis/connect/connection_proof.hpp"
#include "redis/wire/resp_writer.hpp"

namespace redlock::redis {
namespace {

using namespace std::chrono_literals;

// Between two tries of a command whose keys are on their way.
constexpr std::chrono::nanoseconds first_retry = 2ms;
constexpr unsigned most_doublings = 5;

}  // namespace

// --- one command ---

error_code cluster_link::relay::hand_to(const std::shared_ptr<member>& whom, bool asking) {
    if (whom->asking_in_vain) {
        // A server forgets it with the next command of any kind; this one everybody is allowed.
        if (const error_code refused = say_first(whom, "TIME")) {
            return refused;
        }
        whom->asking_in_vain = false;
    }
    if (asking) {
        if (const error_code refused = say_first(whom, "ASKING")) {
            return refused;
        }
    }
    at_ = whom;
    command handed = what_;
    handed.sink = shared_from_this();
    if (asking) {
        handed.share.call = nullptr;  // ASKING is a word for the next command alone
    }
    const error_code refused = whom->link().send(std::move(handed));
    if (refused) {
        at_.reset();
        whom->asking_in_vain = asking;
        shell_->note(whom->trouble());
    }
    return refused;
}

error_code cluster_link::relay::say_first(const std::shared_ptr<member>& whom,
                                          std::string_view word) {
    const error_code refused =
        whom->link().send({.encoded = encoded({word}),
                           .sink = std::make_shared<question>(shell_, survey_stage::none, 0, whom),
                           .deadline = what_.deadline,
                           .how = what_.how});
    if (refused) {
        shell_->note(whom->trouble());
    }
    return refused;
}

void cluster_link::relay::on_reply(std::uint32_t tag, const reply_view& reply) {
    const auto asked = std::exchange(at_, nullptr);
    if (!reply.is_error() || !shell_->redirect(*this, asked->where(), reply.text())) {
        shell_->on_answer_of(*asked);
        what_.sink->on_reply(tag, reply);
    }
}

// From here on it goes alone: what one of them is refused for need not be true of another.
void cluster_link::relay::on_refused_together(std::uint32_t tag, const reply_view& error) {
    what_.share.call = nullptr;
    const auto asked = std::exchange(at_, nullptr);
    if (!shell_->redirect(*this, asked->where(), error.text())) {
        shell_->on_answer_of(*asked);
        what_.sink->on_refused_together(tag, error);
    }
}

void cluster_link::relay::on_timeout(std::uint32_t tag, bool maybe_sent) {
    if (!maybe_sent) {
        shell_->note(at_->trouble());
        at_.reset();
    }
    if (!std::exchange(told_late_, true)) {
        what_.sink->on_timeout(tag, maybe_sent);
    } else if (!maybe_sent) {
        what_.sink->on_failure(tag, node_errc::not_connected, false);
    }
}

void cluster_link::relay::on_failure(std::uint32_t tag, error_code cause, bool maybe_sent) {
    if (const auto asked = std::exchange(at_, nullptr)) {
        shell_->note(asked->trouble());
    }
    what_.sink->on_failure(tag, cause, maybe_sent);
}

void cluster_link::relay::fail(error_code cause) {
    what_.sink->on_failure(what_.tag, cause, false);
}

void cluster_link::relay::expire() {
    what_.sink->on_timeout(what_.tag, false);
}

void cluster_link::relay::tell_late() {
    if (!std::exchange(told_late_, true)) {
        what_.sink->on_timeout(what_.tag, true);
    }
    what_.deadline = shell_->now() + shell_->command_timeout();
}

// --- the servers ---

std::string cluster_link::member::trouble() const {
    const std::string& why = link_.last_error_message();
    return endpoints::to_string(where_) + ": " + (why.empty() ? "no answer" : why);
}

void cluster_link::member::on_ready(const server_identity& /*identity*/) {
    shell_.on_member_ready(*this);
}

void cluster_link::member::on_down(error_code cause, std::string_view /*message*/,
                                   std::chrono::nanoseconds /*retry_in*/) {
    shell_.on_member_down(*this, cause);
}

// Nobody, and noted, when there are too many: how many connections we open is not for a server to
// say that sends us to and fro. Those that the user named can always be asked.
cluster_link::shell::member_ptr cluster_link::shell::member_at(const server_address& where) {
    const auto found = std::ranges::find(members_, where, &member::where);
    if (found != members_.end()) {
        return *found;
    }
    const auto& named = options_.where.cluster;
    const std::size_t most = slot_map::most_masters + named.size();
    if (members_.size() >= most && std::find(named.begin(), named.end(), where) == named.end()) {
        forget_unused();
        if (members_.size() >= most) {
            note(fmt::format("{} is one server too many: {} of this cluster are connected to",
                             endpoints::to_string(where), members_.size()));
            return nullptr;
        }
    }
    connection_options options = options_;
    options.greets = false;
    options.where.cluster.clear();
    options.where.host = where.host;
    options.where.port = where.port;
    members_.push_back(
        std::make_shared<member>(*this, clock_, std::move(options), where, random_()));
    return members_.back();
}

// Those that no slot and no command refers to any more.
void cluster_link::shell::forget_unused() {
    if (state_ == connection_state::stopped) {
        return;
    }
    const auto unused =
        std::stable_partition(members_.begin(), members_.end(), [this](const member_ptr& each) {
            return each.use_count() != 1 || map().has(each->where());
        });
    if (unused == members_.end()) {
        return;
    }
    std::vector<member_ptr> gone{std::move_iterator{unused}, std::move_iterator{members_.end()}};
    members_.erase(unused, members_.end());
    // One of them may be the caller: they live until nothing of theirs is under way.
    boost::asio::post(clock_.strand(), [self = shared_from_this(),
                                        gone = std::move(gone)]() mutable { gone.clear(); });
}

// --- all commands ---

// A greeted cluster is first heard out, as a single server is; once that has come to an end, what
// its votes are worth is known without holding anything back.
bool cluster_link::shell::routes() const noexcept {
    return !map().empty() && (surveyed_ || !options_.greets);
}

const server_address* cluster_link::shell::server_for(const cluster_route& route) const {
    const auto& masters = map().masters();
    if (route.slot) {
        return map().serving(*route.slot);
    }
    return route.part < masters.size() ? &masters[route.part].where : nullptr;
}

error_code cluster_link::shell::dispatch(relay& command) {
    const server_address* const where = server_for(command.route());
    if (where == nullptr) {
        note(fmt::format("slot {} has no master", command.route().slot.value_or(0)));
        want_survey();
        return node_errc::slot_unserved;
    }
    const member_ptr whom = member_at(*where);
    if (whom == nullptr) {
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
        want_survey();
    } else if (told.what == kind::ask && options_.greets && !map().has(told.where)) {
        // A server that was not asked who it is.
        disturb(node_errc::slot_unserved, fmt::format("slot {} is on its way to {}", told.slot,
                                                      endpoints::to_string(told.where)));
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
    const member_ptr whom = member_at(told.where);
    const error_code failed = whom == nullptr ? error_code{node_errc::slot_unserved}
                                              : refused.hand_to(whom, told.what == kind::ask);
    if (failed) {
        refused.fail(failed);
    }
    return true;
}

// What is for this connection goes on among servers that have said who they are, and not a word of
// it is doubted since: never behind MOVED.
bool cluster_link::shell::may_go_on(const relay& command) const noexcept {
    return command.how() != delivery::this_connection ||
           (state_ == connection_state::ready && command.survey() == steps_.number());
}

bool cluster_link::shell::put_off(relay& refused) {
    const time_point now = clock_.now();
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
