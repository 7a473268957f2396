// The strand of a manager and the event loop below it. What is read from a socket is completed on
// the event loop and enters the strand by itself, so that something can be done on the same thread
// once the strand is left; see turn_end.hpp.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <utility>

namespace redlock::base {

namespace detail {

/// Nearly every executor is this one, and a strand that knows it spares all that an
/// any_io_executor costs.
using usual_strand = boost::asio::strand<boost::asio::io_context::executor_type>;
using other_strand = boost::asio::strand<boost::asio::any_io_executor>;

}  // namespace detail

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
        boost::asio::post(usual->get_inner_executor(), std::forward<What>(what));
    } else {
        boost::asio::post(below(strand), std::forward<What>(what));
    }
}

/// As asio::post, at less cost.
template <class What>
void post_to(const boost::asio::any_io_executor& where, What&& what) {
    if (const auto* const usual = where.target<boost::asio::io_context::executor_type>()) {
        boost::asio::post(*usual, std::forward<What>(what));
    } else {
        boost::asio::post(where, std::forward<What>(what));
    }
}

/// As asio::dispatch, at less cost.
template <class What>
void dispatch_to(const boost::asio::any_io_executor& strand, What&& what) {
    if (const auto* const usual = strand.target<detail::usual_strand>()) {
        boost::asio::dispatch(*usual, std::forward<What>(what));
    } else if (const auto* const other = strand.target<detail::other_strand>()) {
        boost::asio::dispatch(*other, std::forward<What>(what));
    } else {
        boost::asio::dispatch(strand, std::forward<What>(what));
    }
}

}  // namespace redlock::base
