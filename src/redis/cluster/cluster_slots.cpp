// The rules are those of the Redis Cluster specification; see cluster_slots.hpp.
#include "redis/cluster/cluster_slots.hpp"

#include <algorithm>
#include <boost/crc.hpp>
#include <numeric>

#include "base/number.hpp"
#include "endpoint/server_address.hpp"

namespace redlock::redis {
namespace {

std::string_view hash_tag(std::string_view key) noexcept {
    const std::size_t open = key.find('{');
    if (open == std::string_view::npos) {
        return {};
    }
    const std::size_t close = key.find('}', open + 1);
    return close == std::string_view::npos ? std::string_view{}
                                           : key.substr(open + 1, close - open - 1);
}

/// "host:port", where the host may have colons itself.
std::optional<server_address> read_address(std::string_view text, const server_address& asked) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    const auto port = base::number_in<std::uint16_t>(text.substr(colon + 1));
    if (!port || *port == 0) {
        return std::nullopt;
    }
    const std::string_view host = text.substr(0, colon);
    if (host.empty()) {
        return server_address{asked.host, *port};
    }
    const bool known = host != "?" && endpoints::may_be_a_host(host);
    return server_address{known ? std::string{host} : std::string{}, *port};
}

std::string_view take_field(std::string_view& text) noexcept {
    const std::string_view field = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(field.size() + 1, text.size()));
    return field;
}

/// [host, port, id, [name, value, ...]]; before Redis 7 without the last. A server that does not
/// know its own name gives its address among the names and values.
std::optional<slot_map::master> read_master(const reply_view& told, const server_address& asked) {
    const std::int64_t port = told[1].integer();
    if (!told.is_array() || port <= 0 || port > 0xffff) {
        return std::nullopt;
    }
    std::string_view host = told[0].text();
    if (host == "?") {
        host = {};
        std::string_view name;
        bool is_value = false;
        for (const reply_view each : told[3]) {
            host = is_value && name == "ip" ? each.text() : host;
            name = each.text();
            is_value = !is_value;
        }
    }
    if (host.empty()) {
        host = asked.host;
    } else if (!endpoints::may_be_a_host(host)) {
        return std::nullopt;
    }
    return slot_map::master{std::string{told[2].text()},
                            {std::string{host}, static_cast<std::uint16_t>(port)}};
}

}  // namespace

bool has_hash_tag(std::string_view key) noexcept {
    return !hash_tag(key).empty();
}

std::uint16_t slot_of(std::string_view key) noexcept {
    const std::string_view tag = hash_tag(key);
    const std::string_view hashed = tag.empty() ? key : tag;
    boost::crc_optimal<16, 0x1021> crc;
    crc.process_bytes(hashed.data(), hashed.size());
    return static_cast<std::uint16_t>(crc.checksum() % slot_count);
}

slot_refusal read_refusal(std::string_view error_text, const server_address& asked) {
    using kind = slot_refusal::kind;
    const std::string_view word = take_field(error_text);
    if (word == "TRYAGAIN") {
        return {kind::try_again, 0, {}};
    }
    if (word == "CLUSTERDOWN") {
        return {kind::cluster_down, 0, {}};
    }
    if (word != "MOVED" && word != "ASK") {
        return {};
    }
    const auto slot = base::number_in<std::uint16_t>(take_field(error_text));
    auto where = read_address(take_field(error_text), asked);
    if (!slot || *slot >= slot_count || !where) {
        return {};
    }
    return {word == "ASK" ? kind::ask : kind::moved, *slot, std::move(*where)};
}

boost::system::result<slot_map, std::string_view> slot_map::read(const reply_view& reply,
                                                                 const server_address& asked) {
    slot_map map;
    for (const reply_view range : reply) {
        const std::int64_t first = range[0].integer();
        const std::int64_t last = range[1].integer();
        const auto owner = read_master(range[2], asked);
        if (!range.is_array() || first < 0 || last < first ||
            last >= static_cast<std::int64_t>(slot_count) || !owner) {
            return "what it answered is no map of slots";
        }
        const std::uint16_t index = map.index_of(owner->where, owner->id);
        if (index == nobody) {
            return "it names more than 1000 masters";
        }
        // Then no reply has more ranges than there are slots, however long it is.
        for (std::int64_t slot = first; slot <= last; ++slot) {
            std::uint16_t& present = map.owners_[static_cast<std::size_t>(slot)];
            if (present != nobody) {
                return "it names two masters of one slot";
            }
            present = index;
        }
    }
    if (map.empty()) {
        return "no slot of the cluster has a master";
    }
    map.sort();
    return map;
}

const server_address* slot_map::serving(std::uint16_t slot) const noexcept {
    if (slot >= owners_.size() || owners_[slot] == nobody) {
        return nullptr;
    }
    return &masters_[owners_[slot]].where;
}

void slot_map::assign(std::uint16_t slot, const server_address& where) {
    const std::uint16_t owner = index_of(where, {});
    if (owner != nobody) {
        owners_[slot % slot_count] = owner;
    }
}

bool slot_map::has(const server_address& where) const {
    return by_address_.contains(endpoints::to_string(where));
}

std::string slot_map::slots_of(const master& one) const {
    std::string text;
    const auto found = by_address_.find(endpoints::to_string(one.where));
    if (found == by_address_.end()) {
        return text;
    }
    const auto owned = [&](std::size_t slot) {
        return slot < owners_.size() && owners_[slot] == found->second;
    };
    for (std::size_t slot = 0; slot < slot_count; ++slot) {
        if (!owned(slot)) {
            continue;
        }
        const std::size_t first = slot;
        while (owned(slot + 1)) {
            ++slot;
        }
        text += (text.empty() ? "" : " ") + std::to_string(first);
        if (slot != first) {
            text += '-' + std::to_string(slot);
        }
    }
    return text;
}

std::uint16_t slot_map::index_of(const server_address& where, std::string_view id) {
    if (owners_.empty()) {
        owners_.assign(slot_count, nobody);
    }
    std::string address = endpoints::to_string(where);
    if (const auto found = by_address_.find(address); found != by_address_.end()) {
        return found->second;
    }
    if (masters_.size() >= most_masters) {
        return nobody;
    }
    const auto index = static_cast<std::uint16_t>(masters_.size());
    by_address_.emplace(std::move(address), index);
    masters_.push_back({std::string{id}, where});
    return index;
}

void slot_map::sort() {
    std::vector<std::uint16_t> order(masters_.size());
    std::iota(order.begin(), order.end(), std::uint16_t{0});
    std::sort(order.begin(), order.end(),
              [this](std::uint16_t a, std::uint16_t b) { return masters_[a].id < masters_[b].id; });
    std::vector<std::uint16_t> place(masters_.size());
    std::vector<master> sorted;
    for (const std::uint16_t old : order) {
        place[old] = static_cast<std::uint16_t>(sorted.size());
        sorted.push_back(std::move(masters_[old]));
    }
    masters_.swap(sorted);
    for (std::uint16_t& owner : owners_) {
        owner = owner == nobody ? nobody : place[owner];
    }
    for (auto& [address, index] : by_address_) {
        index = place[index];
    }
}

}  // namespace redlock::redis
