#include "testing/simulated_node.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace redlock::testing {

namespace {

constexpr std::string_view channel = "__redis__:invalidate";

std::string random_hex(random_stream& chance) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (int i = 0; i < 40; ++i) {
        hex += digits[chance.below(16)];
    }
    return hex;
}

reply wrong_arity(const std::string& name) {
    return reply::error("ERR wrong number of arguments for '" + name + "' command");
}

reply unknown_command(const request& what) {
    // Not more than so much of it.
    constexpr std::size_t longest = 128;
    std::string arguments;
    for (std::size_t at = 1; at < what.size() && arguments.size() < longest; ++at) {
        arguments += "'" + what[at].substr(0, longest - arguments.size()) + "' ";
    }
    return reply::error("ERR unknown command '" + what.front().substr(0, longest) +
                        "', with args beginning with: " + arguments);
}

/// What a client may ask for, and a script may not.
bool is_for_clients(std::string_view name) {
    constexpr std::array<std::string_view, 5> all{"client", "eval", "evalsha", "role", "subscribe"};
    return std::find(all.begin(), all.end(), name) != all.end();
}

}  // namespace

/// One client, as the server sees it.
class simulated_node::session final : public wire_end {
  public:
    session(simulated_node& at, std::uint64_t number, std::size_t of, std::shared_ptr<wire> by)
        : id(number), client(of), where_(at), wire_(std::move(by)) {
        wire_->attach(side::server, this);
    }
    ~session() { wire_->attach(side::server, nullptr); }
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    void on_bytes(std::string_view bytes) override {
        reader_.feed(bytes);
        std::string answers;
        sending_ = &answers;
        while (const auto asked = reader_.next()) {
            if (!asked->empty()) {
                where_.handle(*this, *asked);
            }
        }
        sending_ = nullptr;
        if (!answers.empty()) {
            wire_->send(side::server, answers, where_.all_heard());
        }
        if (reader_.broken()) {
            wire_->close(side::server);
        }
    }
    void on_end(bool /*reset*/) override {
        wire_->close(side::server);
        where_.forget(*this);  // and with it this
    }
    /// What was asked together is answered together.
    void send(const reply& what) {
        std::string bytes;
        append_bytes(sending_ != nullptr ? *sending_ : bytes, what);
        if (sending_ == nullptr) {
            wire_->send(side::server, bytes);
        }
    }
    [[nodiscard]] bool is_subscribed() const { return !channels.empty(); }
    void hang_up() { wire_->cut(false, 0); }
    void mute(tick until) { wire_->mute(until); }
    [[nodiscard]] bool is_cut() const { return wire_->is_cut(); }

    std::uint64_t id;
    std::size_t client;  ///< The number of its process.
    std::set<std::string> channels;
    bool tracking = false;
    bool no_loop = false;
    std::uint64_t redirect = 0;

  private:
    simulated_node& where_;
    std::shared_ptr<wire> wire_;
    request_reader reader_;
    std::string* sending_ = nullptr;
};

simulated_node::simulated_node(timeline& time, scripts& engine, std::uint64_t seed,
                               std::size_t number)
    : number_(number),
      time_(&time),
      engine_(&engine),
      chance_(seed, 1000 + number),
      store_(*this),
      run_id_(random_hex(chance_)),
      replication_id_(random_hex(chance_)) {}

simulated_node::~simulated_node() = default;

void simulated_node::accept(const std::shared_ptr<wire>& by, std::size_t client) {
    const std::uint64_t id = ++last_id_;
    sessions_.emplace(id, std::make_unique<session>(*this, id, client, by));
}

simulated_node::session* simulated_node::find(std::uint64_t id) {
    const auto at = sessions_.find(id);
    return at != sessions_.end() ? at->second.get() : nullptr;
}

bool simulated_node::caller_is_cut() const {
    return caller_ == nullptr || caller_->is_cut();
}

std::function<void()> simulated_node::all_heard() {
    if (heard_.empty()) {
        return {};
    }
    return [all = std::exchange(heard_, {})] {
        for (const auto& each : all) {
            each();
        }
    };
}

void simulated_node::forget(session& gone) {
    sessions_.erase(gone.id);
}

void simulated_node::go_down(memory what) {
    up_ = false;
    frozen_until_ = 0;
    for (const auto& [id, each] : sessions_) {
        each->hang_up();
    }
    sessions_.clear();
    readers_.clear();
    known_scripts_.clear();
    store_.set_full(false);
    expiry_at_ = no_tick;
    expiry_ = nullptr;
    if (what != memory::kept) {
        store_.load(what == memory::lost ? store::entries{} : saved_);
    }
}

void simulated_node::come_back() {
    up_ = true;
    flushed_ = false;
    started_us_ = clock_us();
    run_id_ = random_hex(chance_);
    replication_id_ = random_hex(chance_);
    plan_expiry();
}

void simulated_node::mute_subscriptions(std::size_t client, tick until) {
    for (const auto& [id, each] : sessions_) {
        if (each->client == client && each->is_subscribed()) {
            each->mute(until);
        }
    }
}

void simulated_node::begin(drifting_clock clock, tick up_for) {
    clock_ = clock;
    started_us_ = clock_us() - up_for / microsecond;
}

void simulated_node::step_clock(tick by) {
    clock_.step(time_->now(), by);
    plan_expiry();
}

reply simulated_node::execute(const request& what) {
    session* const caller = std::exchange(caller_, nullptr);
    store_.set_time(clock_us());
    reply answered = carry_out(what);
    caller_ = caller;
    plan_expiry();
    return answered;
}

// As the real one looks for what has expired ten times a second, and when somebody asks.
void simulated_node::plan_expiry() {
    const auto ends = store_.next_expiry_us();
    const tick at = ends ? when_us(*ends) : no_tick;
    if (at == expiry_at_) {
        return;
    }
    expiry_at_ = at;
    expiry_ = nullptr;
    if (at == no_tick) {
        return;
    }
    expiry_ = std::make_shared<char>();
    const tick late = static_cast<tick>(chance_.below(100)) * millisecond;
    time_->at(std::max(at, time_->now()) + late, expiry_, [this] {
        expiry_at_ = no_tick;
        if (frozen_until_ > time_->now()) {
            time_->at(frozen_until_, [this] { plan_expiry(); });
            return;
        }
        if (!up_) {
            return;  // it looks when it comes back
        }
        store_.set_time(clock_us());
        store_.remove_expired();
        plan_expiry();
    });
}

// ---- changed keys ----

void simulated_node::on_read(const std::string& key) {
    if (caller_ != nullptr && caller_->tracking) {
        readers_[key].insert(caller_->id);
    }
}

void simulated_node::push_invalidation(const session& to, const reply& keys) {
    session* const told = find(to.redirect);
    if (told != nullptr && told->is_subscribed()) {
        told->send(reply::array({reply::text("message"), reply::text(std::string{channel}), keys}));
    }
}

void simulated_node::on_changed(const std::string& key) {
    const auto at = readers_.find(key);
    if (at == readers_.end()) {
        return;
    }
    const std::set<std::uint64_t> who = std::move(at->second);
    readers_.erase(at);
    for (const std::uint64_t id : who) {
        session* const each = find(id);
        if (each != nullptr && each->tracking && !(each->no_loop && each == caller_)) {
            push_invalidation(*each, reply::array({reply::text(key)}));
        }
    }
}

void simulated_node::on_flushed() {
    flushed_ = true;
    readers_.clear();
    for (const auto& [id, each] : sessions_) {
        if (each->tracking) {
            push_invalidation(*each, reply::nil());
        }
    }
}

// ---- commands ----

void simulated_node::handle(session& whose, const request& what) {
    if (watcher_ != nullptr) {
        watcher_->before(*this, whose.client, what);
    }
    caller_ = &whose;
    store_.set_time(clock_us());
    const reply answered = answer(whose, what);
    whose.send(answered);
    plan_expiry();
    if (watcher_ != nullptr) {
        watcher_->after(*this, whose.client, what, answered);
    }
    caller_ = nullptr;
}

bool simulated_node::knows(std::string_view name) const {
    return is_valkey_ || name != "delifeq";
}

reply simulated_node::carry_out(const request& what) {
    auto answered = knows(in_lower_case(what.front())) ? store_.execute(what) : std::nullopt;
    return answered ? std::move(*answered) : unknown_command(what);
}

reply simulated_node::call(const request& what) {
    if (is_for_clients(in_lower_case(what.front()))) {
        return reply::error("ERR This Redis command is not allowed from script");
    }
    auto answered = knows(in_lower_case(what.front())) ? store_.execute(what) : std::nullopt;
    return answered ? std::move(*answered)
                    : reply::error("ERR Unknown Redis command called from script");
}

reply simulated_node::answer(session& whose, const request& what) {
    const std::string name = in_lower_case(what.front());
    if (name == "ping" || name == "role" || name == "client" || name == "subscribe") {
        const std::size_t most = name == "ping" ? 2 : name == "role" ? 1 : SIZE_MAX;
        const std::size_t fewest = name == "client" || name == "subscribe" ? 2 : 1;
        if (what.size() < fewest || what.size() > most) {
            return wrong_arity(name);
        }
    }
    if (name == "ping") {
        const bool bare = what.size() == 1;
        return whose.is_subscribed()
                   ? reply::array({reply::text("pong"), reply::text(bare ? "" : what[1])})
               : bare ? reply::status("PONG")
                      : reply::text(what[1]);
    }
    if (name == "subscribe") {
        return subscribe(whose, what);
    }
    if (whose.is_subscribed()) {
        return reply::error("ERR Can't execute '" + name +
                            "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
                            "allowed in this context");
    }
    if (name == "info") {
        return info();
    }
    if (name == "role") {
        return reply::array({reply::text("master"), reply::integer(0), reply::array({})});
    }
    if (name == "client") {
        return client_command(whose, what);
    }
    if (name == "evalsha" || name == "eval") {
        return script(what, name == "evalsha");
    }
    return carry_out(what);
}

reply simulated_node::subscribe(session& whose, const request& what) {
    const auto subscribed_to = [&](const std::string& name) {
        whose.channels.insert(name);
        return reply::array({reply::text("subscribe"), reply::text(name),
                             reply::integer(static_cast<std::int64_t>(whose.channels.size()))});
    };
    for (std::size_t at = 1; at + 1 < what.size(); ++at) {
        whose.send(subscribed_to(what[at]));
    }
    return subscribed_to(what.back());
}

reply simulated_node::client_command(session& whose, const request& what) {
    const std::string name = in_lower_case(what[1]);
    if ((name == "id" && what.size() > 2) || (name == "tracking" && what.size() < 3)) {
        return wrong_arity("client|" + name);
    }
    if (name == "id") {
        return reply::integer(static_cast<std::int64_t>(whose.id));
    }
    if (name == "tracking") {
        return tracking_command(whose, what);
    }
    return reply::error("ERR unknown subcommand '" + what[1] + "'. Try CLIENT HELP.");
}

reply simulated_node::tracking_command(session& whose, const request& what) {
    if (refuses_tracking_) {
        return reply::error(
            "NOPERM this user has no permissions to run the 'client|tracking' command");
    }
    const bool on = in_lower_case(what[2]) == "on";
    std::uint64_t redirect = 0;
    bool no_loop = false;
    for (std::size_t at = 3; at < what.size(); ++at) {
        const std::string option = in_lower_case(what[at]);
        if (option == "noloop") {
            no_loop = true;
        } else if (option == "redirect" && at + 1 < what.size()) {
            const auto number = whole_number(what[++at]);
            if (!number) {
                return reply::error("ERR value is not an integer or out of range");
            }
            redirect = static_cast<std::uint64_t>(*number);
            if (find(redirect) == nullptr) {
                return reply::error("ERR The client ID you want redirect to does not exist");
            }
        } else {
            return reply::error("ERR syntax error");
        }
    }
    if (!on && in_lower_case(what[2]) != "off") {
        return reply::error("ERR syntax error");
    }
    whose.tracking = on;
    whose.redirect = redirect;
    whose.no_loop = no_loop;
    return reply::ok();
}

reply simulated_node::script(const request& what, bool by_digest) {
    const auto count = what.size() > 2 ? whole_number(what[2]) : std::nullopt;
    if (what.size() < 3) {
        return wrong_arity(in_lower_case(what.front()));
    }
    if (!count) {
        return reply::error("ERR value is not an integer or out of range");
    }
    if (*count < 0) {
        return reply::error("ERR Number of keys can't be negative");
    }
    if (static_cast<std::size_t>(*count) > what.size() - 3) {
        return reply::error("ERR Number of keys can't be greater than number of args");
    }
    const std::string digest = by_digest ? in_lower_case(what[1]) : engine_->digest(what[1]);
    if (!by_digest) {
        known_scripts_.insert(digest);
    } else if (!known_scripts_.contains(digest)) {
        return reply::error("NOSCRIPT No matching script. Please use EVAL.");
    }
    const std::span<const std::string> given{what.data() + 3, what.size() - 3};
    store_.begin_script();
    reply answered = engine_->run(digest, given.first(static_cast<std::size_t>(*count)),
                                  given.subspan(static_cast<std::size_t>(*count)), *this);
    store_.end_script();
    return answered;
}

reply simulated_node::info() const {
    const std::int64_t uptime = std::max<std::int64_t>(0, (clock_us() - started_us_) / 1'000'000);
    const std::string version =
        is_valkey_ ? "redis_version:7.2.4\r\nvalkey_version:9.0.0" : "redis_version:7.4.0";
    std::string text = "# Server\r\n" + version + "\r\nrun_id:" + run_id_ +
                       "\r\nuptime_in_seconds:" + std::to_string(uptime) +
                       "\r\n# Replication\r\nrole:master\r\nmaster_replid:" + replication_id_ +
                       "\r\nsecond_repl_offset:-1\r\n# Commandstats\r\n";
    if (flushed_) {
        text += "cmdstat_flushall:calls=1\r\n";
    }
    return reply::text(text);
}

}  // namespace redlock::testing
