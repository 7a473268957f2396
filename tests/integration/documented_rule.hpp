// The rules that docs/keys-and-acl.md shows, read from the page itself. Any thread.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace redlock::integration {

/// The words of "ACL SETUSER USER ..." on the page.
inline std::vector<std::string> documented_rule(const std::string& user) {
    std::ifstream page{REDLOCK_ROOT "/docs/keys-and-acl.md"};
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("ACL SETUSER " + user + " ")) {
            std::istringstream cut{line};
            return {std::istream_iterator<std::string>{cut}, {}};
        }
    }
    ADD_FAILURE() << "the page has no rule for " << user;
    return {};
}

}  // namespace redlock::integration
