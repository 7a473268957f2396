// A sink for an owner that may be gone before the last answer comes: the connections' queues keep
// the sink, and the owner detaches itself. One strand.
#pragma once

#include <cstdint>

#include "redis/wire/command.hpp"

namespace redlock::redis {

/// Calls the owner's `on_answer(tag, reply)`, and `on_silence(tag)` each time that no answer has
/// come in time or none will come. Both may be private to an owner that befriends its sink.
template <class Owner>
class detachable_sink final : public reply_sink {
  public:
    explicit detachable_sink(Owner& owner) noexcept : owner_(&owner) {}
    /// The owner hears no more.
    void detach() noexcept { owner_ = nullptr; }

  private:
    void on_reply(std::uint32_t tag, const reply_view& reply) override {
        if (owner_ != nullptr) {
            owner_->on_answer(tag, reply);
        }
    }
    void on_timeout(std::uint32_t tag, bool /*maybe_sent*/) override { on_silence(tag); }
    void on_failure(std::uint32_t tag, error_code /*cause*/, bool /*maybe_sent*/) override {
        on_silence(tag);
    }
    void on_silence(std::uint32_t tag) {
        if (owner_ != nullptr) {
            owner_->on_silence(tag);
        }
    }

    Owner* owner_;
};

}  // namespace redlock::redis
