#include "manager/manager_impl.hpp"

#include "manager/held_lock.hpp"

namespace redlock::manager {

manager_impl::manager_impl(boost::asio::any_io_executor executor,
                           const std::vector<endpoint>& endpoints, const manager_options& options)
    : executor_(std::move(executor)),
      home_(home::of(executor_.io)),
      strand_(base::make_strand_on(executor_.io)),
      clock_(strand_),
      nodes_(clock_, endpoints, options),
      gate_(nodes_, clock_) {
    clock_.on_forked([this] { leave_to_parent(); });
    nodes_.on_clock_set([this](node_index node) {
        held_.for_each([&](const auto& held) { held->on_clock_set(node); });
    });
}

std::shared_ptr<manager_impl> manager_impl::make(boost::asio::any_io_executor executor,
                                                 const std::vector<endpoint>& endpoints,
                                                 const manager_options& options) {
    std::shared_ptr<manager_impl> made{new manager_impl(std::move(executor), endpoints, options)};
    made->clock_.keep_alive(made);
    made->home_->set_up(made, made->clock_.surroundings());
    return made;
}

manager_impl::~manager_impl() {
    // Locks and operations are alarms, and go before the connections, which are, too.
    clock_.end();
    // The connections' last words must not reach what is being destroyed.
    held_.for_each([](const auto& held) { held->abandon(); });
    const auto last = operations_.take_all();
    nodes_.on_all_settled(nullptr);
    nodes_.on_connection_change(nullptr);
    nodes_.on_clock_set(nullptr);
}

void manager_impl::add(held_handle held) {
    const std::lock_guard guard{held_guard_};
    held_.add(std::move(held));
}

held_handle manager_impl::remove(held_lock& held) {
    const std::lock_guard guard{held_guard_};
    return held_.remove(held);
}

std::vector<active_lock> manager_impl::active_locks() const {
    std::vector<active_lock> active;
    if (home_->foreign()) {
        return active;
    }
    const core::instant now = home_->now();
    const std::lock_guard guard{held_guard_};
    held_.for_each([&](const auto& held) {
        if (held->valid(now)) {
            for (const resource_name& each : held->resources()) {
                active.push_back({each, held->token(), held->mode()});
            }
        }
    });
    return active;
}

std::vector<held_handle> manager_impl::begin_close() {
    closed_ = true;
    for (const auto& operation : operations_.take_all()) {
        operation->on_manager_closed();
    }
    std::vector<held_handle> locks;
    held_.for_each([&](const auto& held) { locks.push_back(held); });
    for (const auto& held : locks) {
        held->release({});
    }
    return locks;
}

}  // namespace redlock::manager
