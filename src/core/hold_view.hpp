// What is known of a held lock on the nodes between its renewals: where it was found to be gone,
// and where that has to be looked up. Pure. Used by one strand at a time.
#pragma once

#include <cstddef>

#include "core/node_set.hpp"
#include "core/quorum.hpp"

namespace redlock::core {

class hold_view {
  public:
    explicit hold_view(std::size_t nodes) : nodes_(nodes), unseen_(node_set::all(nodes)) {}

    /// Something may have changed there.
    void on_changed(node_index node) { unseen_.insert(node); }
    /// The nodes to look at, which count as asked from now on.
    [[nodiscard]] node_set take_unseen() {
        const node_set those = unseen_;
        unseen_ = {};
        return those;
    }
    void on_held(node_index node) {
        gone_.erase(node);
        confirmed_.erase(node);
    }
    void on_gone(node_index node) {
        gone_.insert(node);
        confirmed_.insert(node);
        if (gone_.size() > tolerated_by(nodes_)) {
            unseen_ = unseen_ | (gone_ - confirmed_);
        }
    }
    /// It was extended, and may have been planted again where it was gone: nobody tells of what
    /// this client does itself. Where that decides, it is looked up again.
    void on_extended() { confirmed_ = {}; }

    /// There are nodes to look at.
    [[nodiscard]] bool wants_a_look() const { return !unseen_.empty(); }
    /// So many nodes are known not to hold it that no quorum can. What is not known counts in our
    /// favour: silence is not loss, the lease's end is.
    [[nodiscard]] bool lost() const { return confirmed_.size() > tolerated_by(nodes_); }

  private:
    std::size_t nodes_;
    node_set unseen_;
    node_set gone_;
    node_set confirmed_;  // of these, since the last extension
};

}  // namespace redlock::core
