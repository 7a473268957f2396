// Who in this process holds a resource and who waits for it, first come first served. Only the
// first of a queue competes on the nodes, and only while nobody here holds the lock; a lock that is
// given back may pass to it directly. Owns no operation: a waiter that is destroyed is out of its
// queue. Strand only.
#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/instant.hpp"

namespace redlock::manager {

class held_lock;
struct won_lease;
class local_queue;

/// What stands in a queue.
class queue_member
    : public boost::intrusive::list_base_hook<
          boost::intrusive::link_mode<boost::intrusive::link_mode_type::auto_unlink>> {
  public:
    queue_member() = default;
    queue_member(const queue_member&) = delete;
    queue_member& operator=(const queue_member&) = delete;
    virtual ~queue_member() = default;

    /// It has become the first, and nobody here holds the lock: compete on the nodes. Called at
    /// most once, from inside what the one before it, or the holder, is doing.
    virtual void compete() = 0;
    /// Whether it could take over what somebody else in this process acquired.
    [[nodiscard]] virtual bool may_take_over() const = 0;
    /// How long a lease it wants, and how long before its end it wants to hear of the loss.
    [[nodiscard]] virtual std::chrono::milliseconds lease_time() const = 0;
    [[nodiscard]] virtual core::duration stop_margin() const = 0;
    /// It is handed the lease of `from`, which ends.
    virtual void take_over(held_lock& from, won_lease won) = 0;

  private:
    friend class local_queue;
    friend class local_queues;
    local_queue* queue_ = nullptr;
    bool competes_ = false;
};

/// One resource's.
class local_queue {
    friend class local_queues;
    using members =
        boost::intrusive::list<queue_member, boost::intrusive::constant_time_size<false>>;

    const std::string* resource_ = nullptr;  // its key among the queues
    members members_;
    std::size_t waiting_ = 0;
    held_lock* holder_ = nullptr;
};

class local_queues {
  public:
    /// Stands at the end of the queue. True if it is first and nobody here holds the lock: it
    /// competes, and `compete` is not called.
    [[nodiscard]] bool join(queue_member& member, const std::string& resource);
    /// Out of the queue without the lock, if it stood in one; the next may compete.
    void leave(queue_member& member);
    /// How many wait for `resource`.
    [[nodiscard]] std::size_t waiting(const std::string& resource) const;
    /// The same beside `member`, which waits for it too or stands in no queue.
    [[nodiscard]] std::size_t waiting_beside(const queue_member& member,
                                             const std::string& resource) const;

    /// `held` was acquired on the nodes, by `member` or by one that stood in no queue.
    void acquired(queue_member& member, held_lock& held);
    /// Who is first behind `held`; null if nobody waits.
    [[nodiscard]] static queue_member* first_behind(const held_lock& held);
    /// The lock of `from` passed to `to` of `member`, who was first behind it.
    static void passed(held_lock& from, queue_member& member, held_lock& to);
    /// `held` was given back or lost: the first may compete. True if it does so from now on.
    bool ended(held_lock& held);

  private:
    using queues = std::unordered_map<std::string, local_queue>;

    local_queue& queue_of(const std::string& resource);
    static void unlink(queue_member& member);
    bool go_on(local_queue& queue);

    queues queues_;
    /// Lines that are over, to be used again: most last as long as one uncontended lock.
    std::vector<queues::node_type> spare_;
};

}  // namespace redlock::manager
