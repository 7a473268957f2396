// Which permits of a semaphore no client will get, however long it waits. Main thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <redlock/error.hpp>
#include <redlock/lock_manager.hpp>
#include <string>

#include "cli/options/shape_options.hpp"

namespace redlock::cli {

/// To be asked when an acquisition failed with `error`: of a permit that was contended, a sentence
/// that names the slots whose keys never expire or are no locks. Else, and if the nodes cannot
/// tell, nothing.
[[nodiscard]] boost::asio::awaitable<std::string> stuck_permits(lock_manager& locks,
                                                                const std::string& resource,
                                                                const shape_options& shape,
                                                                const error_code& error);

}  // namespace redlock::cli
