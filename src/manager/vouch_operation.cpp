#include "manager/vouch_operation.hpp"

#include <fmt/format.h>

#include <boost/asio/error.hpp>
#include <utility>

#include "driver/vouch_call.hpp"

namespace redlock::manager {

void vouch_operation::start() {
    manager_.add(shared_from_this());
    if (manager_.closed()) {
        on_manager_closed();
        return;
    }
    const std::size_t nodes = manager_.nodes().size();
    if (options_.node && *options_.node >= nodes) {
        complete(
            errc::invalid_argument,
            {fmt::format("there is no node {}; they are 0 to {}", *options_.node, nodes - 1), {}});
        return;
    }
    const auto asked =
        options_.node ? core::node_set::only(*options_.node) : core::node_set::all(nodes);
    std::make_shared<driver::vouch_call>(manager_.nodes())
        ->start(asked, [weak = weak_from_this(), asked](const driver::failures& why) {
            if (const auto self = weak.lock()) {
                self->on_told(asked, why);
            }
        });
}

void vouch_operation::on_told(core::node_set asked, const driver::failures& why) {
    if (why.empty()) {
        complete({}, {});
        return;
    }
    const bool some = why.nodes().size() < asked.size();
    complete(some ? errc::indeterminate : errc::no_quorum,
             manager_.explain(some ? "not all nodes took the word" : "no node took the word", why));
}

void vouch_operation::on_manager_closed() {
    complete(errc::closed, {"the manager was closed", {}});
}

void vouch_operation::complete(error_code error, diagnostics why) {
    if (std::exchange(done_, true)) {
        return;
    }
    const auto self = shared_from_this();
    if (error && options_.details != nullptr) {
        *options_.details = std::move(why);
    }
    manager_.remove(*this);
    handler_(error);
}

}  // namespace redlock::manager
