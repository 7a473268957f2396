// What lies between clients and nodes. Inside one connection everything arrives in the order in
// which it was sent, or not at all; what an old connection still carries may arrive long after what
// the next one brought. Decides delays, never contents. One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/random.hpp"
#include "sim/stage.hpp"

namespace redlock::sim {

class network {
  public:
    explicit network(stage& on) : on_(on) {}

    void begin();

    /// A new connection to the node's present incarnation.
    std::uint32_t open(std::uint8_t client, std::uint8_t node, std::uint32_t incarnation);
    void send(std::uint32_t command, std::uint32_t connection);
    /// Nothing is carried any more, except, if `carried_out`, what is on its way to the node. The
    /// client learns of it after a while.
    void cut(std::uint32_t connection, bool carried_out, tick noticed_after);

    /// The next command of a connection has come to its node, whose incarnation this is: the
    /// command to execute, or none.
    std::uint32_t arrived(std::uint32_t connection, std::uint32_t incarnation);
    /// It has been executed.
    void answer(std::uint32_t command);
    /// The next answer has come to the client: the command that it is of, or none.
    std::uint32_t answered(std::uint32_t connection);

    /// A node tells a client of a change, if anything gets through.
    void tell_news(std::uint8_t client, std::uint8_t node, std::uint8_t resource);

    void slow_down(std::uint8_t client, std::uint8_t node, tick until, tick by);
    void part(std::uint8_t client, std::uint8_t node, tick until);
    void deafen(std::uint8_t client, std::uint8_t node, tick until);
    [[nodiscard]] bool parted(std::uint8_t client, std::uint8_t node) const {
        return links_[client][node].parted_until > on_.now;
    }
    /// How long a message takes now.
    tick travel(std::uint8_t client, std::uint8_t node);
    random_stream& random(std::uint8_t client, std::uint8_t node) {
        return links_[client][node].random;
    }

    /// The oldest command without an answer, or none; the others by `command::next`.
    [[nodiscard]] std::uint32_t unanswered(std::uint32_t connection) const {
        return connections_[connection].to_answer;
    }
    [[nodiscard]] bool is_cut(std::uint32_t connection) const {
        return connections_[connection].is_cut;
    }
    [[nodiscard]] std::uint8_t client_of(std::uint32_t connection) const {
        return connections_[connection].client;
    }
    [[nodiscard]] std::uint8_t node_of(std::uint32_t connection) const {
        return connections_[connection].node;
    }
    [[nodiscard]] std::uint32_t connections() const {
        return static_cast<std::uint32_t>(connections_.size());
    }

  private:
    struct channel {
        std::uint8_t client = 0;
        std::uint8_t node = 0;
        bool is_cut = false;
        bool carried_out = false;
        std::uint32_t incarnation = 0;
        std::uint32_t to_arrive = none;
        std::uint32_t to_answer = none;
        std::uint32_t last = none;
        tick last_arrival = 0;
        tick last_answer = 0;
        tick late_until = 0;  ///< Cut: what is still on its way arrives no earlier.
    };
    struct link {
        random_stream random;
        tick usual = 0;
        tick slow_until = 0;
        tick slow_by = 0;
        tick parted_until = 0;
        tick deaf_until = 0;
    };

    stage& on_;
    std::vector<channel> connections_;
    std::array<std::array<link, most_nodes>, most_clients> links_;
};

}  // namespace redlock::sim
