#include "redlock/resource_names.hpp"

#include <algorithm>
#include <utility>

namespace redlock {

std::vector<resource_name> resource_names::sorted() && {
    std::ranges::sort(names_);
    return std::move(names_);
}

}  // namespace redlock
