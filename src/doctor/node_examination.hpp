// Looks at one node: asks one thing after the other and writes down what it is told, and what it is
// not told. Changes nothing there. A node that leaves one question without an answer is asked no
// more: what comes next on that connection cannot be told from the answer. One that hangs up on the
// same question twice is asked the next one. Judges nothing. Strand
// only; kept alive by its owner and by the connection.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/instant.hpp"
#include "doctor/right_probes.hpp"
#include "driver/node_pool.hpp"
#include "outside/alarm_clock.hpp"
#include "redis/wire/command.hpp"
#include "redlock/health.hpp"

namespace redlock::doctor {

struct examination_terms {
    std::size_t samples = 0;
    std::string resource;
    std::string unused;  ///< A name of which nobody has keys.
};

class node_examination final : public redis::reply_sink,
                               private outside::alarm,
                               public std::enable_shared_from_this<node_examination> {
  public:
    struct owner {
        /// All that could be seen is written down. May destroy this.
        virtual void on_examined(node_index node) = 0;
        /// Only whether it tells of changed keys is not known yet; see `on_tracking_news`.
        virtual void on_awaits_tracking(node_index node) = 0;

      protected:
        ~owner() = default;
    };

    node_examination(driver::node_pool& pool, outside::alarm_clock& clock, node_index node,
                     const examination_terms& terms, owner& told);

    void start();
    /// Nobody is told any more.
    void abandon();
    /// It has begun to tell of changed keys, or refuses to. Does not finish from inside.
    void on_tracking_news();
    /// That takes too long.
    void stop_waiting();

    [[nodiscard]] const node_health& seen() const { return seen_; }

  private:
    using words = std::vector<std::string>;
    using taker = std::function<void(const redis::reply_view&)>;
    [[nodiscard]] taker into(void (node_examination::*member)(const redis::reply_view&)) {
        return [this, member](const redis::reply_view& reply) { (this->*member)(reply); };
    }
    struct question {
        words command;
        taker take;
        int hang_ups = 0;
    };

    void on_reply(std::uint32_t tag, const redis::reply_view& reply) override;
    void on_timeout(std::uint32_t tag, bool maybe_sent) override;
    void on_failure(std::uint32_t tag, error_code cause, bool maybe_sent) override;

    void ask_later(words command, taker take);
    void ask_now(words command, taker take);
    void ask_the_rest();
    bool may_be_swallowed();
    void take_after_silence(const redis::reply_view& reply);
    void ask_next();
    void ask();
    void answer(const redis::reply_view& reply);
    void on_alarm(core::instant now) override;
    void come_back(error_code cause, std::string message);
    void fail(error_code cause, std::string message);
    void finish();

    void take_info(const redis::reply_view& reply);
    void take_role(const redis::reply_view& reply);
    void take_sample(const redis::reply_view& reply);
    void take_clock(const redis::reply_view& time, core::duration elapsed);
    void take_append(const redis::reply_view& reply);
    void take_save(const redis::reply_view& reply);
    void take_min_replicas(const redis::reply_view& reply);
    void take_memory_settings(const redis::reply_view& reply);
    void take_eval(const redis::reply_view& reply);
    void ask_for_fence();
    void begin_probes(bool dry);
    void take_write(const redis::reply_view& reply);
    void ask_probe(const right_probe& probe, bool dry);
    void take_dry(const right_probe& probe, const redis::reply_view& reply);
    void take_probe(const right_probe& probe, const redis::reply_view& reply, bool dry);
    void take_inside(const right_probe& probe, const redis::reply_view& reply);
    [[nodiscard]] bool lacks_eval() const;
    void note_missing(missing_right right);
    void await_tracking();
    void conclude_tracking();

    driver::node_pool& pool_;
    outside::alarm_clock& clock_;
    examination_terms terms_;
    owner* owner_;
    node_health seen_;
    std::deque<question> todo_;
    std::string swallowed_;  // the command that was not answered; is the server alive?
    question asked_;         // under way, if it has a taker
    core::instant asked_at_;
    core::instant patient_until_;  // with a connection that has to come up
    std::int64_t asked_at_wall_us_ = 0;
    core::instant sample_until_ = core::never;
    std::vector<core::duration> samples_;
    std::string sampled_by_ = "TIME";
    driver::refusal writes_refused_;  ///< As every write is now, whoever it comes from.
    bool in_cluster_ = false;         ///< As it says, whatever its URL says.
    bool answered_ = false;
    bool was_up_ = false;  // and hung up
    bool awaits_tracking_ = false;
    bool tracking_seen_ = false;
    bool finished_ = false;
};

}  // namespace redlock::doctor
