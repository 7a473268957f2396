#include "cli/process/server_program.hpp"

#include <unistd.h>

#include <array>
#include <ranges>

#include "cli/base/environment.hpp"

namespace redlock::cli {

namespace {

bool is_in_path(std::string_view program) {
    for (const auto folder : std::views::split(environment_value("PATH").value_or(""), ':')) {
        std::string file{folder.begin(), folder.end()};
        file.append(file.empty() ? "" : "/").append(program);
        if (::access(file.c_str(), X_OK) == 0) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::string server_program(std::string_view asked) {
    if (asked.empty()) {
        asked = environment_value("REDLOCK_SERVER").value_or("");
    }
    if (!asked.empty()) {
        return std::string{asked};
    }
    constexpr std::array<std::string_view, 2> usual{"redis-server", "valkey-server"};
    for (const std::string_view program : usual) {
        if (is_in_path(program)) {
            return std::string{program};
        }
    }
    return std::string{usual.front()};
}

}  // namespace redlock::cli
