#include "driver/native_release.hpp"

#include <functional>

#include "driver/script_call.hpp"
#include "redis/wire/resp_writer.hpp"

namespace redlock::driver {

using redis::conditional_delete;

native_release::native_release(conditional_delete how, std::string_view resource,
                               std::string_view token)
    : how_(how), resource_(resource) {
    const bool is_option = how == conditional_delete::delex;
    redis::resp_writer writer{encoded_};
    writer.begin(is_option ? 4 : 3);
    writer.arg(std::string_view{is_option ? "DELEX" : "DELIFEQ"});
    const std::size_t keys_at = encoded_.size();
    writer.arg(resource);
    const std::size_t keys_end = encoded_.size();
    if (is_option) {
        writer.arg(std::string_view{"IFEQ"});
    }
    share_ = script_call::shared(scripts::release);
    share_.keys_at = static_cast<std::uint32_t>(keys_at);
    share_.keys_size = static_cast<std::uint32_t>(keys_end - keys_at);
    share_.arguments_at = static_cast<std::uint32_t>(encoded_.size());
    share_.first_key = std::hash<std::string_view>{}(resource);
    share_.keys = share_.arguments = 1;
    writer.arg(token);
}

redis::command native_release::command() const {
    return {.encoded = encoded_, .key = resource_, .share = share_};
}

}  // namespace redlock::driver
