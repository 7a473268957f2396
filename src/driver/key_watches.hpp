// Who wants to know when a key may have changed on a node. A list and its handles, nothing more:
// says neither what changed nor whether it did. Strand only.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "redlock/types.hpp"

namespace redlock::driver {

class key_watches {
  public:
    struct watcher {
        /// Look again. Must neither begin nor end a watch from inside.
        virtual void on_key_changed(node_index node) = 0;
        /// The same of a lock of this process that was taken back: of that the node does not tell
        /// us.
        virtual void on_taken_back(node_index node) { on_key_changed(node); }
        /// The node will not tell, as far as it is known.
        virtual void on_tracking_refused(node_index /*node*/) {}

      protected:
        ~watcher() = default;
    };

  private:
    using table = std::multimap<std::string, watcher*, std::less<>>;

  public:
    /// Ends the watch with its life. Movable; an empty one watches nothing.
    class watch {
      public:
        watch() = default;
        watch(key_watches& all, std::string key, watcher& told)
            : all_(&all), entry_(all.watchers_.emplace(std::move(key), &told)) {
            if (all.watchers_.size() == 1) {
                all.interest_(true);
            }
        }
        watch(watch&& other) noexcept
            : all_(std::exchange(other.all_, nullptr)), entry_(other.entry_) {}
        watch& operator=(watch&& other) noexcept {
            watch old{std::move(*this)};
            all_ = std::exchange(other.all_, nullptr);
            entry_ = other.entry_;
            return *this;
        }
        ~watch() {
            if (all_ != nullptr) {
                all_->watchers_.erase(entry_);
                if (all_->watchers_.empty()) {
                    all_->interest_(false);
                }
            }
        }
        [[nodiscard]] explicit operator bool() const { return all_ != nullptr; }

      private:
        key_watches* all_ = nullptr;
        table::iterator entry_;
    };

    /// `interest` is called with true when the first watch begins, with false when the last ends.
    explicit key_watches(std::function<void(bool)> interest) : interest_(std::move(interest)) {}
    key_watches(const key_watches&) = delete;
    key_watches& operator=(const key_watches&) = delete;

    /// `key` may have changed on `node`; empty: every key.
    void tell(node_index node, std::string_view key) const {
        const auto [first, last] = key.empty() ? std::pair{watchers_.begin(), watchers_.end()}
                                               : watchers_.equal_range(key);
        for (auto each = first; each != last; ++each) {
            each->second->on_key_changed(node);
        }
    }
    void tell_taken_back(node_index node, std::string_view key) const {
        const auto [first, last] = watchers_.equal_range(key);
        for (auto each = first; each != last; ++each) {
            each->second->on_taken_back(node);
        }
    }
    void tell_refused(node_index node) const {
        for (const auto& [key, told] : watchers_) {
            told->on_tracking_refused(node);
        }
    }
    [[nodiscard]] bool any() const { return !watchers_.empty(); }
    [[nodiscard]] bool any(std::string_view key) const { return watchers_.contains(key); }

  private:
    std::function<void(bool)> interest_;
    table watchers_;
};

}  // namespace redlock::driver
