// The blocking client; see redis_peer.hpp.
#include "support/redis_peer.hpp"

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <cstddef>
#include <stdexcept>

namespace redlock::support {
namespace {

constexpr timeval patience{5, 0};

struct reply_deleter {
    void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};

std::string shown(const redisReply& reply) {
    switch (reply.type) {
        case REDIS_REPLY_NIL:
            return "(nil)";
        case REDIS_REPLY_INTEGER:
            return std::to_string(reply.integer);
        case REDIS_REPLY_ERROR:
            return "(error) " + std::string{reply.str, static_cast<std::size_t>(reply.len)};
        case REDIS_REPLY_ARRAY: {
            std::string lines;
            for (std::size_t i = 0; i < static_cast<std::size_t>(reply.elements); ++i) {
                lines += (i == 0 ? "" : "\n") + shown(*reply.element[i]);
            }
            return lines;
        }
        default:
            return {reply.str, static_cast<std::size_t>(reply.len)};
    }
}

}  // namespace

redis_peer::redis_peer(std::uint16_t port)
    : context_(redisConnectWithTimeout("127.0.0.1", port, patience), &redisFree) {
    if (context_ == nullptr || context_->err != 0) {
        throw std::runtime_error("redis-server cannot be reached");
    }
    redisSetTimeout(context_.get(), patience);
}

std::string redis_peer::ask(const std::vector<std::string>& arguments) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& argument : arguments) {
        texts.push_back(argument.data());
        sizes.push_back(argument.size());
    }
    return shown_and_freed(redisCommandArgv(context_.get(), static_cast<int>(texts.size()),
                                            texts.data(), sizes.data()));
}

std::string redis_peer::next() {
    void* reply = nullptr;
    // Of a failure the reply tells as well: there is none.
    static_cast<void>(redisGetReply(context_.get(), &reply));
    return shown_and_freed(reply);
}

std::string redis_peer::shown_and_freed(void* reply) const {
    const std::unique_ptr<redisReply, reply_deleter> owned{static_cast<redisReply*>(reply)};
    if (owned == nullptr) {
        throw std::runtime_error(std::string{"redis-server: "} + context_->errstr);
    }
    return shown(*owned);
}

}  // namespace redlock::support
