// What names one attempt on the nodes, and what goes with it in every script. Strand only, but for
// what a `shared_identity` refers to: any thread may read that, except the holder record.
#pragma once

#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cassert>
#include <cstdint>
#include <memory>
#include <redlock/types.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/recycled.hpp"
#include "core/fencing.hpp"
#include "driver/key_names.hpp"
#include "driver/semaphore_state.hpp"
#include "driver/token.hpp"

namespace redlock::driver {

/// What few locks have beside their token. Never changes.
struct lock_extras : base::in_recycled_memory,
                     boost::intrusive_ref_counter<lock_extras, boost::thread_safe_counter> {
    explicit lock_extras(detail::shared_text record, std::vector<resource_name> resources = {})
        : holder_record(std::move(record)), names(std::move(resources)) {}
    lock_extras(detail::shared_text record, std::shared_ptr<semaphore_state> of_semaphore,
                std::uint16_t which)
        : holder_record(std::move(record)), semaphore(std::move(of_semaphore)), slot(which) {}

    /// What the holder key says, if one goes with it; see `encode_holder` in votes.hpp. Else null.
    detail::shared_text holder_record;
    /// Of a lock of several names all of them, sorted; else none.
    std::vector<resource_name> names;
    /// Of a permit its semaphore, and which slot it is; else null.
    std::shared_ptr<semaphore_state> semaphore;
    std::uint16_t slot = 0;
};
using extras_ptr = boost::intrusive_ptr<const lock_extras>;

[[nodiscard]] inline extras_ptr only_record(std::string_view holder_record) {
    return extras_ptr{new lock_extras{detail::share_text(holder_record)}};
}

/// What the extras are about.
enum class lock_kind : std::uint8_t { plain, several, permit };

/// What identifies one attempt on the nodes, from its ACQUIRE to its RELEASE.
struct lock_identity {
    resource_name resource;  ///< Of several the first, of a permit that of its slot.
    kept_token kept;
    core::ballot_block block;
    /// Nearly always null. Of `lock_kind::plain` strand only, since a text that is proclaimed
    /// changes it.
    extras_ptr extras{};
    lock_kind kind = lock_kind::plain;
    /// Without fencing: whether its release has to tell if others stand in the nodes' line.
    bool asks_who_waits = true;
    /// To begin with; see `shared_identity::mode`.
    lock_mode asked_as = lock_mode::exclusive;

    /// The token, the same in all commands. Refers to `*this`.
    [[nodiscard]] written_token written() const { return kept.written(block.first); }
    [[nodiscard]] lock_token token() const { return kept.token(block.first); }

    void bring(extras_ptr its) {
        extras = std::move(its);
        kind = !extras                    ? lock_kind::plain
               : extras->semaphore        ? lock_kind::permit
               : extras->names.size() > 1 ? lock_kind::several
                                          : lock_kind::plain;
    }
    /// Refers to `*this`.
    [[nodiscard]] std::span<const resource_name> names() const {
        return kind == lock_kind::several ? std::span<const resource_name>{extras->names}
                                          : std::span<const resource_name>{&resource, 1};
    }
    /// What those who wait for it on the nodes watch: of a permit all slots under one name. Refers
    /// to `*this`.
    [[nodiscard]] std::span<const resource_name> watched_names() const {
        return kind == lock_kind::permit
                   ? std::span<const resource_name>{&extras->semaphore->slots, 1}
                   : names();
    }
    /// Null of what is no permit.
    [[nodiscard]] semaphore_state* semaphore() const {
        return kind == lock_kind::permit ? extras->semaphore.get() : nullptr;
    }
};

/// An identity for all who need it, from the attempt to the release.
class shared_identity {
  public:
    /// None, to be assigned before use.
    shared_identity() = default;
    shared_identity(lock_identity who)  // NOLINT(*-explicit-*)
        : who_(new counted{std::move(who)}) {}

    const lock_identity& operator*() const { return who_->who; }
    const lock_identity* operator->() const { return &who_->who; }

    /// Any thread. It changes once at most, for all who have this identity: what was sent about the
    /// exclusive lock is ahead of what is sent about the shared one.
    [[nodiscard]] lock_mode mode() const { return who_->mode.load(std::memory_order_acquire); }
    /// Strand only: for all that is sent from now on, also by attempts that have begun.
    void set_record(std::string_view record) const {
        assert(who_->who.kind == lock_kind::plain);
        who_->who.extras = only_record(record);
    }
    void downgrade() const { who_->mode.store(lock_mode::shared, std::memory_order_release); }

  private:
    /// With its count inside, which takes less room than beside it.
    struct counted : base::in_recycled_memory,
                     boost::intrusive_ref_counter<counted, boost::thread_safe_counter> {
        explicit counted(lock_identity its) : mode(its.asked_as), who(std::move(its)) {}
        mutable std::atomic<lock_mode> mode;
        mutable lock_identity who;
    };

    boost::intrusive_ptr<const counted> who_;
};

/// What the holder key says, or what lies beside the token of a shared lock, as an argument of a
/// script: not given where the lock has none. Refers to `identity`.
[[nodiscard]] inline std::string_view record_of(const lock_identity& identity) {
    if (!identity.extras) {
        return {};
    }
    const std::string& record = detail::text_of(identity.extras->holder_record);
    return record.empty() ? std::string_view{} : record;
}

/// The holder key and its record as arguments of a script: not given, and so left out at the end,
/// where the lock has none. Refers to `identity`.
class holder_arguments {
  public:
    holder_arguments(const key_names& keys, const lock_identity& identity)
        : record_(record_of(identity)) {
        if (!record_.empty()) {
            key_ = keys.holder(identity.resource.str());
        }
    }
    holder_arguments(const holder_arguments&) = delete;
    holder_arguments& operator=(const holder_arguments&) = delete;

    [[nodiscard]] std::string_view key() const { return key_.empty() ? std::string_view{} : key_; }
    [[nodiscard]] std::string_view record() const { return record_; }

  private:
    std::string key_;
    std::string_view record_;
};

}  // namespace redlock::driver
