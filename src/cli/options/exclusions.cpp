#include "cli/options/exclusions.hpp"

#include <fmt/format.h>

#include "cli/options/invocation.hpp"

namespace redlock::cli {

void refuse_beside(const CLI::App& command, std::string_view option,
                   std::span<const ruled_out> others) {
    for (const auto& [other, why] : others) {
        if (command.get_option(other)->count() > 0) {
            throw usage_error(fmt::format("{}: {} and {} exclude each other: {}",
                                          command.get_name(), option, other, why));
        }
    }
}

}  // namespace redlock::cli
