#include "driver/native_command.hpp"

#include <fmt/format.h>

#include <functional>

#include "driver/script_call.hpp"
#include "redis/wire/resp_writer.hpp"

namespace redlock::driver {

using redis::conditional_delete;

native_command::native_command(char kind, std::string_view verb, std::string_view resource,
                               std::string_view option,
                               std::initializer_list<std::string_view> arguments)
    : resource_(resource), share_(script_call::shared_as(kind)) {
    std::size_t count = arguments.size() + 2;
    std::size_t room = redis::longest_head + redis::size_of_arg(verb.size()) +
                       redis::size_of_arg(resource.size()) + redis::size_of_arg(option.size());
    for (const std::string_view each : arguments) {
        room += redis::size_of_arg(each.size());
    }
    encoded_.resize(room);
    char* const begin = encoded_.data();
    char* end = redis::put_head(begin, count + (option.empty() ? 0 : 1));
    end = redis::put_arg(end, verb);
    share_.keys_at = static_cast<std::uint32_t>(end - begin);
    end = redis::put_arg(end, resource);
    share_.keys_size = static_cast<std::uint32_t>(end - begin) - share_.keys_at;
    if (!option.empty()) {
        end = redis::put_arg(end, option);
    }
    share_.arguments_at = static_cast<std::uint32_t>(end - begin);
    for (const std::string_view each : arguments) {
        end = redis::put_arg(end, each);
    }
    encoded_.resize(static_cast<std::size_t>(end - begin));
    share_.first_key = std::hash<std::string_view>{}(resource);
    share_.keys = 1;
    share_.arguments = static_cast<std::uint8_t>(arguments.size());
}

native_command native_command::release(conditional_delete how, std::string_view resource,
                                       std::string_view token) {
    return how == conditional_delete::delex
               ? native_command{'r', "DELEX", resource, "IFEQ", {token}}
               : native_command{'r', "DELIFEQ", resource, {}, {token}};
}

native_command native_command::acquire(std::string_view resource, std::string_view token,
                                       std::chrono::milliseconds lease_time) {
    const fmt::format_int lease{lease_time.count()};
    return {'s', "SET", resource, {}, {token, "NX", "PX", {lease.data(), lease.size()}}};
}

redis::command native_command::command() const {
    return {.encoded = encoded_, .key = resource_, .share = share_};
}

}  // namespace redlock::driver
