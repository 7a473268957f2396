// What one observer knows of who has a lock, and when it has to look again, and where. Pure: it is
// told of events with their time, and answers with what to do next. Used by one strand at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "core/instant.hpp"
#include "core/node_set.hpp"
#include "redlock/status.hpp"

namespace redlock::manager {

class leader_sight {
  public:
    /// The fallback where changes are told, should one get lost.
    static constexpr core::duration longest_silence = std::chrono::seconds{20};
    /// Where nobody may tell: how soon the first look follows, and how rare they become.
    static constexpr core::duration first_wait = std::chrono::milliseconds{1};
    static constexpr core::duration longest_wait = std::chrono::milliseconds{250};

    /// `seen`: what is no news; empty: everything is. `quorum_timeout`: how long to go on while too
    /// few nodes answer.
    leader_sight(std::size_t nodes, std::optional<leader_view> seen,
                 std::chrono::milliseconds quorum_timeout, core::instant now);

    /// Something may have changed there.
    void on_changed(node_index node) { unseen_.insert(node); }
    void on_changed_anywhere() { unseen_ = all_; }
    /// The time asked for by `next_look` has come.
    void on_timer(core::instant now);
    /// The nodes to ask now, which count as asked until `on_view`.
    [[nodiscard]] core::node_set take_unseen();
    /// What a node has answered, or why it has not.
    void on_view(const node_status& view, core::instant now);

    /// Who leads, if that is news.
    [[nodiscard]] const std::optional<leader_view>& news() const { return news_; }
    /// Too few nodes have answered for too long.
    [[nodiscard]] bool out_of_patience(core::instant now) const { return now >= patience_ends_; }
    /// When to call `on_timer`. `tracking`: the nodes that tell of changes of what is read there.
    [[nodiscard]] core::instant next_look(core::instant now, core::node_set tracking);

  private:
    [[nodiscard]] bool is_news(const leader_view& now) const;
    void judge_again(core::instant now);

    core::node_set all_;
    std::optional<leader_view> seen_;
    std::chrono::milliseconds quorum_timeout_;
    core::node_set unseen_;
    core::node_set asked_;
    core::node_set answered_;  // the last time that they were asked
    std::vector<node_status> views_;
    std::vector<core::instant> ends_;  // of the leases that were read
    std::optional<leader_view> news_;
    core::instant patience_ends_ = core::never;
    core::instant fallback_at_ = core::never;  // for as long as nothing is asked
    std::size_t waits_in_a_row_ = 0;
};

}  // namespace redlock::manager
