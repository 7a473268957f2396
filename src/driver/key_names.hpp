// What the keys beside a lock are called, so that all of one resource lie in one slot of a Redis
// Cluster wherever that is possible. A name is hashed by its own tag if it has one, else as a
// whole; the keys beside it follow suit. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace redlock::driver {

/// The pieces that a key is put together from, for who writes it into a command anyway.
struct key_pieces {
    std::string_view before;
    std::string_view resource;
    std::string_view after;

    [[nodiscard]] std::size_t size() const {
        return before.size() + resource.size() + after.size();
    }
};

/// Bytes. It stands in each key beside a lock.
inline constexpr std::size_t max_key_prefix = 128;

/// The names of all keys that the library writes beside the lock keys, behind one prefix.
class key_names {
  public:
    /// `prefix`: `manager_options::key_prefix`; of characters without a meaning in patterns and
    /// hash tags.
    explicit key_names(std::string_view prefix = {});

    /// `redlock:fence:{NAME}`; for a NAME with a hash tag of its own `redlock:fence::NAME`, since
    /// there the braces around it would make another tag.
    [[nodiscard]] std::string fence(std::string_view resource) const;
    /// The same. Refers to `*this` and to `resource`.
    [[nodiscard]] key_pieces fence_pieces(std::string_view resource) const;
    /// `redlock:holder:...` in the same manner.
    [[nodiscard]] std::string holder(std::string_view resource) const;
    /// `redlock:line:...` in the same manner.
    [[nodiscard]] std::string line(std::string_view resource) const;
    /// `redlock:readers:...` in the same manner.
    [[nodiscard]] std::string readers(std::string_view resource) const;
    /// The lock of a semaphore's slot: `redlock:slot:{NAME}:SLOT`, or `redlock:slot::NAME:SLOT`.
    /// For the keys beside it this is a resource like any other.
    [[nodiscard]] std::string slot(std::string_view semaphore, std::size_t slot) const;
    /// The same without the number: what the semaphore's line belongs to.
    [[nodiscard]] std::string slots(std::string_view semaphore) const;
    /// `redlock:permits:...` in the same manner: how many permits a semaphore has.
    [[nodiscard]] std::string permits(std::string_view semaphore) const;
    /// The node's own key, for which HELLO and VOUCH ask.
    [[nodiscard]] const std::string& epoch() const { return epoch_; }

    /// What all of them begin with: `redlock:`.
    [[nodiscard]] const std::string& root() const { return root_; }
    /// A pattern for SCAN that matches each fence key, and little else.
    [[nodiscard]] std::string every_fence() const;
    /// The resource that a key is the fence of; nothing if it is none.
    [[nodiscard]] std::optional<std::string_view> resource_of_fence(std::string_view key) const;
    /// Patterns for SCAN that match each fence key of a slot, or each slot of a semaphore whose
    /// name matches `pattern`, and little else.
    [[nodiscard]] std::string every_slots_fence() const;
    [[nodiscard]] std::string every_slot(std::string_view pattern) const;
    /// The slot that a key is the lock of; nothing if it is none.
    struct slot_of_semaphore {
        std::string_view semaphore;
        std::size_t slot = 0;
    };
    [[nodiscard]] std::optional<slot_of_semaphore> read_slot(std::string_view key) const;
    /// Whether no resource may have this name: all that begins with our root or with `redlock:`,
    /// and the own keys of clients with any other prefix.
    [[nodiscard]] bool is_reserved(std::string_view name) const;

    /// What an operator types to give his word on these keys, in backquotes.
    [[nodiscard]] std::string vouch_command() const;

    /// Whether this is one of these names, for some resource.
    [[nodiscard]] bool is_own(std::string_view key) const;
    /// Whether it is one behind whatever prefix.
    [[nodiscard]] static bool is_anybodys_own(std::string_view key);

  private:
    /// What stands before a resource with a hash tag of its own, and before one without.
    struct beginning {
        std::string tagged;
        std::string untagged;
    };

    [[nodiscard]] beginning of_kind(std::string_view kind) const;
    [[nodiscard]] static key_pieces pieces(const beginning& its, std::string_view resource);

    std::string root_;
    std::string epoch_;
    beginning fences_;
    beginning holders_;
    beginning lines_;
    beginning readers_;
    beginning slots_;
    beginning permits_;
};

/// Whether the keys of this resource lie in one slot. They do not when the name has a '}' but no
/// tag, such as "a}b" or "{}a".
[[nodiscard]] bool keys_share_a_slot(std::string_view resource);
/// Whether those of two resources of which that is true lie in the same one.
[[nodiscard]] bool share_a_slot(std::string_view resource, std::string_view other);

}  // namespace redlock::driver
