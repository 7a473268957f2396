// The watch; see sentinel_watch.hpp. Each Sentinel has an ordinary connection, made when it is
// first needed and kept: a question then costs one small command.
#include "redis/sentinel_watch.hpp"

#include <utility>

#include "redis/server_address.hpp"

namespace redlock::redis {

bool dissent::counts(const server_address& named, const server_address& present, time_point now) {
    if (named == present) {
        agreed_ = present;
        since_ = now;
        return false;
    }
    if (named != named_ || present != present_) {
        named_ = named;
        present_ = present;
        since_ = now;
        counted_.reset();
    }
    if (agreed_ == present) {
        return true;
    }
    if (now - since_ < may_be_late || (counted_ && now - *counted_ < same_again)) {
        return false;
    }
    counted_ = now;
    return true;
}

/// Outlives us in the connections' queues.
class sentinel_watch::answers final : public reply_sink {
  public:
    explicit answers(sentinel_watch& told) : told_(&told) {}
    void forget() { told_ = nullptr; }

    void on_reply(std::uint32_t tag, const reply_view& reply) override {
        if (told_ != nullptr) {
            told_->on_named(tag, reply);
        }
    }
    void on_timeout(std::uint32_t /*tag*/, bool /*maybe_sent*/) override {}
    void on_failure(std::uint32_t /*tag*/, error_code /*cause*/, bool /*maybe_sent*/) override {}

  private:
    sentinel_watch* told_;
};

sentinel_watch::sentinel_watch(const boost::asio::any_io_executor& strand,
                               const connection_options& options, connection& commands,
                               std::uint64_t seed)
    : group_(*options.where.sentinel),
      question_(master_question(group_)),
      command_timeout_(options.command_timeout),
      period_(options.sentinel_period),
      commands_(commands),
      answers_(std::make_shared<answers>(*this)),
      heard_(group_.addresses.size()) {
    connection_events& events = *this;
    for (std::size_t each = 0; each < group_.addresses.size(); ++each) {
        connection_options to_sentinel = options;
        to_sentinel.where = sentinel_endpoint(options.where, each);
        to_sentinel.greets = false;
        sentinels_.push_back(
            std::make_unique<connection>(strand, std::move(to_sentinel), events, seed + each));
    }
}

sentinel_watch::~sentinel_watch() {
    stop();
}

void sentinel_watch::stop() {
    answers_->forget();
    for (const auto& each : sentinels_) {
        each->stop();
    }
}

void sentinel_watch::look() {
    const auto now = boot_clock::now();
    // Who agrees on a new connection at once is soon believed when it changes its mind.
    const bool is_new = commands_.generation() != generation_;
    if ((now < next_ && !is_new) || commands_.server() == nullptr) {
        return;
    }
    next_ = now + period_;
    generation_ = commands_.generation();
    for (std::size_t each = 0; each < sentinels_.size(); ++each) {
        if (sentinels_[each]->state() == connection_state::idle) {
            sentinels_[each]->start();
        }
        // One that cannot be asked now is asked the next time.
        static_cast<void>(sentinels_[each]->send(
            question_, answers_, static_cast<std::uint32_t>(each), now + command_timeout_));
    }
}

void sentinel_watch::on_named(std::size_t sentinel, const reply_view& reply) {
    const endpoint* const server = commands_.server();
    const auto answer = read_master(reply, group_);
    if (server == nullptr || !answer.address ||
        !heard_[sentinel].counts(*answer.address, {server->host, server->port},
                                 boot_clock::now())) {
        return;
    }
    commands_.search_anew(sentinel,
                          "a Sentinel names another master, " + to_string(*answer.address));
}

}  // namespace redlock::redis
