// Leaving the fair line of a resource. Strand only.
#pragma once

#include <string>

#include "core/node_set.hpp"
#include "driver/node_pool.hpp"

namespace redlock::driver {

/// Takes the place `id` out of the line on those of `whom` that can be told. Where it cannot be, or
/// where the word is lost, the place is passed over when its turn comes, and forgotten when its
/// lease ends.
void leave_line(node_pool& pool, const std::string& resource, const std::string& id,
                core::node_set whom);

}  // namespace redlock::driver
