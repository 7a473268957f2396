// Asks the nodes how they are, and who has the locks of some patterns. Main thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <redlock/lock_manager.hpp>
#include <redlock/options.hpp>
#include <string>
#include <vector>

#include "cli/exporter/sighting.hpp"

namespace redlock::cli {

struct survey_options {
    manager_options settings;           ///< Those of the manager, for the doctor's judgement.
    std::vector<std::string> patterns;  ///< Globs over names of locks.
    std::size_t most_locks = 100;       ///< Of each pattern.
};

/// One round. A node that does not answer costs its timeout, and the others are seen all the same.
[[nodiscard]] boost::asio::awaitable<sighting> take_survey(lock_manager& locks,
                                                           const survey_options& options);

}  // namespace redlock::cli
