#include "manager/permit_search.hpp"

#include <algorithm>
#include <utility>

namespace redlock::manager {

namespace {

// Enough to look at the slots of the largest semaphore, and to lose some races for a free one.
constexpr std::size_t most_at_once = 32;

}  // namespace

permit_search::permit_search(driver::node_pool& nodes,
                             std::shared_ptr<driver::semaphore_state> semaphore)
    : nodes_(nodes), semaphore_(std::move(semaphore)) {}

void permit_search::begin_round(core::instant now, bool in_line) {
    end_round();
    core::slot_board& board = semaphore_->board;
    const bool looks = in_line || slot_ || !board.is_confirmed(now);
    form_ = looks ? driver::slot_form::look : driver::slot_form::lock;
    if (std::exchange(next_, next_slot::any) == next_slot::any || !slot_) {
        slot_ = static_cast<std::uint16_t>(choose());
    }
    name_ = nodes_.keys().slot(semaphore_->name.str(), *slot_);
    board.begin_asking(*slot_);
    stage_ = stage::asking;
}

std::size_t permit_search::choose() {
    core::slot_board& board = semaphore_->board;
    const bool is_wide = board.slots() > driver::most_looked_at;
    if (is_wide && !slot_) {
        // What was taken long ago, and no look has covered since, may be free.
        board.forget_taken();
    }
    const std::size_t found = board.pick_any(nodes_.random(), slot_);
    // Nothing is worth a try: where nobody tells of changes, the looks go round the ring.
    const bool goes_round = is_wide && slot_ && found == *slot_ && !board.pick(0);
    return goes_round ? (found + driver::most_looked_at) % board.slots() : found;
}

void permit_search::end_round() {
    if (std::exchange(stage_, stage::idle) == stage::asking) {
        semaphore_->board.end_asking(*slot_);
    }
}

core::acquisition::alternative permit_search::look_further() {
    using enum core::acquisition::alternative;
    end_round();
    // A round that did not look knows nothing of the others; the next one does.
    if (form_ == driver::slot_form::look && !knows_another()) {
        at_once_in_a_row_ = 0;
        return none;
    }
    if (at_once_in_a_row_ == most_at_once) {
        at_once_in_a_row_ = 0;
        return later;
    }
    ++at_once_in_a_row_;
    return at_once;
}

void permit_search::on_won(core::instant started) {
    end_round();
    semaphore_->board.on_held(*slot_);
    if (form_ == driver::slot_form::look) {
        semaphore_->board.on_confirmed(started, nodes_.options().fence_lifetime);
    }
}

void permit_search::watch(driver::key_watches::watcher& told) {
    if (process_watch_) {
        return;
    }
    process_watch_ = {nodes_.watches(), semaphore_->slots.str(), told};
    // All of them: a node tells of those that some look has read there.
    for (std::size_t slot = 0; slot < semaphore_->permits; ++slot) {
        watches_.emplace_back(nodes_.watches(), nodes_.keys().slot(semaphore_->name.str(), slot),
                              semaphore_->board, slot, told);
    }
}

driver::extras_ptr permit_search::extras(detail::shared_text holder_record) const {
    return driver::extras_ptr{
        new driver::lock_extras{std::move(holder_record), semaphore_, *slot_}};
}

}  // namespace redlock::manager
