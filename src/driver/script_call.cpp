#include "driver/script_call.hpp"

#include "redis/resp_writer.hpp"

namespace redlock::driver {

namespace {

/// Empty keys and arguments at the end stand for "not given": the caller need not build lists.
std::size_t count_given(std::initializer_list<std::string_view> list) {
    std::size_t given = list.size();
    while (given > 0 && (list.begin() + given - 1)->data() == nullptr) {
        --given;
    }
    return given;
}

}  // namespace

script_call::script_call(const scripts::script& script,
                         std::initializer_list<std::string_view> keys,
                         std::initializer_list<std::string_view> arguments)
    : script_(&script) {
    const std::size_t key_count = count_given(keys);
    const std::size_t value_count = count_given(arguments);
    argument_count_ = 3 + key_count + value_count;
    redis::resp_writer writer{encoded_};
    writer.begin(argument_count_);
    writer.arg(std::string_view{"EVALSHA"});
    writer.arg(script.sha1);
    tail_ = encoded_.size();
    writer.arg(key_count);
    for (std::size_t i = 0; i < key_count; ++i) {
        writer.arg(*(keys.begin() + i));
    }
    for (std::size_t i = 0; i < value_count; ++i) {
        writer.arg(*(arguments.begin() + i));
    }
}

std::string script_call::by_body() const {
    std::string encoded;
    redis::resp_writer writer{encoded};
    writer.begin(argument_count_);
    writer.arg(std::string_view{"EVAL"});
    writer.arg(script_->body);
    encoded.append(encoded_, tail_);
    return encoded;
}

}  // namespace redlock::driver
