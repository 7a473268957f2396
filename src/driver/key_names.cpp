#include "driver/key_names.hpp"

#include "redis/cluster_slots.hpp"

namespace redlock::driver {

namespace {

constexpr std::string_view fence_prefix = "redlock:fence:";
constexpr std::string_view holder_prefix = "redlock:holder:";
constexpr std::string_view line_prefix = "redlock:line:";

std::string key_beside(std::string_view prefix, std::string_view resource) {
    const bool tagged = redis::has_hash_tag(resource);
    std::string key;
    key.reserve(prefix.size() + resource.size() + 2);
    key += prefix;
    key += tagged ? ':' : '{';
    key += resource;
    if (!tagged) {
        key += '}';
    }
    return key;
}

}  // namespace

std::string fence_key(std::string_view resource) {
    return key_beside(fence_prefix, resource);
}

std::string holder_key(std::string_view resource) {
    return key_beside(holder_prefix, resource);
}

std::string line_key(std::string_view resource) {
    return key_beside(line_prefix, resource);
}

bool keys_share_a_slot(std::string_view resource) {
    return redis::has_hash_tag(resource) || resource.find('}') == std::string_view::npos;
}

std::optional<std::string_view> resource_of_fence(std::string_view key) {
    if (!key.starts_with(fence_prefix)) {
        return std::nullopt;
    }
    key.remove_prefix(fence_prefix.size());
    if (key.starts_with(':')) {
        return key.substr(1);
    }
    if (key.size() < 2 || key.front() != '{' || key.back() != '}') {
        return std::nullopt;
    }
    return key.substr(1, key.size() - 2);
}

bool is_auxiliary(std::string_view key) {
    return key.starts_with(fence_prefix) || key.starts_with(holder_prefix);
}

}  // namespace redlock::driver
