// Somebody who wants a lock, again and again: asks the manager for it, works, writes to the store,
// gives it back; tells the judge what it believes, and condemns a manager that lets it believe too
// much. One thread at a time.
#pragma once

#include <array>
#include <boost/asio/cancellation_signal.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "redlock/lock.hpp"
#include "sim/checker.hpp"
#include "sim/plan.hpp"

namespace redlock::sim {

class client;

class user {
  public:
    user(client& of, std::size_t number) : of_(of), number_(number) {}

    [[nodiscard]] std::size_t number() const { return number_; }
    /// Of the lock that it has; zero: none.
    [[nodiscard]] std::uint64_t token() const { return at_ == state::holding ? token_ : 0; }
    [[nodiscard]] bool idle() const { return at_ == state::idle && later_.empty(); }

    [[nodiscard]] bool holds(std::size_t resource) const {
        return at_ == state::holding && (what_.all || what_.resource == resource);
    }
    /// For it alone.
    [[nodiscard]] bool waits_for(std::size_t resource) const {
        return at_ == state::waiting && !what_.all && what_.resource == resource;
    }
    [[nodiscard]] bool waits_for_all() const { return at_ == state::waiting && what_.all; }

    void want(const item& what);
    void be_patient();
    /// Whether what it was told of its lock has changed.
    void look();
    /// Its process is gone.
    void die();
    /// What it has of the manager is worth nothing from now on.
    void manager_goes();
    /// The manager of the lock that it had has closed.
    void manager_closed(std::uint64_t token, error_code failure);

  private:
    enum class state : std::uint8_t { idle, waiting, holding };

    [[nodiscard]] std::vector<std::size_t> resources() const;
    [[nodiscard]] std::string names() const;
    /// Zero: it wants a lock.
    [[nodiscard]] std::size_t permits() const;
    [[nodiscard]] bool shares() const { return what_.shared && permits() == 0; }
    void begin();
    void ask();
    void on_asked(std::uint64_t wish, error_code failure, lock got);
    void take(lock got);
    void wait_lost();
    void work();
    void downgrade(std::uint64_t wish);
    void extend_at(tick when, std::chrono::milliseconds lease);
    void write_to_store(tick after);
    void stop_work(std::uint64_t wish);
    void finish();
    void tell_of(error_code failure);
    void believe_nothing();
    [[nodiscard]] tick kept_until() const;

    client& of_;
    std::size_t number_;
    state at_ = state::idle;
    item what_;
    std::deque<item> later_;
    std::uint64_t wish_ = 0;  ///< Numbers them: what belongs to an earlier one is void.
    bool patient_ = false;
    std::shared_ptr<boost::asio::cancellation_signal> stop_;
    tick begun_ = 0;
    tick due_ = 0;
    std::array<std::uint64_t, most_permits> floors_{};  ///< Of a lock the first.
    std::vector<std::size_t> locks_;                    ///< What it holds; see `name_of`.
    lock held_;
    std::uint64_t token_ = 0;
    std::vector<checker::hold> judged_;  ///< For each of them.
    boot_clock::time_point until_{};
    tick known_since_ = 0;
    std::chrono::milliseconds asked_for_{};  ///< By an extension of its own.
    bool told_lost_ = false;
    bool is_reader_ = false;
};

}  // namespace redlock::sim
