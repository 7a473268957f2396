// Which paths there are, and when the exporter counts as ready; see sighting.hpp.
#include <fmt/format.h>

#include "cli/exporter/sighting.hpp"

namespace redlock::cli {

namespace {

http_answer readiness(const exporter_state& state) {
    if (!state.latest) {
        return {.status = 503, .body = "not ready: the nodes have not been asked yet\n"};
    }
    const std::size_t usable = usable_nodes(state.latest->nodes);
    const std::size_t all = state.latest->nodes.size();
    const bool ready = usable > all / 2;
    return {.status = ready ? 200U : 503U,
            .body = fmt::format("{}: {} of {} nodes give votes\n", ready ? "ready" : "not ready",
                                usable, all)};
}

}  // namespace

http_answer answer_to(std::string_view method, std::string_view target,
                      const exporter_state& state) {
    if (method != "GET" && method != "HEAD") {
        return {.status = 405, .body = "only GET and HEAD are answered\n"};
    }
    const std::string_view path = target.substr(0, target.find('?'));
    if (path == "/metrics") {
        return {.type = "text/plain; version=0.0.4; charset=utf-8", .body = exposition(state)};
    }
    if (path == "/healthz") {
        return {.body = "the exporter runs\n"};
    }
    if (path == "/readyz") {
        return readiness(state);
    }
    if (path == "/") {
        return {.body = "redlock exporter: /metrics for Prometheus, /healthz, /readyz\n"};
    }
    return {.status = 404, .body = "not found; there are /metrics, /healthz and /readyz\n"};
}

}  // namespace redlock::cli
