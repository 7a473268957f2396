#include "driver/node_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace redlock::driver {

namespace {

std::mt19937_64 seeded_generator(outside::environment& surroundings) {
    const auto words = surroundings.draw_seed();
    std::seed_seq seed(words.begin(), words.end());
    return std::mt19937_64{seed};
}

}  // namespace

node_pool::node_pool(outside::alarm_clock& clock, const std::vector<endpoint>& endpoints,
                     const manager_options& options)
    : clock_(clock),
      options_(options),
      keys_(options.key_prefix),
      endpoints_(endpoints),
      guarded_(is_guarded(options, endpoints.size())),
      quarantine_(endpoints.size()),
      refusals_(endpoints.size()),
      watches_([this](bool wanted) {
          for (const auto& each : nodes_) {
              each->track_keys(wanted);
          }
      }),
      fences_(core::fence_memory::usual_capacity,
              std::chrono::microseconds{options.clock_window}.count()),
      clocks_(endpoints.size()),
      generator_(seeded_generator(*clock.surroundings())) {
    node_events& events = *this;
    for (const auto& where : endpoints) {
        const bool waits_out = guarded_ && !where.durable;
        if (!waits_out) {
            quarantine_.trust(nodes_.size());
        }
        redis::connection_options link_options;
        link_options.where = where;
        clustered_ = clustered_ || !where.cluster.empty();
        link_options.connect_timeout = options.connect_timeout;
        link_options.command_timeout = options.node_timeout;
        link_options.backoff_min = options.reconnect_min;
        link_options.backoff_max = options.reconnect_max;
        link_options.among_others = endpoints.size() > 1;
        names_.push_back(where.to_string());
        nodes_.push_back(std::make_unique<node>(
            clock, nodes_.size(), std::move(link_options),
            node_terms{guard_terms::of(options, endpoints.size()), waits_out, keys_}, events,
            generator_()));
    }
}

std::optional<core::ballot_block> node_pool::next_block(const std::string& resource,
                                                        std::uint64_t width) {
    const std::int64_t wall = wall_us();
    return block_above(fences_.largest(resource, wall + offset_us_), wall, width);
}

std::optional<core::ballot_block> node_pool::next_block(std::span<const resource_name> resources) {
    const std::int64_t wall = wall_us();
    std::uint64_t fence = 0;
    for (const resource_name& each : resources) {
        fence = std::max(fence, fences_.largest(each.str(), wall + offset_us_));
    }
    return block_above(fence, wall, 1);
}

std::optional<core::ballot_block> node_pool::block_above(std::uint64_t fence, std::int64_t wall,
                                                         std::uint64_t width) const {
    return core::next_block(
        fence, wall, offset_us_, width,
        // Leaves room for clocks that differ.
        static_cast<std::uint64_t>(std::chrono::microseconds{options_.clock_window}.count() / 4));
}

void node_pool::note_fence(const std::string& resource, std::uint64_t fence) {
    fences_.note(resource, fence, wall_us() + offset_us_);
}

void node_pool::note_offsets(std::vector<std::int64_t> offsets_us) {
    if (!offsets_us.empty()) {
        offset_us_ = core::believed_offset(offsets_us);
    }
}

std::int64_t node_pool::wall_us() const {
    const auto since_epoch = clock_.surroundings()->wall_now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
}

double node_pool::random() {
    // The same with every standard library, which its distributions are not.
    return static_cast<double>(generator_() >> 11U) * 0x1.0p-53;
}

void node_pool::connect_for_votes() {
    const core::instant now = clock_.now();
    for (const auto& each : nodes_) {
        const bool answer_comes = each->announce_vote(now);
        each->connect();
        // Also on one connection, where its answer comes before its vote: the votes of the others
        // must not decide before it was heard that they may not.
        if (each->connected() && !answer_comes && connection_change_) {
            connection_change_(each->index(), true);
        }
    }
}

void node_pool::write_settled() {
    if (--open_writes_ == 0 && all_settled_) {
        all_settled_();
    }
}

node_pool::~node_pool() {
    stop();
}

void node_pool::stop() {
    // All are closed to new commands before any fails its pending ones: an attempt that loses a
    // vote that way turns to the other nodes.
    for (const auto& each : nodes_) {
        each->retire();
    }
    for (const auto& each : nodes_) {
        each->stop();
    }
}

void node_pool::set_refusal(node_index node, refusal why) {
    refusals_[node] = std::move(why);
    const auto found = std::find_if(refusals_.begin(), refusals_.end(), [](const refusal& each) {
        return each.cause == node_errc::different_nodes;
    });
    different_nodes_.clear();
    if (found != refusals_.end()) {
        const auto which = static_cast<node_index>(found - refusals_.begin());
        different_nodes_ = fmt::format("node {} ({}): {}", which, names_[which], found->message);
    }
}

void node_pool::greet_again(hello_form form) {
    for (const auto& each : nodes_) {
        if (refusals_[each->index()].cause) {
            each->greet_again(form);
        }
    }
}

refusal node_pool::why_no_vote(node_index node) const {
    if (refusals_[node].cause) {
        return refusals_[node];
    }
    const auto left = quarantine_left(node);
    if (!left) {
        return {};
    }
    return {node_errc::quarantined,
            fmt::format("it was started, promoted or flushed lately, and has no vote for another "
                        "{:.1f} s; if no lock can have been held there, {}",
                        std::chrono::duration<double>(*left).count(), keys().vouch_command())};
}

refusal node_pool::why_silent(node_index node) const {
    const driver::node& asked = *nodes_[node];
    return asked.connected() ? refusal{node_errc::no_answer, "not within the time that was waited"}
                             : refusal{node_errc::not_connected, asked.last_error_message()};
}

std::optional<std::chrono::milliseconds> node_pool::quarantine_left(node_index node) const {
    const core::instant now = clock_.now();
    const core::instant until = quarantine_.votes_from(node);
    if (until == core::never || until <= now) {
        return std::nullopt;
    }
    return std::chrono::ceil<std::chrono::milliseconds>(until - now);
}

void node_pool::trust(node_index node) {
    if (is_itself(node)) {
        quarantine_.trust(node);
        set_refusal(node, {});
    }
}

void node_pool::on_node_greeted(node& which, const parsed<std::chrono::milliseconds>& answer) {
    const node_index node = which.index();
    if (which.guarded() && answer.vote) {
        quarantine_.on_greeted(node, *answer.vote, clock_.now());
    } else if (which.guarded()) {
        quarantine_.on_gone(node);
    }
    set_refusal(node, answer.vote ? refusal{} : answer.why);
    if (const refusal why = why_no_vote(node); why.cause) {
        tell({.kind = event_kind::node_without_vote,
              .node = node,
              .node_name = which.name(),
              .error = why.cause,
              .message = why.message});
    }
    if (connection_change_ && which.connected() && which.introduced()) {
        connection_change_(node, true);
    }
}

void node_pool::on_node_ready(node& which) {
    look_for_doubles();
    // Votes of a cluster that is still to answer do not count yet.
    if (connection_change_ && !which.answer_comes()) {
        connection_change_(which.index(), true);
    }
    warn_if_unverified(which);
    if (!which.refused()) {
        tell({.kind = event_kind::node_ready, .node = which.index(), .node_name = which.name()});
    }
}

void node_pool::warn_if_unverified(const node& which) {
    if (which.verified() || told_unverified_.contains(which.index())) {
        return;
    }
    told_unverified_.insert(which.index());
    tell({.kind = event_kind::node_unverified,
          .node = which.index(),
          .node_name = which.name(),
          .message = "verify=none: its certificate is not looked at, and anybody on the way may "
                     "read and change everything"});
}

void node_pool::on_node_down(node& which, error_code cause, std::string_view message) {
    if (which.guarded()) {
        quarantine_.on_gone(which.index());
    }
    // A cluster goes on with commands: what was refused there stays so until it has answered anew.
    // And clients with another number of nodes are still there while we cannot ask.
    if ((which.guarded() || endpoints_[which.index()].cluster.empty()) &&
        refusals_[which.index()].cause != node_errc::different_nodes) {
        set_refusal(which.index(), {});
    }
    look_for_doubles();
    if (connection_change_) {
        connection_change_(which.index(), false);
    }
    tell({.kind = event_kind::node_down,
          .node = which.index(),
          .node_name = which.name(),
          .error = cause,
          .message = message});
}

void node_pool::on_node_key_changed(node& which, std::string_view key) {
    watches_.tell(which.index(), key);
}

void node_pool::on_node_tracking_refused(node& which, error_code cause, std::string_view message) {
    watches_.tell_refused(which.index());
    tell({.kind = event_kind::tracking_refused,
          .node = which.index(),
          .node_name = which.name(),
          .error = cause,
          .message = message});
}

core::node_set node_pool::tracking() const {
    core::node_set those;
    for (const auto& each : nodes_) {
        if (each->tracks_keys()) {
            those.insert(each->index());
        }
    }
    return those;
}

void node_pool::look_for_doubles() {
    same_server_.clear();
    for (const auto& later : nodes_) {
        const bool known = later->refused();
        later->refuse(false);
        for (const auto& earlier : nodes_) {
            if (earlier == later) {
                break;
            }
            if (!later->run_id().empty() && later->run_id() == earlier->run_id()) {
                later->refuse(true);
                same_server_ = fmt::format(
                    "nodes {} ({}) and {} ({}) are one and the same server (run_id {}): its vote "
                    "would count twice; list each server once",
                    earlier->index(), earlier->name(), later->index(), later->name(),
                    later->run_id());
                // Not only of the node that has just come up: it may be the earlier one.
                if (!known) {
                    tell({.kind = event_kind::node_refused,
                          .node = later->index(),
                          .node_name = later->name(),
                          .error = errc::same_server_twice,
                          .message = same_server_});
                }
                break;
            }
        }
    }
}

}  // namespace redlock::driver
