#include "doctor/examination.hpp"

#include <fmt/format.h>

#include <utility>

namespace redlock::doctor {

examination::examination(driver::node_pool& pool, outside::alarm_clock& clock,
                         examination_terms terms)
    : pool_(pool),
      clock_(clock),
      terms_(std::move(terms)),
      pending_(core::node_set::all(pool.size())) {
    terms_.unused = fmt::format("redlock:doctor:{:016x}", pool.random_bits());
    node_examination::owner& told = *this;
    for (node_index node = 0; node < pool.size(); ++node) {
        nodes_.push_back(std::make_shared<node_examination>(pool, clock, node, terms_, told));
    }
}

examination::~examination() {
    clock_.cancel(*this);
    for (const auto& each : nodes_) {
        each->abandon();
    }
}

void examination::start(std::function<void(std::vector<node_health>)> done) {
    done_ = std::move(done);
    watch_ = driver::key_watches::watch{pool_.watches(), terms_.unused, *this};
    for (const auto& each : nodes_) {
        each->start();
    }
    started_ = true;
    if (pending_.empty()) {
        clock_.set(*this, pool_.now());
    }
}

void examination::on_examined(node_index node) {
    pending_.erase(node);
    if (pending_.empty() && started_) {
        report();
    }
}

void examination::report() {
    std::vector<node_health> seen;
    seen.reserve(nodes_.size());
    for (const auto& each : nodes_) {
        seen.push_back(each->seen());
    }
    std::exchange(done_, nullptr)(std::move(seen));
}

void examination::on_awaits_tracking(node_index /*node*/) {
    clock_.set(*this, pool_.now() + pool_.options().node_timeout);
}

void examination::on_key_changed(node_index node) {
    nodes_[node]->on_tracking_news();
}

void examination::on_tracking_refused(node_index node) {
    nodes_[node]->on_tracking_news();
}

void examination::on_alarm(core::instant /*now*/) {
    if (pending_.empty()) {
        report();
        return;
    }
    // The last of them may end all this.
    const auto nodes = nodes_;
    for (const auto& each : nodes) {
        each->stop_waiting();
    }
}

}  // namespace redlock::doctor
