// Who in this process holds a resource and who waits for it, first come first served. Only the
// first of a queue competes on the nodes, and only while nobody here holds the lock, or, of a
// semaphore, fewer than there are permits; a lock that is given back may pass to it directly. Owns
// neither members nor holders: a member that is destroyed is out of its queue. Pure; used by one
// strand at a time.
#pragma once

#include <cstddef>
#include <cstdint>
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
    queue_holder* holder_ = nullptr;  ///< Of a lock, not of a permit.
    std::uint32_t waiting_ = 0;
    std::uint16_t holders_ = 0;  ///< Of permits,
    std::uint16_t permits_ = 0;  ///< of which there are so many.
};

class local_queues {
  public:
    /// Stands at the end of the queue. True if it is first and nobody here holds the lock: it
    /// competes, and `compete` is not called.
    [[nodiscard]] bool join(queue_member& member, const resource_name& resource);
    /// The same for one of `permits`: true if it is first and fewer are held here.
    [[nodiscard]] bool join_for_permit(queue_member& member, const resource_name& resource,
                                       std::uint16_t permits);
    /// Out of the queue without the lock, if it stood in one; the next may compete.
    void leave(queue_member& member);
    /// Whether it stands in a queue.
    [[nodiscard]] static bool has(const queue_member& member) { return member.queue_ != nullptr; }
    /// How many wait for `resource`.
    [[nodiscard]] std::size_t waiting(const resource_name& resource) const;
    /// The same beside `member`, which waits for it too or stands in no queue.
    [[nodiscard]] std::size_t waiting_beside(const queue_member& member,
                                             const resource_name& resource) const;

    /// `member` won `resource` on the nodes, and `holder` has it now. It need not have been in a
    /// queue.
    void acquired(queue_member& member, queue_holder& holder, const resource_name& resource);
    /// The same for one of `permits`; the next in the queue may compete.
    void acquired_permit(queue_member& member, queue_holder& holder, const resource_name& resource,
                         std::uint16_t permits);
    /// The first behind `holder`; null if nobody waits.
    [[nodiscard]] static queue_member* first_behind(const queue_holder& holder);
    /// The next behind `member`; null if it is the last.
    [[nodiscard]] static queue_member* next_behind(const queue_member& member);
    /// `from` handed its lock to `to`, which belongs to `member`, one of those behind `from`.
    void passed(queue_holder& from, queue_member& member, queue_holder& to);
    /// The lock of `holder` was given back or lost: the first may compete. True if it does so from
    /// now on.
    bool ended(queue_holder& holder);

  private:
    using queues = std::unordered_map<resource_name, local_queue>;

    named_queue& queue_of(const resource_name& resource);
    [[nodiscard]] static bool is_held_up(const local_queue& queue);
    static void unlink(queue_member& member);
    bool go_on(named_queue& queue);

    queues queues_;
    /// Lines that are over, to be used again: most last as long as one uncontended lock.
    std::vector<queues::node_type> spare_;
};

}  // namespace redlock::core
