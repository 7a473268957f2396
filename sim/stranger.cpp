// Worlds in which the last client comes with another number of nodes than the others, or with other
// settings; see plan.hpp. With another number, one kind has met its nodes before, the other has
// heard of it or will, and as long as the nodes keep what they were told, it alone gets the lock.
// If only settings differ, nobody need have been first: two majorities of the same nodes share one.
#include <algorithm>

#include "sim/plan.hpp"
#include "testing/random_stream.hpp"

namespace redlock::sim {

namespace {

class stranger {
  public:
    explicit stranger(plan& into) : random_(into.seed, 4), to_(into), it_(into.of_stranger) {}

    void come() {
        if (to_.kind != world_kind::within || to_.undisturbed || to_.staged ||
            !random_.percent(8)) {
            return;
        }
        to_.kind = world_kind::mixed;
        it_ = to_.own_terms();
        const bool other_number = to_.nodes >= 3 && random_.one_in(2);
        if (other_number) {
            it_.nodes = static_cast<std::uint8_t>(
                random_.between(1, static_cast<std::int64_t>(to_.nodes) - 1));
            // A majority that has not met the stranger's nodes yet knows nothing of it.
            to_.young_nodes = false;
            to_.stranger_first = random_.one_in(2);
        }
        if (!other_number || random_.one_in(4)) {
            other_settings();
        }
        if (!other_number && random_.one_in(2)) {
            outlive_a_quarantine();
        }
        if (to_.stranger_first) {
            lose_sight_of_its_nodes();
        }
        for (item& each : to_.items) {
            adapt(each, other_number);
        }
        // Among young nodes each kind may have too few of them. And one that serves the other kind
        // may leave an even number, for which README.md has an exception.
        to_.judged.liveness = !to_.young_nodes;
        to_.steady_links = to_.steady_links && to_.fair;
    }

  private:
    /// Three times as long, or a third, or anything between.
    [[nodiscard]] std::int64_t other(std::int64_t usual) {
        return random_.one_in(3) ? usual : random_.between((usual + 2) / 3, 3 * usual);
    }

    void other_settings() {
        const std::int64_t window_ms = other(to_.window_ms);
        const std::int64_t longest_lease_ms = other(to_.longest_lease_ms);
        reckon_with(longest_lease_ms, window_ms);
    }

    void reckon_with(std::int64_t longest_lease_ms, std::int64_t window_ms) {
        it_.longest_lease_ms = std::max<std::int64_t>(30, longest_lease_ms);
        it_.window_ms = window_ms;
        reckon(it_, random_.between(0, 50));
        if (it_.fence_lifetime_ms == to_.fence_lifetime_ms) {
            ++it_.fence_lifetime_ms;
        }
    }

    /// One kind has much longer leases than the other waits out. Somebody of it holds the lock on
    /// two nodes of three, one of them forgets that, and somebody of the other kind wants the lock
    /// when it has waited for that node as long as seems right to it.
    void outlive_a_quarantine() {
        if (to_.nodes != 3 || !to_.guard || to_.young_nodes) {
            return;
        }
        const bool stranger_holds = random_.one_in(2);
        terms brief = to_.own_terms();
        if (stranger_holds) {
            reckon_with(3 * to_.longest_lease_ms, to_.window_ms);
        } else {
            reckon_with(to_.longest_lease_ms / 3, to_.window_ms / 3);
            brief = it_;
        }
        const auto last = static_cast<std::uint8_t>(to_.clients - 1);
        const auto usual = static_cast<std::uint8_t>(random_.below(to_.clients - 1));
        const tick begins = random_.between(5, 40) * millisecond;
        const tick crashes = begins + random_.between(5, 20) * millisecond;
        const tick trusted = crashes + brief.quarantine_ms * millisecond;
        if (trusted + 60 * millisecond > to_.calm_at) {
            return;
        }
        item it;
        it.client = it.user = stranger_holds ? last : usual;
        it.kind = item_kind::part;
        it.node = static_cast<std::uint8_t>(random_.below(3));
        it.lasts = to_.calm_at;
        to_.items.push_back(it);
        it.kind = item_kind::want;
        it.at = begins;
        it.lasts = 4 * to_.longest_lease_ms * millisecond;
        it.lease_ms = stranger_holds ? it_.longest_lease_ms : to_.longest_lease_ms;
        to_.items.push_back(it);
        item other = it;
        other.client = other.user = stranger_holds ? usual : last;
        other.at = trusted + random_.between(0, 20) * millisecond;
        other.lease_ms = brief.longest_lease_ms;
        to_.items.push_back(other);
        it.kind = item_kind::crash;
        it.at = crashes;
        it.node = static_cast<std::uint8_t>((it.node + 1) % 3);
        it.lasts = random_.between(0, 4) * millisecond;
        it.data = crash_data::lost;
        forgetful_ = it.node;
        to_.items.push_back(it);
    }

    /// The stranger holds the lock on its few nodes, which are out of reach for somebody of the
    /// others. That one knows of the stranger, and must not be content with the nodes that do not.
    void lose_sight_of_its_nodes() {
        const tick begins = random_.between(5, 40) * millisecond;
        const tick parted = begins + random_.between(5, 20) * millisecond;
        // Until it has noticed, which takes a failure to connect.
        const tick noticed =
            parted + (2 * to_.node_timeout_ms + random_.between(5, 30)) * millisecond;
        if (2 * it_.nodes >= static_cast<int>(to_.nodes) ||
            noticed + 40 * millisecond > to_.calm_at) {
            return;
        }
        item it;
        it.client = it.user = static_cast<std::uint8_t>(to_.clients - 1);
        it.at = begins;
        it.lasts = to_.calm_at;
        it.lease_ms = it_.longest_lease_ms;
        it.renews = true;
        to_.items.push_back(it);
        it.client = it.user = static_cast<std::uint8_t>(random_.below(to_.clients - 1));
        it.lease_ms = to_.longest_lease_ms;
        it.lasts = 20 * millisecond;
        for (const tick at : {parted + millisecond, noticed}) {
            it.at = at;
            to_.items.push_back(it);
        }
        it.at = parted;
        for (it.node = 0; it.node < it_.nodes; ++it.node) {
            it.kind = item_kind::part;
            it.lasts = to_.calm_at - parted;
            to_.items.push_back(it);
            it.kind = item_kind::cut;
            it.lasts = 0;
            to_.items.push_back(it);
        }
    }

    void adapt(item& what, bool other_number) {
        switch (what.kind) {
            case item_kind::want:
                if (to_.is_stranger(what.client) && what.lease_ms != it_.longest_lease_ms) {
                    what.lease_ms = random_.one_in(2) ? it_.longest_lease_ms
                                                      : random_.between(30, it_.longest_lease_ms);
                }
                break;
            case item_kind::vouch:
            case item_kind::flush:
                what.kind = item_kind::cut;  // whoever vouches says that nobody else is there
                break;
            case item_kind::full:
                if (other_number) {
                    what.kind = item_kind::cut;  // while it is full it cannot note whom it serves
                }
                break;
            case item_kind::change_manager:
                if (to_.stranger_first) {
                    what.kind = item_kind::cut;  // a new one may not reach those who know
                }
                break;
            case item_kind::crash:
                if (what.data != crash_data::kept) {
                    what.data = what_is_left(what.node, other_number);
                }
                break;
            default:
                break;
        }
    }

    /// One node may forget whom it serves if it is the settings that differ: those who are there
    /// have their majority without it. What came last is never of that kind, unless all is young.
    /// A stranger with few nodes waits out no restarts.
    [[nodiscard]] crash_data what_is_left(std::uint8_t node, bool other_number) {
        if (to_.young_nodes || to_.stranger_first) {
            return crash_data::kept;
        }
        if (other_number || (forgetful_ != item::nobody && forgetful_ != node)) {
            return crash_data::partly_lost;
        }
        forgetful_ = node;
        return crash_data::lost;
    }

    testing::random_stream random_;
    plan& to_;
    terms& it_;
    std::uint8_t forgetful_ = item::nobody;
};

}  // namespace

void bring_a_stranger(plan& into) {
    stranger{into}.come();
}

}  // namespace redlock::sim
