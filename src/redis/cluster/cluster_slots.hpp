// What a client must know of a Redis Cluster: the slot of a key, which master serves which slot,
// and what a server says that does not serve a key. Reads replies of any shape without trusting
// them. Pure; one thread at a time for one map.
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <redlock/endpoint.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "redis/wire/resp_reader.hpp"

namespace redlock::redis {

inline constexpr std::size_t slot_count = 16384;

/// Whether only a part of the key decides on its slot: what stands between the first '{' and the
/// first '}' behind it, if that is not empty.
[[nodiscard]] bool has_hash_tag(std::string_view key) noexcept;
/// CRC16 (XMODEM) of the tag, or of the whole key.
[[nodiscard]] std::uint16_t slot_of(std::string_view key) noexcept;

/// Why a server of a cluster does not carry a command out. It surely has not begun to.
struct slot_refusal {
    enum class kind : std::uint8_t {
        none,          ///< Another error, or none that is understood.
        moved,         ///< The slot belongs to `where`.
        ask,           ///< The slot is on its way to `where`, and the keys are there, or nowhere.
        try_again,     ///< The slot is on its way, and only some of the keys have gone ahead.
        cluster_down,  ///< Nobody serves the slot, or the server is cut off from the others.
    };

    kind what = kind::none;
    std::uint16_t slot = 0;
    /// An empty host: the server does not know it, or what it says cannot be one.
    server_address where{};
};

/// Reads an error reply of the server `asked`.
[[nodiscard]] slot_refusal read_refusal(std::string_view error_text, const server_address& asked);

/// Which master serves which slot, as one server saw it.
class slot_map {
  public:
    struct master {
        std::string id;  ///< The cluster's name for it; empty if only its address is known.
        server_address where;
    };

    /// More than Redis itself advises for a cluster. Each may cost a connection, and how many we
    /// open is not for a server to say.
    static constexpr std::size_t most_masters = 1000;

    /// Reads the answer to CLUSTER SLOTS of the server `asked`, of Redis 6.2 and 7. The error tells
    /// people why it cannot be used.
    [[nodiscard]] static boost::system::result<slot_map, std::string_view> read(
        const reply_view& reply, const server_address& asked);

    /// Nothing known, or nobody.
    [[nodiscard]] bool empty() const noexcept { return masters_.empty(); }
    /// Null if nobody does.
    [[nodiscard]] const server_address* serving(std::uint16_t slot) const noexcept;
    /// As MOVED told. Nothing changes if that would be one master too many.
    void assign(std::uint16_t slot, const server_address& where);
    /// Sorted by id.
    [[nodiscard]] const std::vector<master>& masters() const noexcept { return masters_; }
    [[nodiscard]] bool has(const server_address& where) const;
    /// The slots of a master: "0-99 5461". Two maps that agree give the same.
    [[nodiscard]] std::string slots_of(const master& one) const;

  private:
    static constexpr std::uint16_t nobody = 0xffff;

    /// Of a master that is added if need be; `nobody` if there are too many.
    [[nodiscard]] std::uint16_t index_of(const server_address& where, std::string_view id);
    void sort();

    std::vector<master> masters_;
    std::map<std::string, std::uint16_t, std::less<>> by_address_;  ///< Where in `masters_`.
    std::vector<std::uint16_t> owners_;  ///< By slot; empty before anything is known.
};

}  // namespace redlock::redis
