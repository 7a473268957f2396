// Carries one core::acquire_round to the nodes: sends ACQUIRE to all of them at once, feeds the
// answers to the round, and takes back what the round says must be taken back. The decisions are
// the round's. Strand only. Kept by the lock it won, since late grants belong to that lock.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/acquire_round.hpp"
#include "core/fencing.hpp"
#include "driver/fan_out.hpp"
#include "driver/key_names.hpp"

namespace redlock::driver {

/// What identifies one attempt on the nodes, from its ACQUIRE to its RELEASE.
struct lock_identity {
    resource_name resource;
    lock_token token;
    core::ballot_block block;
    /// What the holder key says, if one goes with it; see `encode_holder` in votes.hpp.
    std::string details;
};

/// An identity for all who need it, from the attempt to the release.
class shared_identity {
  public:
    /// None, to be assigned before use.
    shared_identity() = default;
    shared_identity(lock_identity who)  // NOLINT(*-explicit-*)
        : who_(std::make_shared<const lock_identity>(std::move(who))) {}

    const lock_identity& operator*() const { return *who_; }
    const lock_identity* operator->() const { return who_.get(); }

  private:
    std::shared_ptr<const lock_identity> who_;
};

/// Where an acquisition stands in the fair line, the same on every node and in every attempt.
struct line_place {
    std::string id;
    std::uint64_t ticket = 0;  ///< Smaller: came earlier.
};

/// The holder key and its details as arguments of a script: not given, and so left out at the end,
/// where the lock has none. Refers to `identity`.
class holder_arguments {
  public:
    holder_arguments(const key_names& keys, const lock_identity& identity);
    holder_arguments(const holder_arguments&) = delete;
    holder_arguments& operator=(const holder_arguments&) = delete;

    [[nodiscard]] std::string_view key() const { return given(key_); }
    [[nodiscard]] std::string_view details() const { return given(details_); }

  private:
    [[nodiscard]] static std::string_view given(const std::string& text) {
        return text.empty() ? std::string_view{} : text;
    }

    std::string key_;
    const std::string& details_;
};

class acquire_attempt final : public fan_out {
  public:
    struct owner {
        /// The round's outcome is final. Not called after `cancel` or `forget_owner`.
        virtual void on_attempt_decided() = 0;

      protected:
        ~owner() = default;
    };

    /// What an attempt without a place does with a free lock for which others stand in line.
    enum class manners { takes_it, leaves_it_to_the_line };

    /// `place`: where it stands in the fair line; null for nowhere.
    acquire_attempt(node_pool& pool, shared_identity identity, std::chrono::milliseconds lease_time,
                    const line_place* place = nullptr, manners with = manners::takes_it);

    void start(owner& told);
    /// As the round's; the owner is not told, since it knows.
    void on_deadline();
    /// `cleaned_up`, if given, is called when every node that may have granted has confirmed the
    /// release or let its time pass; from inside if there is none.
    void cancel(std::function<void()> cleaned_up);
    /// Another attempt begins, or nobody waits any more. Where this one was contended, nodes that
    /// had not answered were not told to forget it: nearly always they answer that there is nothing
    /// to forget. Those that still have not answered are told now.
    void make_way();
    void forget_owner() { owner_ = nullptr; }
    /// The lock is being given back: a straggler that never ran the script must not run it now.
    void close() { closed_ = true; }

    [[nodiscard]] const core::acquire_round& round() const { return round_; }
    [[nodiscard]] const lock_identity& identity() const { return *identity_; }
    [[nodiscard]] const shared_identity& shared() const { return identity_; }

  private:
    [[nodiscard]] const script_call* script_for(node_index node) override;
    void on_repeated(node_index node) override;
    void on_answer(node_index node, const redis::reply_view& reply) override;
    void on_no_answer(node_index node, error_code cause, std::string message,
                      bool maybe_executed) override;
    void on_no_vote(node_index node);
    void vote(node_index node, const core::acquire_vote& vote, core::instant now);
    void learn();
    void execute(const core::acquire_effects& effects, std::function<void()> cleaned_up = nullptr);
    void release(core::node_set granted, core::node_set doubtful,
                 std::function<void()> settled = nullptr);
    void pay_owed(node_index node, core::acquire_answer answer);

    shared_identity identity_;
    std::chrono::milliseconds lease_time_;
    std::int64_t wall_us_;
    core::acquire_round round_;
    std::string place_id_;  // in the line; empty without
    script_call call_;
    owner* owner_ = nullptr;
    core::node_set owed_;  // a release, unless their answer makes it needless
    bool closed_ = false;
    std::optional<node_pool::open_write> open_write_;
};

}  // namespace redlock::driver
