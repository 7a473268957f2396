#include "driver/key_names.hpp"

#include "redis/cluster_slots.hpp"

namespace redlock::driver {

namespace {

/// What stands before a resource with a hash tag of its own, and before one without.
struct prefix {
    std::string_view tagged;
    std::string_view untagged;

    [[nodiscard]] constexpr std::string_view common() const {
        return tagged.substr(0, tagged.size() - 1);
    }
};
constexpr prefix fence_keys{"redlock:fence::", "redlock:fence:{"};
constexpr prefix holder_keys{"redlock:holder::", "redlock:holder:{"};
constexpr prefix line_keys{"redlock:line::", "redlock:line:{"};

key_pieces pieces(const prefix& its, std::string_view resource) {
    return redis::has_hash_tag(resource) ? key_pieces{its.tagged, resource, {}}
                                         : key_pieces{its.untagged, resource, "}"};
}

std::string joined(const key_pieces& from) {
    std::string key;
    key.reserve(from.size());
    key += from.before;
    key += from.resource;
    key += from.after;
    return key;
}

}  // namespace

std::string fence_key(std::string_view resource) {
    return joined(pieces(fence_keys, resource));
}

std::string holder_key(std::string_view resource) {
    return joined(pieces(holder_keys, resource));
}

std::string line_key(std::string_view resource) {
    return joined(pieces(line_keys, resource));
}

key_pieces fence_key_pieces(std::string_view resource) {
    return pieces(fence_keys, resource);
}

bool keys_share_a_slot(std::string_view resource) {
    return redis::has_hash_tag(resource) || resource.find('}') == std::string_view::npos;
}

std::optional<std::string_view> resource_of_fence(std::string_view key) {
    if (key.starts_with(fence_keys.tagged)) {
        return key.substr(fence_keys.tagged.size());
    }
    if (!key.starts_with(fence_keys.untagged) || !key.ends_with('}')) {
        return std::nullopt;
    }
    key.remove_prefix(fence_keys.untagged.size());
    key.remove_suffix(1);
    return key;
}

bool is_auxiliary(std::string_view key) {
    return key.starts_with(fence_keys.common()) || key.starts_with(holder_keys.common());
}

}  // namespace redlock::driver
