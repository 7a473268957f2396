#include "sim/network.hpp"

#include <algorithm>

namespace redlock::sim {

void network::begin() {
    connections_.clear();
    const plan& with = *on_.with;
    for (std::size_t client = 0; client < with.clients; ++client) {
        for (std::size_t node = 0; node < with.nodes; ++node) {
            link& it = links_[client][node];
            it = {};
            it.random = random_stream{with.seed, 100 + client * most_nodes + node};
            // Each client has a node that is near to it: the world in which votes split best.
            it.usual = client % with.nodes == node ? with.fastest_message : with.slowest_message;
        }
    }
}

std::uint32_t network::open(std::uint8_t client, std::uint8_t node, std::uint32_t incarnation) {
    channel it;
    it.client = client;
    it.node = node;
    it.incarnation = incarnation;
    connections_.push_back(it);
    return connections() - 1;
}

tick network::travel(std::uint8_t client, std::uint8_t node) {
    link& it = links_[client][node];
    const plan& with = *on_.with;
    tick takes = with.steady_links ? it.usual + it.random.between(0, it.usual / 16)
                                   : it.random.between(with.fastest_message, with.slowest_message);
    if (it.slow_until > on_.now) {
        takes += it.random.between(it.slow_by / 2, it.slow_by);
    }
    // What cannot pass now is sent again when it can.
    return it.parted_until > on_.now ? it.parted_until - on_.now + takes : takes;
}

void network::send(std::uint32_t number, std::uint32_t connection) {
    command& what = on_.commands[number];
    auto& it = connections_[connection];
    what.connection = connection;
    if (it.last != none) {
        on_.commands[it.last].next = number;
    }
    it.last = number;
    if (it.to_answer == none) {
        it.to_answer = number;
    }
    if (it.is_cut) {
        return;
    }
    if (it.to_arrive == none) {
        it.to_arrive = number;
    }
    it.last_arrival = std::max(it.last_arrival, on_.now + travel(it.client, it.node));
    on_.events.push({.at = it.last_arrival,
                     .kind = event_kind::arrival,
                     .client = it.client,
                     .node = it.node,
                     .subject = connection});
}

void network::cut(std::uint32_t connection, bool carried_out, tick noticed_after) {
    auto& it = connections_[connection];
    if (it.is_cut) {
        return;
    }
    it.is_cut = true;
    it.carried_out = carried_out;
    if (carried_out) {
        auto& random = links_[it.client][it.node].random;
        it.late_until = random.percent(50)
                            ? on_.now + random.between(0, on_.with->longest_lease_ms) * millisecond
                            : on_.now;
    }
    on_.events.push({.at = on_.now + noticed_after,
                     .kind = event_kind::cut_noticed,
                     .client = it.client,
                     .node = it.node,
                     .subject = connection});
}

std::uint32_t network::arrived(std::uint32_t number, std::uint32_t incarnation) {
    channel& it = connections_[number];
    const std::uint32_t next = it.to_arrive;
    if (next == none || it.incarnation != incarnation || (it.is_cut && !it.carried_out)) {
        return none;
    }
    if (it.late_until > on_.now) {
        on_.events.push({.at = it.late_until,
                         .kind = event_kind::arrival,
                         .client = it.client,
                         .node = it.node,
                         .subject = number});
        return none;
    }
    it.to_arrive = on_.commands[next].next;
    if (it.is_cut) {
        on_.note(rule::late_from_cut_connection);
    }
    return next;
}

void network::answer(std::uint32_t number) {
    auto& it = connections_[on_.commands[number].connection];
    if (it.is_cut) {
        return;
    }
    it.last_answer = std::max(it.last_answer, on_.now + travel(it.client, it.node));
    on_.events.push({.at = it.last_answer,
                     .kind = event_kind::answer,
                     .client = it.client,
                     .node = it.node,
                     .subject = on_.commands[number].connection});
}

std::uint32_t network::answered(std::uint32_t connection) {
    auto& it = connections_[connection];
    if (it.is_cut) {
        return none;
    }
    const std::uint32_t first = it.to_answer;
    it.to_answer = on_.commands[first].next;
    return first;
}

void network::tell_news(std::uint8_t client, std::uint8_t node, std::uint8_t resource) {
    const link& it = links_[client][node];
    if (it.deaf_until > on_.now || it.parted_until > on_.now) {
        on_.note(rule::news_lost);
        return;
    }
    on_.events.push({.at = on_.now + travel(client, node),
                     .kind = event_kind::news,
                     .client = client,
                     .node = node,
                     .detail = resource});
}

void network::slow_down(std::uint8_t client, std::uint8_t node, tick until, tick by) {
    link& it = links_[client][node];
    it.slow_until = std::max(it.slow_until, until);
    it.slow_by = by;
}

void network::part(std::uint8_t client, std::uint8_t node, tick until) {
    tick& parted = links_[client][node].parted_until;
    parted = std::max(parted, until);
}

void network::deafen(std::uint8_t client, std::uint8_t node, tick until) {
    tick& deaf = links_[client][node].deaf_until;
    deaf = std::max(deaf, until);
}

}  // namespace redlock::sim
