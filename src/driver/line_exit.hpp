// Leaving the fair line of a resource. Strand only.
#pragma once

#include <string>

#include "core/node_set.hpp"
#include "driver/line_place.hpp"
#include "driver/node_pool.hpp"

namespace redlock::driver {

/// Takes the place `id`, and the call for it, out of the line on those of `whom` that answer, and
/// on the others as soon as they do. Until then the place is passed over when its turn comes, and
/// it is forgotten when its lease ends.
void leave_line(node_pool& pool, const std::string& resource, const std::string& id,
                core::node_set whom);

}  // namespace redlock::driver
