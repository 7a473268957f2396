// What the acquisition of a permit does beside that of a lock: chooses the slot that each round
// asks for, and watches those that may come free. Strand only; ends before its acquisition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>

#include "core/acquisition.hpp"
#include "core/instant.hpp"
#include "driver/key_watches.hpp"
#include "driver/lock_identity.hpp"
#include "driver/node_pool.hpp"
#include "driver/semaphore_state.hpp"
#include "redlock/types.hpp"

namespace redlock::manager {

class permit_search {
  public:
    permit_search(driver::node_pool& nodes, std::shared_ptr<driver::semaphore_state> semaphore);
    permit_search(const permit_search&) = delete;
    permit_search& operator=(const permit_search&) = delete;
    ~permit_search() { end_round(); }

    [[nodiscard]] driver::semaphore_state& semaphore() const { return *semaphore_; }

    /// Chooses the slot of a round that begins now. In line a round always looks.
    void begin_round(core::instant now, bool in_line);
    /// The slot is not asked for any more; nothing happens if none was.
    void end_round();
    /// The round found its slot taken: whether another may be free.
    [[nodiscard]] core::acquisition::alternative look_further();
    /// Another slot than that of the latest round may be free, and this process does not ask for
    /// it, as far as is known.
    [[nodiscard]] bool knows_another() const {
        return slot_ && semaphore_->board.may_have_free_beside(*slot_);
    }
    /// The next round asks for the same slot: it is kept for those who wait, or the mark of those
    /// who do not wait any more is to be taken away there.
    void stay() { next_ = next_slot::same; }
    /// The round won its slot, which `started` at the earliest.
    void on_won(core::instant started);
    /// From now on `told` is told of changes of all slots.
    void watch(driver::key_watches::watcher& told);

    /// Of the round under way.
    [[nodiscard]] const resource_name& slot_name() const { return name_; }
    [[nodiscard]] driver::slot_form form() const { return form_; }
    [[nodiscard]] driver::extras_ptr extras(detail::shared_text holder_record) const;

  private:
    [[nodiscard]] std::size_t choose();

    enum class stage : std::uint8_t { idle, asking };
    enum class next_slot : std::uint8_t { any, same };

    /// Enters what it hears in the board, and passes it on.
    class slot_watch final : public driver::key_watches::watcher {
      public:
        slot_watch(driver::key_watches& all, std::string key, core::slot_board& board,
                   std::size_t slot, watcher& told)
            : board_(board), slot_(slot), told_(told), watch_(all, std::move(key), *this) {}

      private:
        void on_taken_back(node_index node) override {
            board_.on_changed(slot_, node);
            told_.on_taken_back(node);
        }
        void on_key_changed(node_index node) override {
            board_.on_changed(slot_, node);
            told_.on_key_changed(node);
        }

        core::slot_board& board_;
        std::size_t slot_;
        watcher& told_;
        driver::key_watches::watch watch_;
    };

    driver::node_pool& nodes_;
    std::shared_ptr<driver::semaphore_state> semaphore_;
    std::optional<std::uint16_t> slot_;  ///< Of the latest round.
    resource_name name_;
    driver::slot_form form_ = driver::slot_form::lock;
    stage stage_ = stage::idle;
    next_slot next_ = next_slot::any;
    std::size_t at_once_in_a_row_ = 0;
    driver::key_watches::watch process_watch_;  ///< Of what this process gives back.
    std::list<slot_watch> watches_;
};

}  // namespace redlock::manager
