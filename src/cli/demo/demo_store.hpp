// What the demo's processes share: two counters in a page of memory, as naive as a row in a
// database that is read, changed and written back. Nothing in it protects the counters; that is
// what the lock is for. Every field may be used by any thread of any process.
#pragma once

#include <atomic>
#include <cstdint>

namespace redlock::cli {

enum class demo_phase : std::uint32_t {
    running,   ///< The unguarded part, or the guarded one with all servers well.
    degraded,  ///< One server frozen, one killed.
    over,
};

/// `value` is the counter; `written` counts the updates whose writer believed that they took
/// effect.
struct demo_counter {
    std::atomic<std::uint64_t> value{0};
    std::atomic<std::uint64_t> written{0};
};

struct demo_store {
    std::atomic<demo_phase> phase{demo_phase::running};
    demo_counter unguarded;
    demo_counter guarded;
    std::atomic<std::uint64_t> degraded_updates{0};  ///< Those of `guarded` in that phase.
    std::atomic<std::uint64_t> last_token{0};
    std::atomic<std::uint64_t> tokens_out_of_order{0};

    static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
};

/// A store in memory that can be handed to other processes by its descriptor. Throws
/// std::system_error.
class shared_store {
  public:
    shared_store();                         ///< A new one.
    explicit shared_store(int descriptor);  ///< One that was handed to us; takes the descriptor.
    shared_store(const shared_store&) = delete;
    shared_store& operator=(const shared_store&) = delete;
    ~shared_store();

    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
    demo_store& operator*() const noexcept { return *store_; }
    demo_store* operator->() const noexcept { return store_; }

  private:
    void map();

    int descriptor_ = -1;
    demo_store* store_ = nullptr;
};

}  // namespace redlock::cli
