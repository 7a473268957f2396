// One simulated Redis server: what it says to each command on each connection, which scripts it has
// met, whom it tells of changed keys, its clock, and what becomes of it: it stands still, goes down
// and comes back. Knows nothing of locks. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "testing/drifting_clock.hpp"
#include "testing/random_stream.hpp"
#include "testing/request_reader.hpp"
#include "testing/scripts.hpp"
#include "testing/store.hpp"
#include "testing/timeline.hpp"
#include "testing/wire.hpp"

namespace redlock::testing {

class simulated_node final : private store_listener, private script_commands {
  public:
    /// What it still has when it goes down.
    enum class memory : std::uint8_t { kept, lost, as_saved };

    simulated_node(timeline& time, scripts& engine, std::uint64_t seed, std::size_t number);
    ~simulated_node();
    simulated_node(const simulated_node&) = delete;
    simulated_node& operator=(const simulated_node&) = delete;

    [[nodiscard]] std::size_t number() const { return number_; }
    /// A process has connected; nothing arrives there while it is down.
    void accept(const std::shared_ptr<wire>& by, std::size_t client);

    // Its state.
    [[nodiscard]] bool is_up() const { return up_; }
    [[nodiscard]] tick frozen_until() const { return frozen_until_; }
    void freeze(tick until) { frozen_until_ = std::max(frozen_until_, until); }
    void go_down(memory what);
    void come_back();
    /// What it will have if it goes down and has only what was saved.
    void save() { saved_ = store_.content(); }
    /// It does not let anybody ask to be told of changed keys, as a user without that right.
    void refuse_tracking() { refuses_tracking_ = true; }
    /// It is a Valkey 9, which has DELIFEQ; otherwise a Redis 7.4.
    void be_valkey() { is_valkey_ = true; }
    /// What it tells the subscribers of a process does not arrive until then.
    void mute_subscriptions(std::size_t client, tick until);
    void set_full(bool yes) { store_.set_full(yes); }
    /// At the beginning: its clock, and for how long it has been up.
    void begin(drifting_clock clock, tick up_for);
    void step_clock(tick by);

    // What is there.
    [[nodiscard]] std::int64_t clock_us() const { return clock_.at(time_->now()) / 1000; }
    [[nodiscard]] tick when_us(std::int64_t clock_us) const { return clock_.when(clock_us * 1000); }
    /// The server process: another one each time that it comes back.
    [[nodiscard]] std::string incarnation() const { return run_id_ + ':' + replication_id_; }
    /// When a key ends, by its clock in microseconds; none if it is not there or does not end.
    [[nodiscard]] std::optional<std::int64_t> end_of(const std::string& key) {
        store_.set_time(clock_us());
        return store_.end_of(key);
    }
    /// The text under a key that has not ended.
    [[nodiscard]] std::optional<std::string> text_at(const std::string& key) {
        store_.set_time(clock_us());
        return store_.text_at(key);
    }
    [[nodiscard]] std::vector<std::string> keys() {
        store_.set_time(clock_us());
        return store_.keys();
    }
    /// Carries out a command of nobody's.
    reply execute(const request& what);

    /// Looks at each command of a client, by the number of its process.
    struct watcher {
        virtual void before(simulated_node& where, std::size_t client, const request& what) = 0;
        virtual void after(simulated_node& where, std::size_t client, const request& what,
                           const reply& answer) = 0;

      protected:
        ~watcher() = default;
    };
    /// For a watcher in `after`: calls `tell` when the client has heard the answer.
    void when_heard(std::function<void()> tell) { heard_.push_back(std::move(tell)); }
    /// Whether the connection on which the command came was cut.
    [[nodiscard]] bool caller_is_cut() const;
    /// Null: nobody looks.
    void watch(watcher* who) { watcher_ = who; }

  private:
    class session;

    // Of the store and of scripts.
    void on_read(const std::string& key) override;
    void on_changed(const std::string& key) override;
    void on_flushed() override;
    reply call(const request& what) override;

    [[nodiscard]] bool knows(std::string_view name) const;
    [[nodiscard]] reply carry_out(const request& what);
    void handle(session& whose, const request& what);
    [[nodiscard]] reply answer(session& whose, const request& what);
    [[nodiscard]] reply client_command(session& whose, const request& what);
    [[nodiscard]] reply tracking_command(session& whose, const request& what);
    [[nodiscard]] reply subscribe(session& whose, const request& what);
    [[nodiscard]] reply script(const request& what, bool by_digest);
    [[nodiscard]] reply info() const;
    void push_invalidation(const session& to, const reply& keys);
    [[nodiscard]] session* find(std::uint64_t id);
    void forget(session& gone);
    [[nodiscard]] std::function<void()> all_heard();
    void plan_expiry();

    std::size_t number_;
    timeline* time_;
    scripts* engine_;
    random_stream chance_;
    drifting_clock clock_;
    store store_;
    store::entries saved_;
    std::map<std::uint64_t, std::unique_ptr<session>> sessions_;
    std::uint64_t last_id_ = 0;
    session* caller_ = nullptr;
    std::map<std::string, std::set<std::uint64_t>> readers_;  ///< Whom to tell of a key's change.
    std::set<std::string> known_scripts_;
    std::string run_id_;
    std::string replication_id_;
    std::int64_t started_us_ = 0;
    bool refuses_tracking_ = false;
    bool is_valkey_ = false;
    bool flushed_ = false;
    bool up_ = true;
    tick frozen_until_ = 0;
    std::shared_ptr<char> expiry_;  ///< While one is planned,
    tick expiry_at_ = no_tick;      ///< for what ends then.
    watcher* watcher_ = nullptr;
    std::vector<std::function<void()>> heard_;
};

}  // namespace redlock::testing
