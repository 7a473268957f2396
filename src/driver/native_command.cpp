#include "driver/native_command.hpp"

#include <fmt/format.h>

#include <functional>

#include "driver/script_call.hpp"
#include "redis/wire/resp_writer.hpp"

namespace redlock::driver {

using redis::conditional_delete;

native_command::native_command(std::initializer_list<std::string_view> words)
    : resource_(words.begin()[1]) {
    std::size_t room = redis::longest_head;
    for (const std::string_view word : words) {
        room += redis::size_of_arg(word.size());
    }
    encoded_.resize(room);
    char* end = redis::put_head(encoded_.data(), words.size());
    for (const std::string_view word : words) {
        end = redis::put_arg(end, word);
    }
    encoded_.resize(static_cast<std::size_t>(end - encoded_.data()));
}

native_command native_command::release(conditional_delete how, std::string_view resource,
                                       std::string_view token) {
    const bool is_option = how == conditional_delete::delex;
    const std::string_view verb = is_option ? "DELEX" : "DELIFEQ";
    native_command it = is_option ? native_command{{verb, resource, "IFEQ", token}}
                                  : native_command{{verb, resource, token}};
    // As a request it has the same key, which follows the verb, and the same value, which is last.
    const auto size_of = [](std::string_view word) {
        return static_cast<std::uint32_t>(redis::size_of_arg(word.size()));
    };
    it.share_ = script_call::shared_as('r');
    it.share_.keys_at = static_cast<std::uint32_t>(it.encoded_.find('$')) + size_of(verb);
    it.share_.keys_size = size_of(resource);
    it.share_.arguments_at = static_cast<std::uint32_t>(it.encoded_.size()) - size_of(token);
    it.share_.first_key = std::hash<std::string_view>{}(resource);
    it.share_.keys = it.share_.arguments = 1;
    return it;
}

native_command native_command::acquire(std::string_view resource, std::string_view token,
                                       std::chrono::milliseconds lease_time) {
    const fmt::format_int lease{lease_time.count()};
    return native_command{{"SET", resource, token, "NX", "PX", {lease.data(), lease.size()}}};
}

redis::command native_command::command() const {
    return {.encoded = encoded_, .key = resource_, .share = share_};
}

}  // namespace redlock::driver
