// What a manager owns until it is over: its operations and its locks. Each is its own entry, so
// that to keep one and to let it go costs neither memory nor a search; there is one of each for
// every lock. Not safe for several threads by itself.
#pragma once

#include <boost/intrusive/list.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace redlock::manager {

template <class T, class Pointer = std::shared_ptr<T>>
class kept_list;

/// A base of what can be kept, in one list at a time.
template <class T, class Pointer = std::shared_ptr<T>>
class keepable {
  public:
    keepable() = default;
    keepable(const keepable&) = delete;
    keepable& operator=(const keepable&) = delete;

  protected:
    ~keepable() = default;
    /// Null while it is not kept.
    [[nodiscard]] const Pointer& self() const { return self_; }

  private:
    friend class kept_list<T, Pointer>;
    boost::intrusive::list_member_hook<> hook_;
    Pointer self_;  ///< While it is kept.
};

template <class T, class Pointer>
class kept_list {
  public:
    using entry_type = keepable<T, Pointer>;

    kept_list() = default;
    kept_list(const kept_list&) = delete;
    kept_list& operator=(const kept_list&) = delete;
    ~kept_list() { const auto last = take_all(); }

    /// Kept from now on; nothing happens if it is already.
    void add(Pointer what) {
        entry_type& entry = *what;
        if (entry.self_ == nullptr) {
            entry.self_ = std::move(what);
            entries_.push_back(entry);
        }
    }
    /// Result: the reference that kept it, which may be the last; null if it was not kept.
    [[nodiscard]] Pointer remove(entry_type& entry) {
        if (entry.self_ != nullptr) {
            entries_.erase(entries_.iterator_to(entry));
        }
        return std::exchange(entry.self_, nullptr);
    }
    [[nodiscard]] std::vector<Pointer> take_all() {
        std::vector<Pointer> all;
        while (!entries_.empty()) {
            all.push_back(remove(entries_.front()));
        }
        return all;
    }
    template <class Visit>
    void for_each(Visit visit) const {
        for (const entry_type& entry : entries_) {
            visit(entry.self_);
        }
    }

  private:
    using hook = boost::intrusive::member_hook<entry_type, boost::intrusive::list_member_hook<>,
                                               &entry_type::hook_>;

    boost::intrusive::list<entry_type, hook, boost::intrusive::constant_time_size<false>> entries_;
};

}  // namespace redlock::manager
