#include "driver/line_exit.hpp"

#include <memory>

#include "driver/acquire_attempt.hpp"
#include "redis/resp_writer.hpp"

namespace redlock::driver {

namespace {

/// Nobody waits for what becomes of it.
struct nobody final : redis::reply_sink {
    void on_reply(std::uint32_t /*tag*/, const redis::reply_view& /*reply*/) override {}
    void on_timeout(std::uint32_t /*tag*/, bool /*maybe_sent*/) override {}
    void on_failure(std::uint32_t /*tag*/, error_code /*cause*/, bool /*maybe_sent*/) override {}
};

}  // namespace

void leave_line(node_pool& pool, const std::string& resource, const std::string& id,
                core::node_set whom) {
    std::string encoded;
    redis::append_command(encoded, {"HDEL", line_key(resource), id});
    const auto sink = std::make_shared<nobody>();
    whom.for_each([&](node_index node) {
        // Behind an ACQUIRE that may enter it only now. What cannot be told is told by time.
        static_cast<void>(pool.at(node).send(encoded, sink, pool.command_deadline(), true));
    });
}

}  // namespace redlock::driver
