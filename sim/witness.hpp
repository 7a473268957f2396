// Stands beside the nodes and sees each script that reaches one, what it was given and what it
// said: tells the judge what was written and given back there, and condemns what no node may do.
// Knows the scripts by their digests, their keys and their arguments, and nothing of the clients
// that send them. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scripts/scripts.hpp"
#include "sim/stage.hpp"
#include "testing/simulated_node.hpp"

namespace redlock::sim {

class witness final : public testing::simulated_node::watcher {
  public:
    explicit witness(stage& on) : on_(on) {}

    void before(testing::simulated_node& where, std::size_t client,
                const testing::request& what) override;
    void after(testing::simulated_node& where, std::size_t client, const testing::request& what,
               const testing::reply& answer) override;

    // What nodes went through.
    void went_down(std::size_t node) {
        for (auto& [resource, yes] : places_.at(node).waited_for) {
            yes = true;  // what was saved may be older
        }
    }
    void came_back(std::size_t node) { places_[node].restarted = on_.now(); }
    void vouched(std::size_t node) { places_[node].restarted = -1; }

    /// How many nodes that might vote have granted the lock.
    [[nodiscard]] std::size_t votes_for(std::uint64_t token) const;
    /// How many nodes have prolonged a lock that stood there, at that time or later.
    [[nodiscard]] std::size_t prolonged_since(std::uint64_t token, tick when) const;
    /// When the last ACQUIRE or EXTEND that put the lock there reached the node, unless on a
    /// connection that was cut, or from a client that was killed.
    [[nodiscard]] std::optional<tick> planted_at(std::uint64_t token, std::size_t node) const;
    /// The node's clock was set just now.
    void set_clock(const testing::simulated_node& where) {
        places_.at(where.number()).set_to_us = where.clock_us();
    }
    /// Until when, by what a client has heard of the nodes' clocks, a majority keeps the lock.
    [[nodiscard]] tick kept_until(std::uint64_t token, const std::string& resource,
                                  std::size_t client) const;
    /// A client has given an acquisition up, and may have done so before it heard the nodes.
    void gave_up(std::size_t client) { gave_up_.at(client) = true; }
    /// Whether somebody who does not wait any more has left a place in a node's line.
    [[nodiscard]] bool has_left_place(std::size_t node, const std::string& line) const;
    /// Somebody who knows no more than the token is about to release it.
    void expect_outsider(std::uint64_t token) { outsiders_.insert(token); }

  private:
    /// One call of a script of ours.
    struct call {
        const scripts::script* which = nullptr;
        std::string_view lock;
        std::string_view fence;
        std::string_view line;
        std::size_t first_argument = 0;
        bool shared = false;
        std::vector<std::string_view> names{};  ///< Of several locks: all of them.
    };
    /// A request that is being carried out, alone or in one call with others, and what it found.
    struct seen {
        testing::request what;
        std::optional<call> of{};
        std::optional<std::int64_t> fence_ended_us{};
        bool was_marked = false;
        bool any_marked = false;  ///< Of several names one at least.
        std::size_t had = 0;      ///< Of several names those that its token had.
    };
    struct place {
        tick restarted = -1;
        std::map<std::string, tick> asked_in_line{};  ///< By place: when last.
        std::int64_t set_to_us = 0;  ///< What its clock showed when it was set last.
        /// Whether the mark of those who wait may stand, by resource.
        std::map<std::string, bool, std::less<>> waited_for;
    };
    struct lease {
        std::set<std::size_t> granted;        ///< The nodes that did.
        std::map<std::size_t, tick> planted;  ///< By node; if the client can hear of it.
        std::set<std::size_t> too_early;      ///< Planted on nodes that might not vote.
        std::map<std::size_t, tick> prolonged;
    };

    /// Zero if it is none.
    [[nodiscard]] static std::int64_t number_in(std::string_view text);
    [[nodiscard]] static std::optional<call> read(const testing::request& what);
    [[nodiscard]] static std::vector<testing::request> requests_in(const testing::request& what);
    [[nodiscard]] static testing::request natively_acquired(const std::string& lock,
                                                            const std::string& token);
    void after_one(testing::simulated_node& where, std::size_t client, const seen& asked,
                   const testing::reply& answer);
    [[nodiscard]] bool in_quarantine(std::size_t node, std::size_t client);
    [[nodiscard]] std::string_view argument(const testing::request& what, const call& of,
                                            std::size_t number) const;
    void after_acquire(testing::simulated_node& where, std::size_t client, const seen& asked,
                       const testing::reply& answer);
    void after_extend(testing::simulated_node& where, std::size_t client, const seen& asked,
                      const testing::reply& answer);
    void after_release(testing::simulated_node& where, const testing::request& what, const call& of,
                       const testing::reply& answer);
    [[nodiscard]] std::optional<std::int64_t> deadline_of_reader(testing::simulated_node& where,
                                                                 std::uint64_t token,
                                                                 const std::string& resource) const;
    [[nodiscard]] bool will_hear(const testing::simulated_node& where, std::size_t client) const;
    void note_planted(testing::simulated_node& where, std::size_t client, std::uint64_t token);
    [[nodiscard]] std::size_t names_held(testing::simulated_node& where, const seen& asked) const;
    void look_for_parts(testing::simulated_node& where, const seen& asked, bool has_it);
    void look_for_refusals(testing::simulated_node& where, std::size_t client, std::uint64_t token,
                           std::size_t resource, bool by_clock);
    [[nodiscard]] bool agree_on_time(std::size_t nodes) const;
    void note_heard(testing::simulated_node& where, std::size_t client,
                    const testing::reply& answer);
    void tell(const testing::simulated_node& where, std::size_t client, std::string_view did,
              std::uint64_t token);

    /// The last attempt of a client to get a resource.
    struct attempt {
        std::uint64_t token = 0;
        tick began = 0;            ///< When the first node answered.
        bool tells_much = true;    ///< Each of its answers came at a time that can be judged.
        std::size_t answered = 0;  ///< How many answers the client has heard,
        std::size_t refused = 0;   ///< and of these, how many refused it because of the clock.
        tick told = -1;            ///< When it had heard that at once, and from a majority.
        tick told_before = -1;     ///< The same of the attempt before.
    };

    stage& on_;
    std::array<std::array<attempt, most_locks>, most_clients> last_attempts_{};
    std::array<bool, most_clients> gave_up_{};
    std::array<place, most_nodes> places_;
    std::map<std::uint64_t, lease> leases_;
    std::set<std::uint64_t> outsiders_;
    /// The largest time of a node that a client has heard of.
    std::array<std::array<std::int64_t, most_nodes>, most_clients> heard_us_{};
    std::vector<seen> under_way_;  ///< In the command that is being carried out.
};

}  // namespace redlock::sim
