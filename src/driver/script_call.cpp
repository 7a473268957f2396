#include "driver/script_call.hpp"

#include <span>

#include "redis/resp_writer.hpp"

namespace redlock::driver {

namespace {

/// The caller need not build lists.
std::span<const script_argument> given_of(script_call::list list) {
    std::size_t given = list.size();
    while (given > 0 && !(list.begin() + given - 1)->given()) {
        --given;
    }
    return {list.begin(), given};
}

}  // namespace

script_call::script_call(const scripts::script& script, list keys, list arguments)
    : script_(&script) {
    const auto given_keys = given_of(keys);
    const auto given_arguments = given_of(arguments);
    argument_count_ = 3 + given_keys.size() + given_arguments.size();
    constexpr std::string_view evalsha = "EVALSHA";
    const script_argument key_count{given_keys.size()};

    // Written in one piece: there are two of these for each lock.
    redis::resp_writer{encoded_}.begin(argument_count_);
    const std::size_t start = encoded_.size();
    tail_ = start + redis::size_of_arg(evalsha.size()) + redis::size_of_arg(script.sha1.size());
    std::size_t size = tail_ + redis::size_of_arg(key_count.text().size());
    for (const auto each : {given_keys, given_arguments}) {
        for (const script_argument& argument : each) {
            size += redis::size_of_arg(argument.text().size());
        }
    }
    encoded_.resize(size);
    char* end = encoded_.data() + start;
    end = redis::put_arg(end, evalsha);
    end = redis::put_arg(end, script.sha1);
    end = redis::put_arg(end, key_count.text());
    for (const auto each : {given_keys, given_arguments}) {
        for (const script_argument& argument : each) {
            end = redis::put_arg(end, argument.text());
        }
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
