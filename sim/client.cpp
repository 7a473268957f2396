#include "sim/client.hpp"

#include <algorithm>
#include <utility>

#include "redlock/observer.hpp"
#include "sim/user.hpp"

namespace redlock::sim {

namespace {

using std::chrono::milliseconds;

}  // namespace

manager_options options_of(const plan& the_plan, const terms& its, bool guards) {
    manager_options options;
    options.max_lease_time = milliseconds{its.longest_lease_ms};
    options.lease_time = options.max_lease_time;
    options.clock_window = milliseconds{its.window_ms};
    options.fence_lifetime = milliseconds{its.fence_lifetime_ms};
    options.clock_step = milliseconds{its.step_ms};
    options.node_timeout = milliseconds{the_plan.node_timeout_ms};
    options.connect_timeout = 2 * options.node_timeout;
    options.quorum_timeout = milliseconds{1'000};
    options.reconnect_max = 10 * options.node_timeout;
    options.guard = guards ? restart_guard::on : restart_guard::off;
    options.hand_over_count = the_plan.hand_over_count;
    options.hand_over_time = milliseconds{std::max<std::int64_t>(the_plan.hand_over_ms, 1)};
    return options;
}

/// Counts what the manager says of itself.
class client::listener final : public observer {
  public:
    listener(stage& on, std::size_t client) : on_(on), client_(client) {}

    void on_event(const event& what) noexcept override {
        if (!what.resource.empty()) {
            on_.tell("client", client_, to_string(what.kind), ", token ", what.fencing.value(),
                     ": ", what.message);
        }
        switch (what.kind) {
            case event_kind::woken:
                on_.note(rule::woken_by_news);
                break;
            case event_kind::attempt_failed:
                on_.note(rule::attempt_failed);
                break;
            case event_kind::extended:
                on_.note(rule::extended);
                break;
            case event_kind::extend_failed:
                on_.note(rule::extend_failed);
                break;
            case event_kind::lost:
                on_.note(rule::loss_announced);
                break;
            case event_kind::released:
                on_.note(rule::released);
                break;
            case event_kind::handed_over:
                on_.note(rule::handed_over);
                break;
            case event_kind::release_failed:
                on_.note(what.error == errc::lost ? rule::release_found_gone
                                                  : rule::release_indeterminate);
                break;
            case event_kind::late_grant_released:
                on_.note(rule::late_grant_given_back);
                break;
            case event_kind::tracking_refused:
                on_.note(rule::tracking_refused);
                break;
            case event_kind::node_down:
                on_.note(rule::node_down);
                break;
            case event_kind::node_without_vote:
                on_.note(what.error == node_errc::different_nodes ? rule::other_number_told
                         : what.error == node_errc::configuration_mismatch
                             ? rule::other_settings_told
                             : rule::quarantined);
                break;
            default:
                break;
        }
    }

  private:
    stage& on_;
    std::size_t client_;
};

client::client(stage& on, witness& nodes, std::size_t number)
    : on_(on),
      nodes_(nodes),
      number_(number),
      process_(on.in.add_process()),
      chance_(on.the_plan.seed, 100 + number) {
    const clock_fault its = on.the_plan.fault_of(number, item::nobody);
    process_.set_clocks({testing::since_boot, its.rate_ppm},
                        {testing::wall_time + its.offset, its.rate_ppm});
    make_manager();
}

client::~client() = default;

std::vector<std::string> client::urls(std::size_t count) {
    std::vector<std::string> all;
    for (std::size_t node = 0; node < count; ++node) {
        all.push_back(testing::simulated_world::url(node));
    }
    return all;
}

void client::make_manager() {
    manager_options options = options_of(on_.the_plan, its_terms(), on_.the_plan.guards(number_));
    options.fencing = on_.the_plan.fences(number_);
    options.events = std::make_shared<listener>(on_, number_);
    std::vector<endpoint> nodes = node_list{urls(its_terms().nodes)}.endpoints();
    for (endpoint& each : nodes) {
        each.durable = on_.the_plan.durable;
    }
    locks_ =
        std::make_unique<lock_manager>(process_.loop().get_executor(), node_list{nodes}, options);
}

void client::change_manager(bool close) {
    tell(close ? "closes its manager" : "destroys its manager");
    on_.note(close ? rule::manager_closed : rule::manager_destroyed);
    // Or they keep their locks, and hear from them that they are over.
    if (chance_.one_in(2)) {
        for (const auto& each : users_) {
            each->manager_goes();
        }
    }
    if (close) {
        // It lives on until that is done, beside its successor.
        std::vector<std::uint64_t> tokens;
        tokens.reserve(users_.size());
        for (const auto& each : users_) {
            tokens.push_back(each->token());
        }
        const std::shared_ptr<lock_manager> old = std::move(locks_);
        old->async_close(counted([this, old, tokens](error_code failure) {
            for (std::size_t at = 0; at < tokens.size(); ++at) {
                users_[at]->manager_closed(tokens[at], failure);
            }
        }));
    }
    make_manager();
}

void client::leave() {
    for (const auto& each : users_) {
        each->die();
    }
    locks_->async_close(counted());
}

void client::at(tick when, std::function<void()> what) {
    on_.in.time().at(when, [this, what = std::move(what)]() mutable {
        if (!alive()) {
            return;
        }
        if (process_.paused_until() > on_.now()) {
            at(process_.paused_until(), std::move(what));
            return;
        }
        what();
    });
}

void client::add_user(std::size_t number) {
    users_.push_back(std::make_unique<user>(*this, number));
}

void client::want(const item& what) {
    const auto who = std::find_if(users_.begin(), users_.end(),
                                  [&](const auto& each) { return each->number() == what.user; });
    if (who != users_.end()) {
        (*who)->want(what);
    }
}

void client::be_patient() {
    for (const auto& each : users_) {
        each->be_patient();
    }
}

void client::look() {
    for (const auto& each : users_) {
        each->look();
    }
}

void client::kill() {
    tell("is killed");
    on_.note(rule::client_killed);
    for (const auto& each : users_) {
        each->die();
    }
    process_.kill();
}

void client::release_of_another(const std::string& resource, const std::string& token) {
    tell("releases #", on_.number_of(token), ", of which it knows the token only");
    locks_->async_attach(resource, lock_token{token}, {},
                         counted<lock>([this](error_code failure, lock got) {
                             if (!failure) {
                                 on_.note(rule::outsider_release);
                                 got.async_release(counted());
                             }
                         }));
}

void client::vouch(std::size_t node) {
    locks_->async_vouch({.node = node}, counted());
}

std::size_t client::holders_of(std::size_t resource) const {
    return static_cast<std::size_t>(std::count_if(
        users_.begin(), users_.end(), [&](const auto& each) { return each->holds(resource); }));
}

bool client::anybody_waits_for(std::size_t resource) const {
    return std::any_of(users_.begin(), users_.end(),
                       [&](const auto& each) { return each->waits_for(resource); });
}

bool client::anybody_waits_for_all() const {
    return std::any_of(users_.begin(), users_.end(),
                       [](const auto& each) { return each->waits_for_all(); });
}

bool client::idle() const {
    return !alive() ||
           std::all_of(users_.begin(), users_.end(), [](const auto& each) { return each->idle(); });
}

}  // namespace redlock::sim
