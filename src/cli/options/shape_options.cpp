#include "cli/options/shape_options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <ranges>
#include <string_view>
#include <system_error>

#include "cli/base/escape.hpp"
#include "cli/options/common_options.hpp"
#include "cli/options/invocation.hpp"

namespace redlock::cli {

namespace {

std::size_t number_of_permits(const std::string& text) {
    std::size_t number = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number);
    if (error != std::errc{} || end != last || number == 0 || number > semaphore::max_permits) {
        throw CLI::ValidationError(
            "--permits", fmt::format("'{}' is no number of permits: give one from 1 to {}",
                                     printable(text), semaphore::max_permits));
    }
    return number;
}

}  // namespace

void shape_options::add_permits_to(CLI::App& command, const std::string& help) {
    command
        .add_option_function<std::string>(
            "--permits", [this](const std::string& text) { permits = number_of_permits(text); },
            help)
        ->type_name("N");
}

void shape_options::add_also_to(CLI::App& command, const std::string& help) {
    command.add_option("--also", also, help)
        ->allow_extra_args(false)
        ->check(valid_resource())
        ->type_name("RESOURCE");
}

lock_shape shape_options::chosen(const std::string& subcommand, bool shared) const {
    const auto refuse = [&](std::string_view both, std::string_view why, std::string_view instead) {
        throw usage_error(fmt::format("{}: {} do not go together: {}; leave one of the two out{}",
                                      subcommand, both, why, instead));
    };
    const std::string_view both_in_turn =
        subcommand == "run"       ? ", or run one redlock inside the other"
        : subcommand == "acquire" ? ", or acquire one lock after the other"
                                  : "";
    if (permits && !also.empty()) {
        refuse("--permits and --also", "a semaphore has one name", both_in_turn);
    }
    if (shared && !also.empty()) {
        refuse("--shared and --also", "a lock of several resources is exclusive", both_in_turn);
    }
    if (permits && shared) {
        refuse("--permits and --shared",
               "a permit excludes only those beyond the number of permits", "");
    }
    return permits         ? lock_shape::permit
           : !also.empty() ? lock_shape::several
           : shared        ? lock_shape::shared
                           : lock_shape::exclusive;
}

std::vector<resource_name> shape_options::names(const std::string& resource) const {
    std::vector<resource_name> all{resource};
    all.insert(all.end(), also.begin(), also.end());
    return all;
}

std::string shape_options::title(const std::string& resource) const {
    constexpr std::size_t most_beside = 2;
    std::string text = resource;
    for (const std::string& each : also | std::views::take(most_beside)) {
        text += ", " + each;
    }
    return also.size() > most_beside
               ? fmt::format("{} and {} more", text, also.size() - most_beside)
               : text;
}

}  // namespace redlock::cli
