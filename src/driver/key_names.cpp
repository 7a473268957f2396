#include "driver/key_names.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "redis/cluster/cluster_slots.hpp"
#include "redlock/types.hpp"

namespace redlock::driver {

namespace {

std::string joined(const key_pieces& from) {
    std::string key;
    key.reserve(from.size());
    key += from.before;
    key += from.resource;
    key += from.after;
    return key;
}

}  // namespace

key_names::key_names(std::string_view prefix)
    : root_(std::string{prefix}.append(resource_name::reserved)),
      epoch_(root_ + "epoch"),
      fences_(of_kind("fence")),
      holders_(of_kind("holder")),
      lines_(of_kind("line")),
      readers_(of_kind("readers")),
      slots_(of_kind("slot")),
      permits_(of_kind("permits")) {}

key_names::beginning key_names::of_kind(std::string_view kind) const {
    const std::string common = std::string{root_}.append(kind).append(":");
    return {common + ":", common + "{"};
}

key_pieces key_names::pieces(const beginning& its, std::string_view resource) {
    return redis::has_hash_tag(resource) ? key_pieces{its.tagged, resource, {}}
                                         : key_pieces{its.untagged, resource, "}"};
}

std::string key_names::fence(std::string_view resource) const {
    return joined(pieces(fences_, resource));
}

std::string key_names::holder(std::string_view resource) const {
    return joined(pieces(holders_, resource));
}

std::string key_names::line(std::string_view resource) const {
    return joined(pieces(lines_, resource));
}

std::string key_names::readers(std::string_view resource) const {
    return joined(pieces(readers_, resource));
}

std::string key_names::slot(std::string_view semaphore, std::size_t slot) const {
    return slots(semaphore).append(":").append(std::to_string(slot));
}

std::string key_names::slots(std::string_view semaphore) const {
    return joined(pieces(slots_, semaphore));
}

std::string key_names::permits(std::string_view semaphore) const {
    return joined(pieces(permits_, semaphore));
}

key_pieces key_names::fence_pieces(std::string_view resource) const {
    return pieces(fences_, resource);
}

std::string key_names::every_fence() const {
    return root_ + "fence:[{:]*";
}

std::optional<std::string_view> key_names::resource_of_fence(std::string_view key) const {
    if (key.starts_with(fences_.tagged)) {
        return key.substr(fences_.tagged.size());
    }
    if (!key.starts_with(fences_.untagged) || !key.ends_with('}')) {
        return std::nullopt;
    }
    key.remove_prefix(fences_.untagged.size());
    key.remove_suffix(1);
    return key;
}

std::string key_names::every_slots_fence() const {
    return root_ + "fence:[{:]" + root_ + "slot:[{:]*";
}

std::string key_names::every_slot(std::string_view pattern) const {
    return root_ + "slot:[{:]" + std::string{pattern} + "[}:]*";
}

std::optional<key_names::slot_of_semaphore> key_names::read_slot(std::string_view key) const {
    const auto colon = key.rfind(':');
    slot_of_semaphore found;
    const std::string_view number = key.substr(colon == key.npos ? key.size() : colon + 1);
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), found.slot);
    if (error != std::errc{} || end != number.data() + number.size() ||
        found.slot >= semaphore::max_permits) {
        return std::nullopt;
    }
    key.remove_suffix(number.size() + 1);
    if (key.starts_with(slots_.tagged)) {
        found.semaphore = key.substr(slots_.tagged.size());
    } else if (key.starts_with(slots_.untagged) && key.ends_with('}')) {
        found.semaphore =
            key.substr(slots_.untagged.size(), key.size() - slots_.untagged.size() - 1);
    }
    return found.semaphore.empty() ? std::nullopt : std::optional{found};
}

bool key_names::is_reserved(std::string_view name) const {
    return name.starts_with(resource_name::reserved) || name.starts_with(root_) ||
           is_anybodys_own(name);
}

std::string key_names::vouch_command() const {
    const auto prefix = root_.substr(0, root_.size() - resource_name::reserved.size());
    return "`redlock vouch" + (prefix.empty() ? "" : " --key-prefix " + prefix) + "`";
}

bool key_names::is_own(std::string_view key) const {
    const std::array all{&fences_, &holders_, &lines_, &readers_, &slots_, &permits_};
    return key == epoch_ || std::ranges::any_of(all, [&](const beginning* its) {
               return key.starts_with(its->tagged) || key.starts_with(its->untagged);
           });
}

bool key_names::is_anybodys_own(std::string_view key) {
    constexpr std::string_view reserved = resource_name::reserved;
    for (auto at = key.find(reserved); at <= max_key_prefix; at = key.find(reserved, at + 1)) {
        if (key_names{key.substr(0, at)}.is_own(key)) {
            return true;
        }
    }
    return false;
}

bool keys_share_a_slot(std::string_view resource) {
    return redis::has_hash_tag(resource) || resource.find('}') == std::string_view::npos;
}

bool share_a_slot(std::string_view resource, std::string_view other) {
    return redis::slot_of(resource) == redis::slot_of(other);
}

}  // namespace redlock::driver
