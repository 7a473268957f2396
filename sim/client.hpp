// One process of a schedule: its clocks, the real lock_manager that runs in it, and the users who
// want locks from that. Decides nothing about locks. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "redlock/lock_manager.hpp"
#include "sim/stage.hpp"
#include "sim/witness.hpp"
#include "testing/simulated_process.hpp"

namespace redlock::sim {

class user;

class client {
  public:
    client(stage& on, witness& nodes, std::size_t number);
    ~client();
    client(const client&) = delete;
    client& operator=(const client&) = delete;

    [[nodiscard]] std::size_t number() const { return number_; }
    [[nodiscard]] bool alive() const { return process_.alive(); }
    [[nodiscard]] testing::simulated_process& process() { return process_; }
    [[nodiscard]] lock_manager& locks() { return *locks_; }
    [[nodiscard]] stage& on() { return on_; }
    [[nodiscard]] witness& nodes() { return nodes_; }
    [[nodiscard]] testing::random_stream& chance() { return chance_; }
    [[nodiscard]] terms its_terms() const { return on_.the_plan.terms_of(number_); }
    /// What it says in true time that a clock of its own shows.
    [[nodiscard]] tick when(boot_clock::time_point shown) const { return process_.when(shown); }

    /// Calls `what` then, in the process: not while it stands still, and never once it is dead.
    void at(tick when, std::function<void()> what);
    void add_user(std::size_t number);
    void want(const item& what);
    /// Nothing goes wrong any more: everybody must get the lock once more.
    void be_patient();
    /// Looks at every lock that is held.
    void look();
    /// Who has a lock, and who wants it.
    [[nodiscard]] std::size_t holders_of(std::size_t resource) const;
    [[nodiscard]] bool anybody_waits_for(std::size_t resource) const;
    [[nodiscard]] bool anybody_waits_for_all() const;
    /// Calls `told` with what an operation completes with, and counts those that have not.
    template <class... Result, class Told>
    [[nodiscard]] auto counted(Told told) {
        ++outstanding_;
        return [this, told = std::move(told)](error_code failure, Result... result) mutable {
            --outstanding_;
            told(failure, std::move(result)...);
        };
    }
    /// The same, if nobody cares for the outcome.
    [[nodiscard]] auto counted() {
        return counted([](error_code /*whatever*/) {});
    }
    [[nodiscard]] std::size_t outstanding() const { return outstanding_; }
    void kill();
    /// The manager ends, with a word to the nodes or without, and another takes its place.
    void change_manager(bool close);
    /// For good, with a word to the nodes.
    void leave();
    void release_of_another(const std::string& resource, const std::string& token);
    void vouch(std::size_t node);
    [[nodiscard]] bool idle() const;

    template <class... Parts>
    void tell(const Parts&... parts) {
        on_.tell("client", number_, parts...);
    }

  private:
    class listener;

    [[nodiscard]] manager_options options();
    [[nodiscard]] static std::vector<std::string> urls(std::size_t count);
    void make_manager();

    stage& on_;
    witness& nodes_;
    std::size_t number_;
    testing::simulated_process& process_;
    testing::random_stream chance_;
    std::unique_ptr<lock_manager> locks_;
    std::vector<std::unique_ptr<user>> users_;
    std::size_t outstanding_ = 0;
};

/// The settings of the clients that come with these terms.
[[nodiscard]] manager_options options_of(const plan& the_plan, const terms& its, bool guards);

}  // namespace redlock::sim
