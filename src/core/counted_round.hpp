// A round that an attempt and the lock that it is about both refer to. The count of those who do
// lies inside: there is one such round for each lock, and beside it the count would cost each
// pointer to it as much again. Any thread may let go of one; a lock may be destroyed on any.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "base/recycled.hpp"

namespace redlock::core {

template <class Round>
using round_ptr = boost::intrusive_ptr<Round>;

/// A base of `Round`. A copy has its own count.
template <class Round>
struct counted_round : base::in_recycled_memory,
                       boost::intrusive_ref_counter<Round, boost::thread_safe_counter> {};

}  // namespace redlock::core
