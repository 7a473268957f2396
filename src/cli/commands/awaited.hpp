// The completion token of the command's coroutines: an error is a value to look at, not an
// exception.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace redlock::cli {

inline constexpr auto awaited = boost::asio::as_tuple(boost::asio::use_awaitable);

}  // namespace redlock::cli
