// A real Redis Cluster of masters without replicas on free ports of 127.0.0.1, for one test, with
// what it takes to move slots and keys about by hand. It takes 2 to 3 s to come up, because a
// master waits that long before it lets anybody write. Dies with the test process. One thread at a
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cli/process/redis_process.hpp"
#include "redlock/endpoint.hpp"

namespace redlock::support {

struct redis_cluster_options {
    std::size_t masters = 3;  ///< Among which the slots are divided evenly.
    std::size_t spare = 0;    ///< More, without slots.
    /// For TLS: PEM files. Each server then listens on a second port.
    std::string ca;
    std::string certificate;
    std::string key;
};

class redis_cluster {
  public:
    /// Starts and waits until every server serves. Throws std::runtime_error.
    explicit redis_cluster(redis_cluster_options options = {});
    ~redis_cluster();
    redis_cluster(const redis_cluster&) = delete;
    redis_cluster& operator=(const redis_cluster&) = delete;

    [[nodiscard]] cli::redis_process& operator[](std::size_t server) { return *servers_[server]; }
    [[nodiscard]] std::size_t size() const { return servers_.size(); }
    /// The cluster as one node, with every server to begin with.
    [[nodiscard]] endpoint where() const;
    /// The same by the ports for TLS.
    [[nodiscard]] endpoint where_by_tls() const;

    /// One command to one server, as support::redis_server::command.
    std::string command(std::size_t server, const std::vector<std::string>& arguments) const;

    /// The server that this key belongs to, as far as this object moved it.
    [[nodiscard]] std::size_t owner_of(const std::string& key) const;
    /// A name whose slot belongs to a server.
    [[nodiscard]] std::string name_at(std::size_t server, const std::string& prefix = "job") const;
    /// Whether a server has a key, whoever owns the slot.
    [[nodiscard]] bool has(std::size_t server, const std::string& key) const;

    /// A slot on its way: keys that are not at its owner are asked for at `to`.
    void begin_move(std::uint16_t slot, std::size_t to);
    void move_keys(std::uint16_t slot, std::size_t to, const std::vector<std::string>& keys) const;
    /// All servers know the new owner.
    void end_move(std::uint16_t slot, std::size_t to);
    /// All of it, with all keys.
    void move_slot(std::uint16_t slot, std::size_t to);

  private:
    void start(std::size_t server);
    void introduce();
    [[nodiscard]] std::uint16_t port_for_peers(std::size_t server) const;
    [[nodiscard]] bool serves(std::size_t server) const;

    redis_cluster_options options_;
    std::string folder_;
    std::vector<std::unique_ptr<cli::redis_process>> servers_;
    std::vector<std::uint16_t> bus_ports_;
    std::vector<std::uint16_t> tls_ports_;
    std::vector<std::string> ids_;
    std::vector<std::size_t> owners_;  // by slot
};

}  // namespace redlock::support
