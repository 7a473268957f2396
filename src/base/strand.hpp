// The strand of a manager and the event loop below it. What is read from a socket is completed on
// the event loop and enters the strand by itself, so that something can be done on the same thread
// once the strand is left; see turn_end.hpp.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <utility>

#include "base/recycled.hpp"

namespace redlock::base {

namespace detail {

/// Nearly every executor is this one, and a strand that knows it spares all that an
/// any_io_executor costs.
using usual_strand = boost::asio::strand<boost::asio::io_context::executor_type>;
using other_strand = boost::asio::strand<boost::asio::any_io_executor>;

/// Calls `what(strand)` with the type that `strand` has.
template <class What>
decltype(auto) with_type_of(const boost::asio::any_io_executor& strand, What&& what) {
    if (const auto* const usual = strand.target<usual_strand>()) {
        return what(*usual);
    }
    if (const auto* const other = strand.target<other_strand>()) {
        return what(*other);
    }
    return what(strand);
}

}  // namespace detail

/// The same function, which Asio keeps in memory that is used again while it waits or is queued:
/// by itself Asio uses two blocks a thread again.
template <class What>
[[nodiscard]] auto in_used_memory(What&& what) {
    return boost::asio::bind_allocator(recycled<void>{}, std::forward<What>(what));
}

[[nodiscard]] inline boost::asio::any_io_executor make_strand_on(
    const boost::asio::any_io_executor& below) {
    if (const auto* const usual = below.target<boost::asio::io_context::executor_type>()) {
        return detail::usual_strand{*usual};
    }
    return detail::other_strand{below};
}

/// What a strand was made on; the executor itself if it is no strand of ours.
[[nodiscard]] inline boost::asio::any_io_executor below(
    const boost::asio::any_io_executor& strand) {
    if (const auto* const usual = strand.target<detail::usual_strand>()) {
        return usual->get_inner_executor();
    }
    if (const auto* const other = strand.target<detail::other_strand>()) {
        return other->get_inner_executor();
    }
    return strand;
}

/// Whether the caller is on this strand of ours.
[[nodiscard]] inline bool is_on(const boost::asio::any_io_executor& strand) {
    const auto* const usual = strand.target<detail::usual_strand>();
    const auto* const other = strand.target<detail::other_strand>();
    return (usual != nullptr && usual->running_in_this_thread()) ||
           (other != nullptr && other->running_in_this_thread());
}

/// As asio::post to `below(strand)`, at less cost.
template <class What>
void post_below(const boost::asio::any_io_executor& strand, What&& what) {
    if (const auto* const usual = strand.target<detail::usual_strand>()) {
        boost::asio::post(usual->get_inner_executor(), in_used_memory(std::forward<What>(what)));
    } else {
        boost::asio::post(below(strand), std::forward<What>(what));
    }
}

/// As asio::post, at less cost.
template <class What>
void post_to(const boost::asio::any_io_executor& where, What&& what) {
    if (const auto* const usual = where.target<boost::asio::io_context::executor_type>()) {
        boost::asio::post(*usual, in_used_memory(std::forward<What>(what)));
        return;
    }
    detail::with_type_of(where, [&](const auto& typed) {
        boost::asio::post(typed, in_used_memory(std::forward<What>(what)));
    });
}

/// As asio::dispatch, at less cost.
template <class What>
void dispatch_to(const boost::asio::any_io_executor& strand, What&& what) {
    detail::with_type_of(strand, [&](const auto& typed) {
        boost::asio::dispatch(typed, in_used_memory(std::forward<What>(what)));
    });
}

}  // namespace redlock::base
