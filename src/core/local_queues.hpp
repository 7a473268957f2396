// Who in this process holds a resource and who waits for it, first come first served. Only the
// first of a queue competes on the nodes, and only while nobody here holds the lock; a lock that is
// given back may pass to it directly. Owns neither members nor holders: a member that is destroyed
// is out of its queue. Pure; used by one strand at a time.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <utility>
#include <vector>

#include "redlock/types.hpp"

namespace redlock::core {

class local_queue;
/// With its name, as it lies among the others.
using named_queue = std::pair<const resource_name, local_queue>;

/// A waiter in a queue.
class queue_member {
  public:
    queue_member() = default;
    queue_member(const queue_member&) = delete;
    queue_member& operator=(const queue_member&) = delete;
    virtual ~queue_member();

    /// It has become the first, and nobody here holds the lock: compete on the nodes. Called at
    /// most once, from inside what the one before it, or the holder, is doing.
    virtual void compete() = 0;

  private:
    friend class local_queue;
    friend class local_queues;
    named_queue* queue_ = nullptr;
    queue_member* next_ = nullptr;  // in a ring: behind the last the first
    queue_member* previous_ = nullptr;
    bool competes_ = false;
};

/// The holder of a resource within its process.
class queue_holder {
  public:
    queue_holder() = default;
    queue_holder(const queue_holder&) = delete;
    queue_holder& operator=(const queue_holder&) = delete;

  protected:
    ~queue_holder() = default;

  private:
    friend class local_queues;
    named_queue* queue_ = nullptr;  // null when it has ended, or was never in one
};

/// One resource's. There is one for each held lock, so it is small: a list with a root of its own,
/// or the name as a string, would double it.
class local_queue {
    friend class local_queues;
    friend class queue_member;

  public:
    local_queue() = default;
    local_queue(const local_queue&) = delete;
    local_queue& operator=(const local_queue&) = delete;
    /// Members may outlive it; they stand nowhere then.
    ~local_queue();

  private:
    void push_back(queue_member& member);
    void remove(queue_member& member);

    queue_member* first_ = nullptr;
    queue_holder* holder_ = nullptr;
    std::size_t waiting_ = 0;
};

class local_queues {
  public:
    /// Stands at the end of the queue. True if it is first and nobody here holds the lock: it
    /// competes, and `compete` is not called.
    [[nodiscard]] bool join(queue_member& member, const resource_name& resource);
    /// Out of the queue without the lock, if it stood in one; the next may compete.
    void leave(queue_member& member);
    /// How many wait for `resource`.
    [[nodiscard]] std::size_t waiting(const resource_name& resource) const;
    /// The same beside `member`, which waits for it too or stands in no queue.
    [[nodiscard]] std::size_t waiting_beside(const queue_member& member,
                                             const resource_name& resource) const;

    /// `member` won `resource` on the nodes, and `holder` has it now. It need not have been in a
    /// queue.
    void acquired(queue_member& member, queue_holder& holder, const resource_name& resource);
    /// The first behind `holder`; null if nobody waits.
    [[nodiscard]] static queue_member* first_behind(const queue_holder& holder);
    /// `from` handed its lock to `to`, which belongs to `member`, the first behind `from`.
    static void passed(queue_holder& from, queue_member& member, queue_holder& to);
    /// The lock of `holder` was given back or lost: the first may compete. True if it does so from
    /// now on.
    bool ended(queue_holder& holder);

  private:
    using queues = std::unordered_map<resource_name, local_queue>;

    named_queue& queue_of(const resource_name& resource);
    static void unlink(queue_member& member);
    bool go_on(named_queue& queue);

    queues queues_;
    /// Lines that are over, to be used again: most last as long as one uncontended lock.
    std::vector<queues::node_type> spare_;
};

}  // namespace redlock::core
