// What the keys beside a lock are called, so that all of one resource lie in one slot of a Redis
// Cluster wherever that is possible. A name is hashed by its own tag if it has one, else as a
// whole; the keys beside it follow suit. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace redlock::driver {

/// `redlock:fence:{NAME}`; for a NAME with a hash tag of its own `redlock:fence::NAME`, since there
/// the braces around it would make another tag.
[[nodiscard]] std::string fence_key(std::string_view resource);
/// The same in the pieces that it is put together from, for who writes it into a command anyway.
struct key_pieces {
    std::string_view before;
    std::string_view resource;
    std::string_view after;

    [[nodiscard]] std::size_t size() const {
        return before.size() + resource.size() + after.size();
    }
};
[[nodiscard]] key_pieces fence_key_pieces(std::string_view resource);
/// `redlock:holder:...` in the same manner.
[[nodiscard]] std::string holder_key(std::string_view resource);
/// `redlock:line:...` in the same manner.
[[nodiscard]] std::string line_key(std::string_view resource);

/// Whether the keys of this resource lie in one slot. They do not when the name has a '}' but no
/// tag, such as "a}b" or "{}a".
[[nodiscard]] bool keys_share_a_slot(std::string_view resource);

/// A pattern for SCAN that matches each fence key, and little else.
inline constexpr std::string_view every_fence = "redlock:fence:[{:]*";
/// The resource that a key is the fence of; nothing if it is none.
[[nodiscard]] std::optional<std::string_view> resource_of_fence(std::string_view key);
/// Whether a key belongs to a resource of another name.
[[nodiscard]] bool is_auxiliary(std::string_view key);

}  // namespace redlock::driver
