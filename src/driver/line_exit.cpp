#include "driver/line_exit.hpp"

#include <memory>
#include <utility>

#include "redis/wire/resp_writer.hpp"

namespace redlock::driver {

namespace {

/// Counts as an open write until every node has answered or let its time pass, so that a manager
/// that closes waits for it.
class line_exit final : public redis::reply_sink, public std::enable_shared_from_this<line_exit> {
  public:
    line_exit(node_pool& pool, std::string line, const std::string& id, core::node_set whom)
        : pool_(pool),
          line_(std::move(line)),
          encoded_(redis::encoded({"HDEL", line_, id, "called " + id})),
          until_(pool.now() + place_lease),
          pending_(whom),
          open_write_(pool) {}

    void start() {
        const core::node_set whom = pending_;
        whom.for_each([&](node_index node) {
            // Behind an ACQUIRE that may enter it only now.
            if (pool_.at(node).send({.encoded = encoded_,
                                     .key = line_,
                                     .sink = shared_from_this(),
                                     .deadline = pool_.command_deadline(),
                                     .how = redis::delivery::must_follow})) {
                send_later(node);
            }
        });
    }

  private:
    void on_reply(std::uint32_t tag, const redis::reply_view& /*reply*/) override { settle(tag); }
    void on_timeout(std::uint32_t tag, bool maybe_sent) override {
        if (maybe_sent) {
            settle(tag);  // it is still on its way behind the ACQUIRE
        } else {
            send_later(tag);
        }
    }
    void on_failure(std::uint32_t tag, error_code /*cause*/, bool /*maybe_sent*/) override {
        send_later(tag);
    }

    /// The connection is gone, and the exit perhaps with it. To say it twice does no harm: an id is
    /// never used for another place.
    void send_later(node_index node) {
        pool_.at(node).send_when_ready({.encoded = encoded_,
                                        .key = line_,
                                        .sink = shared_from_this(),
                                        .until = until_,
                                        .timeout = pool_.options().node_timeout},
                                       worth::grace);
        settle(node);
    }

    void settle(node_index node) {
        pending_.erase(node);
        if (pending_.empty()) {
            open_write_.settle();
        }
    }

    node_pool& pool_;
    std::string line_;
    std::string encoded_;
    core::instant until_;
    core::node_set pending_;
    node_pool::open_write open_write_;
};

}  // namespace

void leave_line(node_pool& pool, const std::string& resource, const std::string& id,
                core::node_set whom) {
    std::make_shared<line_exit>(pool, pool.keys().line(resource), id, whom)->start();
}

}  // namespace redlock::driver
