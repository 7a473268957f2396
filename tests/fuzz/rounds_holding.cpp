// Stories of holding a lock; see rounds.hpp.
#include <chrono>
#include <limits>
#include <vector>

#include "core/fencing.hpp"
#include "core/hold_view.hpp"
#include "core/quarantine.hpp"
#include "core/renewal.hpp"
#include "core/turn.hpp"
#include "core/validity.hpp"
#include "fuzz/rounds.hpp"
#include "fuzz/target.hpp"

namespace redlock::fuzz {
namespace {

using core::instant;
using core::never;
using core::node_set;
using core::renewal;
using std::chrono::milliseconds;

}  // namespace

void tell_renewal(byte_source& source) {
    story_clock clock;
    const milliseconds lease{10 + source.below(4) * 10'000 + source.byte()};
    const renewal::settings with{.lease_time = lease,
                                 .stop_margin = core::default_stop_margin(lease),
                                 .renews = source.flag(),
                                 .jitter = source.fraction()};
    const milliseconds step{source.below(3) * 700};
    instant valid_until = core::valid_until(clock.now(), lease, step);
    renewal renews{with, clock.now(), valid_until};
    bool announced = false;
    bool extending = false;
    while (!source.empty()) {
        const std::size_t what = source.below(9);
        const instant next = renews.next_event();
        require((next == never) == announced, "something is due until the loss is announced");
        require(announced || next <= valid_until - with.stop_margin,
                "the holder has its time to stop");
        if (what < 4) {
            // The timer comes when it is due, or a little late.
            clock.pass_to(next == never ? clock.now() : next);
            clock.pass(what == 3 ? source.span() : core::duration{0});
            const auto action = renews.on_timer(clock.now());
            require(announced || extending || action != renewal::action::none,
                    "who is woken has work, or waits for an answer");
            if (action == renewal::action::extend) {
                require(with.renews && !extending, "one extension at a time, if any");
                require(clock.now() < valid_until - with.stop_margin,
                        "nothing is renewed too late");
                extending = true;
            } else if (action == renewal::action::announce_loss) {
                require(clock.now() >= valid_until - with.stop_margin, "no loss before its time");
                announced = true;
            }
            require(announced || renews.next_event() > clock.now(), "the next event is ahead");
        } else if (what < 6) {
            const instant began = clock.now();
            clock.pass(source.span());
            if (clock.now() < valid_until) {
                valid_until = std::max(valid_until, core::valid_until(began, lease, step));
                renews.on_extended(began, valid_until);
                extending = false;
                require(renews.loss_announced_at() == valid_until - with.stop_margin,
                        "the loss is announced so long before the end");
            }
        } else if (what == 8) {
            valid_until -= source.span();
            renews.on_shortened(clock.now(), valid_until);
            require(announced || extending || !with.renews || renews.next_event() <= clock.now(),
                    "what ends early is renewed at once");
        } else {
            clock.pass(source.span());
            renews.on_extend_failed(clock.now());
            extending = false;
            require(announced || renews.next_event() <= valid_until - with.stop_margin,
                    "a failed extension moves no loss");
        }
    }
}

void tell_turn(byte_source& source) {
    story_clock clock;
    const core::turn::limits bounds{.count = source.below(6), .time = source.span()};
    const std::uint64_t width = core::turn::block_width(source.below(3), bounds);
    require(width >= 1 && width <= bounds.count + 1, "a block is as wide as a turn is long");
    const std::uint64_t fence = source.any_size();
    const auto wall = static_cast<std::int64_t>(source.number());
    std::vector<std::int64_t> offsets;
    for (std::size_t i = source.below(5); i != 0; --i) {
        offsets.push_back(static_cast<std::int64_t>(source.number()));
    }
    const auto block =
        core::next_block(fence, wall, core::believed_offset(offsets), width, source.any_size());
    if (!block) {
        return;
    }
    require(block->first > fence && block->first <= block->last &&
                block->last - block->first < width && block->bar() <= core::ballot_limit,
            "a block is above the fence, no wider than asked for, and below the limit");

    const instant began = clock.now();
    core::turn turn{*block, began, bounds};
    require(turn.fencing() == block->first, "the first token is the first holder's");
    std::uint64_t last = turn.fencing();
    std::size_t passed = 0;
    while (!source.empty()) {
        clock.pass(source.span());
        const instant valid_until = clock.now() + source.span() - source.span();
        const milliseconds wanted{1 + source.below(4) * 1'000};
        const auto token = turn.pass_on(clock.now(), valid_until, wanted);
        require(turn.fencing() == token.value_or(last), "the turn knows its holder");
        if (!token) {
            continue;
        }
        require(*token > last, "tokens grow");
        require(*token <= block->last, "no token leaves the block");
        require(++passed <= bounds.count, "a turn ends by a count");
        require(clock.now() - began < bounds.time, "a turn ends by a time");
        require(valid_until > clock.now(), "nobody is given a lease that is over");
        last = *token;
    }
}

void tell_quarantine(byte_source& source) {
    constexpr std::size_t nodes = 3;
    story_clock clock;
    core::quarantine guard{nodes};
    instant votes_from[nodes] = {never, never, never};
    const auto longest = core::quarantine_time(milliseconds{60'000}, milliseconds{source.byte()},
                                               milliseconds{1'000});
    while (!source.empty()) {
        const instant asked = clock.now();
        clock.pass(source.span());
        const auto node = static_cast<node_index>(source.below(nodes));
        switch (source.below(4)) {
            case 0:
                guard.trust(node);
                votes_from[node] = instant::min();
                break;
            case 1:
                guard.on_gone(node);
                votes_from[node] = never;
                break;
            default: {
                const milliseconds remaining =
                    std::min(milliseconds{source.below(2) * 300 * source.byte()}, longest);
                guard.on_greeted(node, remaining, clock.now());
                votes_from[node] = remaining == milliseconds{0}
                                       ? instant::min()
                                       : clock.now() + remaining + remaining / 100;
                break;
            }
        }
        for (node_index each = 0; each < nodes; ++each) {
            const bool may = guard.may_vote(each, asked);
            require(may == (asked >= guard.votes_from(each)), "the end of a quarantine is one");
            require(!may || asked >= votes_from[each], "nobody votes before its quarantine ends");
            require((votes_from[each] == never) == (guard.votes_from(each) == never),
                    "of whom nothing is known nothing is assumed");
        }
    }
}

void tell_hold_view(byte_source& source) {
    const std::size_t nodes = 1 + source.below(9);
    core::hold_view view{nodes};
    node_set unseen = node_set::all(nodes);
    node_set gone;
    while (!source.empty()) {
        const auto node = static_cast<node_index>(source.below(nodes));
        switch (source.below(4)) {
            case 0:
                view.on_changed(node);
                unseen.insert(node);
                break;
            case 1:
                require(view.take_unseen() == unseen, "what has changed is looked at, once");
                unseen = {};
                break;
            case 2:
                view.on_held(node);
                gone.erase(node);
                break;
            default:
                view.on_gone(node);
                gone.insert(node);
                break;
        }
        require(view.lost() == (nodes - gone.size() < core::quorum_of(nodes)),
                "lost is when no quorum is left, and not before");
    }
}

}  // namespace redlock::fuzz
