// The watch; see sentinel_watch.hpp. Each Sentinel has an ordinary connection, made when it is
// first needed and kept: a question then costs one small command.
#include "redis/sentinel/sentinel_watch.hpp"

#include <algorithm>
#include <utility>

#include "endpoint/server_address.hpp"
#include "redis/connect/connection_proof.hpp"

namespace redlock::redis {

namespace {

/// Tags carry a round, to know late answers by, and a Sentinel.
constexpr std::uint32_t most_rounds = 1U << 16U;

}  // namespace

void sentinel_poll::begin(std::size_t sentinels) {
    named_.assign(sentinels, std::nullopt);
    heard_.assign(sentinels, false);
    awaited_ = sentinels;
}

void sentinel_poll::hear(std::size_t sentinel, std::optional<server_address> named) {
    if (sentinel < heard_.size() && !heard_[sentinel]) {
        heard_[sentinel] = true;
        named_[sentinel] = std::move(named);
        --awaited_;
    }
}

std::optional<std::size_t> sentinel_poll::against(const server_address& present) const {
    // Of several, one is never enough, whatever became of the others.
    const auto enough = static_cast<std::ptrdiff_t>(std::min<std::size_t>(named_.size(), 2));
    const auto knowing = std::ranges::count_if(named_, &std::optional<server_address>::has_value);
    for (std::size_t each = 0; each < named_.size(); ++each) {
        if (!named_[each] || *named_[each] == present) {
            continue;
        }
        const auto agreeing = std::count(named_.begin(), named_.end(), named_[each]);
        if (agreeing >= enough && 2 * agreeing >= knowing) {
            return each;
        }
    }
    return std::nullopt;
}

bool dissent::counts(const std::optional<server_address>& named, const server_address& present,
                     time_point now) {
    if (present != present_) {
        before_ = std::exchange(present_, present);
        named_.reset();
    }
    if (named != named_) {
        named_ = named;
        since_ = now;
        last_.reset();
    }
    if (!named_ || now - since_ < (*named_ == before_ ? settled_on_return : settled) ||
        (last_ && now - *last_ < same_again)) {
        return false;
    }
    last_ = now;
    return true;
}

sentinel_watch::sentinel_watch(outside::alarm_clock& clock, const connection_options& options,
                               connection& master, master_search& search, std::uint64_t seed)
    : group_(*options.where.sentinel),
      question_(master_question(group_)),
      command_timeout_(options.command_timeout),
      clock_(clock),
      master_(master),
      search_(search),
      answers_(std::make_shared<answers>(*this)) {
    connection_events& events = *this;
    for (std::size_t each = 0; each < group_.addresses.size(); ++each) {
        connection_options to_sentinel = options;
        to_sentinel.where = sentinel_endpoint(options.where, each);
        to_sentinel.greets = false;
        // One that is down or hangs must not keep an event loop going that has nothing else to do.
        to_sentinel.connect_timeout =
            std::min(options.connect_timeout / 2, options.command_timeout);
        to_sentinel.command_timeout = options.command_timeout / patience_in_timeouts;
        sentinels_.push_back(
            std::make_unique<connection>(clock, std::move(to_sentinel), events, seed + each));
    }
}

sentinel_watch::~sentinel_watch() {
    stop();
}

void sentinel_watch::stop() {
    answers_->detach();
    for (const auto& each : sentinels_) {
        each->stop();
    }
}

void sentinel_watch::look() {
    const auto now = clock_.now();
    if (now < next_ || master_.server() == nullptr) {
        return;
    }
    next_ = now + period;
    const std::uint32_t round = round_ = (round_ + 1) % most_rounds;
    poll_.begin(sentinels_.size());
    for (std::size_t each = 0; each < sentinels_.size(); ++each) {
        if (sentinels_[each]->state() == connection_state::idle) {
            sentinels_[each]->start();
        }
        const auto tag = static_cast<std::uint32_t>(each) * most_rounds + round;
        // One that cannot be asked now is asked the next time.
        if (sentinels_[each]->send({.encoded = question_,
                                    .sink = answers_,
                                    .tag = tag,
                                    .deadline = now + command_timeout_})) {
            poll_.hear(each, std::nullopt);
        }
    }
}

void sentinel_watch::on_answer(std::uint32_t tag, const reply_view& reply) {
    hear(tag, read_master(reply, group_).address);
}

void sentinel_watch::on_silence(std::uint32_t tag) {
    hear(tag, std::nullopt);
}

void sentinel_watch::hear(std::uint32_t tag, std::optional<server_address> named) {
    if (tag % most_rounds != round_ || poll_.over()) {
        return;  // Too late.
    }
    poll_.hear(tag / most_rounds, std::move(named));
    if (poll_.over()) {
        conclude();
    }
}

void sentinel_watch::conclude() {
    const endpoint* const server = master_.server();
    if (server == nullptr) {
        return;
    }
    const server_address present{server->host, server->port};
    const auto sentinel = poll_.against(present);
    const auto named =
        sentinel ? std::optional{poll_.named_by(*sentinel)} : std::optional<server_address>{};
    if (dissent_.counts(named, present, clock_.now())) {
        search_.prefer(*sentinel);
        master_.leave("the Sentinels name another master, " + endpoints::to_string(*named));
    }
}

}  // namespace redlock::redis
