#include "driver/script_call.hpp"

#include <cassert>
#include <functional>
#include <span>

#include "redis/wire/resp_writer.hpp"

namespace redlock::driver {

namespace {

/// The caller need not build lists.
std::span<const script_argument> given_of(std::span<const script_argument> list) {
    std::size_t given = list.size();
    while (given > 0 && !list[given - 1].given()) {
        --given;
    }
    return list.first(given);
}

/// By which its batch knows a request; 0 for a script that is none.
char kind_of(const scripts::script& script) {
    return &script == &scripts::acquire || &script == &scripts::acquire_shared   ? 'a'
           : &script == &scripts::extend || &script == &scripts::extend_shared   ? 'e'
           : &script == &scripts::release || &script == &scripts::release_shared ? 'r'
                                                                                 : '\0';
}

bool is_of_readers(const scripts::script& script) {
    return &script == &scripts::acquire_shared || &script == &scripts::extend_shared ||
           &script == &scripts::release_shared;
}

std::string opening(std::string_view verb, std::string_view script) {
    std::string encoded;
    redis::resp_writer writer{encoded};
    writer.arg(verb);
    writer.arg(script);
    return encoded;
}

const redis::shared_call& by_digest_together() {
    static const std::string words = opening("EVALSHA", scripts::batch.sha1);
    static const redis::shared_call call{words};
    return call;
}

const redis::shared_call& by_body_together() {
    static const std::string words = opening("EVAL", scripts::batch.body);
    static const redis::shared_call call{words};
    return call;
}

const redis::shared_call& readers_by_digest_together() {
    static const std::string words = opening("EVALSHA", scripts::batch_shared.sha1);
    static const redis::shared_call call{words};
    return call;
}

const redis::shared_call& readers_by_body_together() {
    static const std::string words = opening("EVAL", scripts::batch_shared.body);
    static const redis::shared_call call{words};
    return call;
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
    : script_call(script, given_of({keys.begin(), keys.size()}),
                  given_of({arguments.begin(), arguments.size()})) {}

script_call::script_call(const scripts::script& script, std::span<const script_argument> keys,
                         list arguments)
    : script_call(script, given_of(keys), given_of({arguments.begin(), arguments.size()})) {}

script_call::script_call(const scripts::script& script, std::span<const script_argument> given_keys,
                         std::span<const script_argument> given_arguments)
    : script_(&script), argument_count_(3 + given_keys.size() + given_arguments.size()) {
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
    const char* const keys_begin = end;
    for (const script_argument& key : given_keys) {
        end = key.put(end);
    }
    const char* const arguments_begin = end;
    for (const script_argument& argument : given_arguments) {
        end = argument.put(end);
    }
    if (const char kind = kind_of(script); kind != 0) {
        share_ = shared_as(kind);
        if (is_of_readers(script)) {
            share_.call = &readers_by_digest_together();
        }
        share_.keys_at = static_cast<std::uint32_t>(keys_begin - encoded_.data());
        share_.keys_size = static_cast<std::uint32_t>(arguments_begin - keys_begin);
        share_.arguments_at = static_cast<std::uint32_t>(arguments_begin - encoded_.data());
        share_.first_key = std::hash<std::string_view>{}(key());
        share_.keys = static_cast<std::uint8_t>(given_keys.size());
        share_.arguments = static_cast<std::uint8_t>(given_arguments.size());
    }
    encoded_.resize(static_cast<std::size_t>(end - encoded_.data()));
}

redis::shareable script_call::shared_as(char kind) {
    return {.call = &by_digest_together(), .kind = kind};
}

redis::command script_call::command() const {
    return {.encoded = encoded_, .key = key(), .share = share_};
}

redis::command script_call::command_by(const std::string& body) const {
    redis::shareable share = share_;
    if (share.call != nullptr) {
        const auto longer = static_cast<std::uint32_t>(body.size() - encoded_.size());
        share.call = is_of_readers(*script_) ? &readers_by_body_together() : &by_body_together();
        share.keys_at += longer;
        share.arguments_at += longer;
    }
    return {.encoded = body, .key = key(), .share = share};
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
