#include "cli/run/run_context.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>

namespace redlock::cli {

std::string usual_label(std::string_view host, int process, std::string_view program) {
    constexpr std::size_t longest = 200;
    return fmt::format("{}:{} {}", host, process,
                       program.substr(program.rfind('/') + 1).substr(0, longest));
}

std::string usual_label(std::string_view program) {
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    return usual_label(host.data(), ::getpid(), program);
}

std::vector<std::string> run_context::variables() const {
    std::vector<std::string> given{"REDLOCK_RESOURCE=" + resource, "REDLOCK_TOKEN=" + token.str(),
                                   fmt::format("REDLOCK_FENCING_TOKEN={}", fencing.value()),
                                   fmt::format("REDLOCK_NODES={}", fmt::join(node_urls, ","))};
    // Else what a lock around this one has would be taken for this one's.
    given.push_back(slot ? fmt::format("REDLOCK_SLOT={}", *slot) : "REDLOCK_SLOT");
    given.push_back(also.empty()
                        ? "REDLOCK_RESOURCES"
                        : fmt::format("REDLOCK_RESOURCES={}\n{}", resource, fmt::join(also, "\n")));
    if (!outer.empty()) {
        given.push_back("REDLOCK_OUTER=" + outer);
    }
    // Nodes refuse clients with other settings, and a redlock below us is a client of the same.
    if (!configuration_file.empty()) {
        std::error_code none;
        const auto from_anywhere = std::filesystem::absolute(configuration_file, none);
        given.push_back("REDLOCK_CONFIG=" + (none ? configuration_file : from_anywhere.string()));
    }
    return given;
}

}  // namespace redlock::cli
