#include "driver/line_exit.hpp"

#include <memory>

#include "redis/wire/resp_writer.hpp"

namespace redlock::driver {

namespace {

/// Counts as an open write until every node has answered or let its time pass, so that a manager
/// that closes waits for it.
class line_exit final : public redis::reply_sink {
  public:
    line_exit(node_pool& pool, core::node_set whom) : pending_(whom), open_write_(pool) {}

    void on_reply(std::uint32_t tag, const redis::reply_view& /*reply*/) override { settle(tag); }
    void on_timeout(std::uint32_t tag, bool /*maybe_sent*/) override { settle(tag); }
    void on_failure(std::uint32_t tag, error_code /*cause*/, bool /*maybe_sent*/) override {
        settle(tag);
    }
    void settle(node_index node) {
        pending_.erase(node);
        if (pending_.empty()) {
            open_write_.settle();
        }
    }

  private:
    core::node_set pending_;
    node_pool::open_write open_write_;
};

}  // namespace

void leave_line(node_pool& pool, const std::string& resource, const std::string& id,
                core::node_set whom) {
    const std::string line = pool.keys().line(resource);
    const std::string encoded = redis::encoded({"HDEL", line, id});
    const auto exit = std::make_shared<line_exit>(pool, whom);
    whom.for_each([&](node_index node) {
        // Behind an ACQUIRE that may enter it only now. What cannot be told, time tells.
        if (pool.at(node).send({.encoded = encoded,
                                .key = line,
                                .sink = exit,
                                .deadline = pool.command_deadline(),
                                .how = redis::delivery::must_follow})) {
            exit->settle(node);
        }
    });
}

}  // namespace redlock::driver
