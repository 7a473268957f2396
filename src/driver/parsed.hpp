// What became of a reply: what it said, or why it said nothing.
#pragma once

#include <optional>
#include <string>

#include "redlock/error.hpp"

namespace redlock::driver {

/// A reply that was no vote in favour or against: why.
struct refusal {
    error_code cause;
    std::string message;
};

/// Error replies and replies of the wrong shape become a refusal; for anything else `vote` is set.
template <class Vote>
struct parsed {
    std::optional<Vote> vote;
    refusal why;
};

}  // namespace redlock::driver
