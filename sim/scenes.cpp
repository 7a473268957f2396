// Worlds in which all is arranged so that one rule decides, where a world of chance would need too
// many chances at once; see play_a_scene in plan.hpp. What decides is drawn within the bounds in
// which the rule matters, so that not every such world shows it, and some show something else. No
// two numbers are drawn in one call: compilers differ in which of its arguments they evaluate
// first.
#include <algorithm>

#include "sim/plan.hpp"
#include "testing/random_stream.hpp"

namespace redlock::sim {

namespace {

class scene {
  public:
    explicit scene(plan& into) : random_(into.seed, 8), to_(into) {}

    void play() {
        if (to_.kind != world_kind::within || to_.undisturbed || !random_.percent(6)) {
            return;
        }
        clear();
        switch (random_.below(7)) {
            case 0:
                straggle_into_a_quarantine();
                break;
            case 1:
                plant_where_all_is_forgotten();
                break;
            case 2:
                lose_a_release();
                break;
            case 3:
                hear_a_vote_too_late();
                break;
            case 4:
                bring_an_old_ballot();
                break;
            case 5:
                release_after_the_end();
                break;
            default:
                set_a_clock_before_the_calm();
                break;
        }
        to_.judged = {};
    }

  private:
    // The node that restarts, and another one that is silent when it matters.
    static constexpr std::uint8_t forgetful = 2;
    static constexpr std::uint8_t silent = 1;

    /// Nothing goes wrong by chance, and the leases are long enough for all that is arranged.
    void clear() {
        to_.staged = true;
        to_.items.clear();
        to_.nodes = 3;
        to_.clients = to_.users = 2;
        to_.resources = 1;
        to_.durable = to_.young_nodes = to_.steady_links = false;
        to_.guard = true;
        to_.hand_over_count = 0;
        to_.node_timeout_ms = 60;
        to_.fastest_message = random_.between(50, 300) * microsecond;
        to_.slowest_message = to_.fastest_message + random_.between(50, 700) * microsecond;
        const std::int64_t window_ms = random_.between(20, 45);
        settle(random_.between(100, 200), window_ms);
    }

    void settle(std::int64_t longest_lease_ms, std::int64_t window_ms) {
        terms its = to_.own_terms();
        its.longest_lease_ms = longest_lease_ms;
        its.window_ms = window_ms;
        its.step_ms = 1;
        reckon(its, random_.between(0, 50));
        to_.set_own_terms(its);
    }

    /// How long a message takes at most, in the units of items: `enlarge` makes those twice as long
    /// as messages.
    [[nodiscard]] tick trip() const { return to_.slowest_message / 2; }
    [[nodiscard]] tick trips(std::int64_t fewest, std::int64_t most) {
        return random_.between(fewest * trip(), most * trip());
    }

    item& add(item_kind kind, tick at, std::uint8_t client, std::uint8_t node, tick lasts) {
        item it;
        it.kind = kind;
        it.at = at;
        it.lasts = lasts;
        it.client = client;
        it.node = node;
        to_.items.push_back(it);
        return to_.items.back();
    }
    item& want(std::uint8_t client, tick at, tick lasts) {
        item& it = add(item_kind::want, at, client, item::nobody, lasts);
        it.user = client;
        it.lease_ms = to_.longest_lease_ms;
        return it;
    }
    void restart(tick at) {
        add(item_kind::crash, at, item::nobody, forgetful, random_.between(0, millisecond)).data =
            crash_data::lost;
    }
    void freeze(tick at, tick lasts) { add(item_kind::freeze, at, item::nobody, silent, lasts); }

    /// A node restarts without the client's noticing, so that the next ACQUIRE waits for a new
    /// connection, and the extension behind it finds there what no vote has granted.
    void straggle_into_a_quarantine() {
        want(0, 0, millisecond);
        restart(10 * millisecond);
        const tick again = 15 * millisecond + trips(0, 10);
        want(0, again, 60 * millisecond).amount = std::max<tick>(1, trips(0, 3) / microsecond);
        freeze(again + trips(1, 4), 80 * millisecond);
        to_.calm_at = 200 * millisecond;
    }

    /// The same, but it is a renewal that plants the lock again. A holder who waits for the news of
    /// its loss would notice the restart.
    void plant_where_all_is_forgotten() {
        const tick lease = to_.longest_lease_ms * millisecond;
        item& hold = want(0, 0, 2 * lease);
        hold.renews = true;
        hold.listens = false;
        restart(random_.between(lease / 20, lease / 4));
        freeze(lease * random_.between(36, 64) / 100, lease);
        to_.calm_at = 3 * lease;
    }

    /// A release is lost behind an ACQUIRE that is still on its way when the next release comes.
    void lose_a_release() {
        want(0, 0, millisecond);
        const tick slow = 20 * millisecond;
        const tick cut = slow + trips(2, 8);
        add(item_kind::slow, slow, 0, forgetful, cut - slow).amount =
            random_.between(30, 55) * millisecond;
        const tick held = trips(0, 1);
        want(0, slow + trips(0, 1), held);
        add(item_kind::cut, cut, 0, forgetful, 0);
        to_.calm_at = 200 * millisecond;
    }

    /// A process that was connected to a restarted node just now stands still until the node's
    /// quarantine is over, and only then looks at its vote.
    void hear_a_vote_too_late() {
        want(0, 0, millisecond);
        want(1, 2 * millisecond, millisecond);
        restart(10 * millisecond);
        // The node's new life begins with the first who asks.
        want(1, 12 * millisecond, millisecond);
        const tick left = random_.between(15, 25) * millisecond;
        const tick late = 12 * millisecond + to_.quarantine_ms * millisecond - left;
        freeze(late - millisecond, 70 * millisecond);
        want(0, late, 10 * millisecond);
        const tick stands_still = left + random_.between(3, 15) * millisecond;
        add(item_kind::pause, late + trips(4, 16), 0, item::nobody, stands_still);
        to_.calm_at = late + 150 * millisecond;
    }

    /// Somebody's clock is so far behind that his ballot is below one from before a restart, and
    /// only the restarted node and one that was out of reach then are asked.
    void bring_an_old_ballot() {
        settle(random_.between(40, 60), 150);
        to_.calm_at = 400 * millisecond;
        const std::int64_t off_us = to_.window_ms * random_.between(700, 900);
        for (std::uint8_t client = 0; client < 2; ++client) {
            add(item_kind::wall_offset, 0, client, item::nobody, 0).amount =
                client == 0 ? off_us : -off_us;
        }
        want(0, 0, millisecond);
        add(item_kind::part, 0, 0, 0, to_.calm_at);
        restart(10 * millisecond);
        freeze(10 * millisecond, to_.calm_at - 10 * millisecond);
        want(1, random_.between(12, 30) * millisecond, 5 * millisecond);
    }

    /// A process stands still until its lease is over, and then the first that it does is to
    /// release the lock, for which another of the process waits, and one elsewhere.
    void release_after_the_end() {
        to_.users = 3;
        const tick lease = to_.longest_lease_ms * millisecond;
        to_.hand_over_count = 3;
        to_.hand_over_ms = 8 * to_.longest_lease_ms;
        const tick held = random_.between(lease / 4, lease / 2);
        item& hold = want(0, 0, held);
        hold.renews = hold.listens = false;
        want(0, random_.between(0, 10 * millisecond), 30 * millisecond).user = 2;
        want(1, random_.between(0, 10 * millisecond), 60 * millisecond);
        add(item_kind::pause, held - random_.between(0, lease / 8), 0, item::nobody,
            lease + random_.between(0, 20 * millisecond));
        to_.calm_at = 4 * lease;
    }

    /// Somebody's ballots are refused by all nodes, who tell how far its clock is off.
    void set_a_clock_before_the_calm() {
        to_.calm_at = 50 * millisecond;
        want(0, 0, millisecond);
        want(1, 0, millisecond);
        const tick off = to_.window_ms * random_.between(1'100, 1'900);
        const auto whose = static_cast<std::uint8_t>(random_.below(2));
        add(item_kind::wall_step, to_.calm_at - random_.between(0, millisecond), whose,
            item::nobody, 0)
            .amount = off;
    }

    testing::random_stream random_;
    plan& to_;
};

}  // namespace

void play_a_scene(const plan_options& options, plan& into) {
    if (options.guard) {
        scene{into}.play();
    }
}

}  // namespace redlock::sim
