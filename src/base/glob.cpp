#include "base/glob.hpp"

#include <fnmatch.h>

namespace redlock::base {

bool matches_glob(const std::string& pattern, const std::string& text) noexcept {
    return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

}  // namespace redlock::base
