// Everything of one fault run: real servers, our clients, the store, and what a scenario may do to
// them. Counts how often a fault took effect, so that a run in which nothing happened is no
// success. Whatever it started is gone with it. Main thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "faults/client.hpp"
#include "faults/cutter.hpp"
#include "faults/judge.hpp"
#include "faults/lan.hpp"
#include "support/child.hpp"
#include "support/clocked_server.hpp"
#include "support/redis_server.hpp"

namespace redlock::faults {

enum class persistence { none, everysec, always };
enum class faked { nothing, wall_clock, all_clocks };

/// What a scenario is played with.
struct setting {
    std::size_t nodes = 3;
    std::size_t clients = 3;
    std::size_t workers = 2;  ///< In each client.
    std::size_t resources = 1;
    std::chrono::milliseconds lease_time{1000};
    std::chrono::milliseconds clock_window{400};
    std::chrono::milliseconds hold{20};
    std::size_t readers = 30;  ///< Percent of the acquisitions.
    std::size_t long_every = 40;
    /// Of the calm at the end, beyond the longest that a node stays out.
    std::chrono::milliseconds calm{3000};
    persistence kept = persistence::none;
    bool guard = true;
    bool durable = false;      ///< The clients are told that a restart loses nothing.
    bool proxies = false;      ///< A cutter before each node.
    bool network = false;      ///< A host for each node and each client.
    bool node_clocks = false;  ///< The nodes' clocks can be set.
    faked clocks = faked::nothing;
    double clock_rate = 1;  ///< Of the faked clocks.
};

class world {
  public:
    /// Starts it all. Throws `not_possible_here`, or another std::exception if it does not start.
    world(const setting& with, std::string folder, std::string broken);
    ~world();
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    [[nodiscard]] const setting& with() const noexcept { return with_; }
    /// For what a scenario has to write down.
    [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
    [[nodiscard]] support::redis_server& server(std::size_t node) { return *nodes_[node].server; }
    [[nodiscard]] support::settable_clock& clock(std::size_t node) { return *nodes_[node].clock; }
    [[nodiscard]] cutter& proxy(std::size_t node) { return *nodes_[node].proxy; }
    [[nodiscard]] const support::child& client(std::size_t index) const { return clients_[index]; }
    [[nodiscard]] lan& network() { return *network_; }
    [[nodiscard]] std::size_t host_of_client(std::size_t index) const {
        return with_.nodes + index;
    }

    /// A command to the server itself, past any proxy.
    std::string ask(std::size_t node, const std::vector<std::string>& command);
    void kill(std::size_t node) { server(node).kill(); }
    void restart(std::size_t node);
    /// As a power failure would: what was written to the log in the last `span` is gone.
    void lose_power(std::size_t node, std::chrono::milliseconds span);
    /// What the clients' clocks are made to show, in libfaketime's words. Of client 0 only.
    void fake_time(const std::string& words);

    void pause(std::chrono::milliseconds span);
    /// Between the two, at random.
    [[nodiscard]] std::chrono::milliseconds random(std::chrono::milliseconds least,
                                                   std::chrono::milliseconds most);
    [[nodiscard]] std::size_t random_node();
    /// A fault took effect.
    void happened(std::size_t times = 1) { happened_ += times; }
    [[nodiscard]] std::size_t faults() const noexcept { return happened_; }
    /// How long a node that may have forgotten stays out, as the clients reckon.
    [[nodiscard]] std::chrono::milliseconds quarantine() const;

    /// Everything is put right; the calm; the clients stop; the longest lease passes; judgement.
    verdict finish();
    /// What went wrong with the run itself: a client that failed.
    [[nodiscard]] const std::vector<std::string>& troubles() const noexcept { return troubles_; }

  private:
    struct seat {
        std::unique_ptr<support::settable_clock> clock;
        std::unique_ptr<support::redis_server> server;
        std::unique_ptr<cutter> proxy;
    };

    void start_node(std::size_t index);
    void start_store();
    void vouch_for_all();
    void start_client(std::size_t index);
    void put_right();
    void stop_clients();
    void find_leftovers(evidence& seen);
    [[nodiscard]] client_request told_to_all() const;
    [[nodiscard]] std::optional<lan::visit> visit(std::size_t host) const;
    [[nodiscard]] std::string node_url(std::size_t index) const;
    [[nodiscard]] std::string node_folder(std::size_t index) const;

    setting with_;
    std::string folder_;
    std::string broken_;
    std::unique_ptr<lan> network_;
    std::vector<seat> nodes_;
    std::vector<support::child> store_;
    std::vector<support::child> clients_;
    std::vector<std::string> troubles_;
    std::size_t happened_ = 0;
    std::mt19937 random_{std::random_device{}()};
};

}  // namespace redlock::faults
