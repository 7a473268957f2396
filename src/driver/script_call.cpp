#include "driver/script_call.hpp"

#include <cassert>
#include <span>

#include "redis/wire/resp_writer.hpp"

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

inline std::size_t script_argument::room() const {
    switch (kind_) {
        case kind::missing:
        case kind::text:
            return redis::size_of_arg(text_.size());
        case kind::pieces:
            return redis::size_of_arg(pieces_->size());
        case kind::number:
        case kind::negative:
            break;
    }
    return redis::longest_number_arg;
}

inline char* script_argument::put(char* to) const {
    switch (kind_) {
        case kind::missing:
        case kind::text:
            break;
        case kind::pieces:
            return redis::put_arg(to, {pieces_->before, pieces_->resource, pieces_->after});
        case kind::number:
            return redis::put_arg(to, number_);
        case kind::negative:
            return redis::put_arg(to, static_cast<std::int64_t>(number_));
    }
    return redis::put_arg(to, text_);
}

script_call::script_call(const scripts::script& script, list keys, list arguments)
    : script_(&script) {
    const auto given_keys = given_of(keys);
    const auto given_arguments = given_of(arguments);
    argument_count_ = 3 + given_keys.size() + given_arguments.size();
    constexpr std::string_view evalsha = "EVALSHA";

    // Written in one piece, and cut to its size at the end: there are two of these for each lock.
    std::size_t room = redis::longest_head + redis::size_of_arg(evalsha.size()) +
                       redis::size_of_arg(script.sha1.size()) + redis::longest_number_arg;
    for (const auto each : {given_keys, given_arguments}) {
        for (const script_argument& argument : each) {
            room += argument.room();
        }
    }
    encoded_.resize(room);
    char* end = redis::put_head(encoded_.data(), argument_count_);
    end = redis::put_arg(end, evalsha);
    end = redis::put_arg(end, script.sha1);
    tail_ = static_cast<std::size_t>(end - encoded_.data());
    end = redis::put_arg(end, std::uint64_t{given_keys.size()});
    if (!given_keys.empty()) {
        assert(given_keys.front().kind_ == script_argument::kind::text);
        key_size_ = given_keys.front().text_.size();
        key_at_ = static_cast<std::size_t>(end - encoded_.data()) + redis::size_of_arg(key_size_) -
                  2 - key_size_;
    }
    for (const auto each : {given_keys, given_arguments}) {
        for (const script_argument& argument : each) {
            end = argument.put(end);
        }
    }
    encoded_.resize(static_cast<std::size_t>(end - encoded_.data()));
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
