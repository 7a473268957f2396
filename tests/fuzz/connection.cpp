// Fuzz target: any bytes that a server sends while it is being connected to, and any order of
// events, through the steps of connecting. No step is skipped, nobody is ready who was refused, the
// waits keep their bounds, and no message repeats the password. One thread.
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "fuzz/byte_source.hpp"
#include "fuzz/target.hpp"
#include "redis/connect/connect_steps.hpp"
#include "redis/sentinel/master_search.hpp"
#include "redis/wire/resp_reader.hpp"

namespace redlock::fuzz {
namespace {

using namespace std::chrono_literals;
using redis::connect_action;
using redis::connect_event;
using redis::connect_step;
using redis::connect_steps;
using redis::reply_kind;
using redis::reply_view;
using redis::resp_reader;
using redis::server_identity;
using does = connect_action::kind;
using happens = connect_event::kind;

constexpr std::string_view password = "s3cret";
constexpr connect_steps::backoff pause{50ms, 5s};
constexpr std::size_t longest_value = 128;
constexpr std::size_t longest_message = 300;
constexpr std::size_t longest_of_sentinels = 1200;

endpoint where_from(byte_source& source) {
    endpoint where;
    const std::uint8_t choices = source.byte();
    where.user = (choices & 1U) != 0 ? "ann" : "";
    where.password = (choices & 2U) != 0 ? password : "";
    where.database = (choices & 4U) != 0 ? 7 : 0;
    if ((choices & 8U) != 0) {
        where.transport = endpoint::transport_kind::unix_socket;
        where.path = "/run/redis.sock";
        return where;
    }
    if ((choices & 16U) != 0) {
        where.tls.emplace();
    }
    if ((choices & 32U) != 0) {
        where.sentinel.emplace().addresses = {{"s1", 1}, {"s2", 2}};
        where.sentinel->master = "mymaster";
        where.sentinel->password = where.password;
        where.sentinel->tls = where.tls.has_value();
    }
    return where;
}

void check_identity(const server_identity& identity) {
    for (const std::string& each :
         {identity.run_id, identity.redis_version, identity.role, identity.replication_id}) {
        require(each.size() <= longest_value, "what a server says of itself is cut");
        require(each.find('\n') == std::string::npos, "a value is within its line");
    }
    require(identity.incarnation().empty() ==
                (identity.run_id.empty() || identity.replication_id.empty()),
            "an incarnation needs both its parts");
    require(identity.remembers_for() >= 0s, "nobody remembers the future");
    require(identity.remembers_for() == 0s || (identity.role == "master" && !identity.promoted &&
                                               !identity.flushed && identity.uptime),
            "only who surely forgot nothing is believed to remember");
}

/// One connection's steps and what was seen of them.
class story {
  public:
    explicit story(byte_source& source)
        : where_(where_from(source)),
          greets_(source.flag()),
          steps_(where_, pause, greets_,
                 where_.sentinel ? std::make_shared<redis::master_search>(where_) : nullptr) {}

    void happen(happens what, const reply_view& reply, std::uint64_t random) {
        const connect_step before = steps_.step();
        const connect_action action = steps_.resume({.what = what,
                                                     .reply = reply,
                                                     .cause = node_errc::connection_lost,
                                                     .message = "it broke",
                                                     .random = random});
        const connect_step after = steps_.step();
        if (action.what == does::none) {
            require(before == after, "where nothing is to be done nothing has changed");
            return;
        }
        const bool knocked =
            std::exchange(knocked_, action.bytes.find("PING") != std::string_view::npos);
        if (knocked && what == happens::reply) {
            require(after == connect_step::identifying && !knocked_, "INFO follows PING");
        } else if (what == happens::hung_up) {
            require(before != connect_step::ready || after == connect_step::waiting,
                    "who was ready waits before coming back");
        } else {
            check_way(before, after, reply);
        }
        check_action(action, after);
        check_identity(steps_.identity());
    }

    void prove() {
        steps_.proved();
        longest_wait_ = pause.min;
    }

    [[nodiscard]] connect_step step() const { return steps_.step(); }
    [[nodiscard]] bool awaits_reply() const { return steps_.awaits_reply(); }

  private:
    // The step that leads to the first question, or to the log-in if there is none.
    [[nodiscard]] connect_step after_arrival() const {
        return where_.tls ? connect_step::securing : connect_step::connecting;
    }
    [[nodiscard]] connect_step after_log_in(bool logs_in) const {
        return logs_in ? connect_step::authenticating : after_arrival();
    }

    void check_way(connect_step before, connect_step after, const reply_view& reply) {
        const bool logs_in = !where_.user.empty() || !where_.password.empty();
        const connect_step selected =
            where_.database != 0 ? connect_step::selecting : after_log_in(logs_in);
        if (after == connect_step::waiting || after == connect_step::resolving) {
            return;
        }
        switch (after) {
            case connect_step::securing:
                require(where_.tls && before == connect_step::connecting, "TLS comes first");
                break;
            case connect_step::authenticating:
                require(logs_in && before == after_arrival(), "log in comes first");
                break;
            case connect_step::discovering:
                require(where_.sentinel && before == after_log_in(!where_.password.empty()),
                        "a Sentinel is asked after the log-in");
                break;
            case connect_step::selecting:
                require(before == after_log_in(logs_in), "select comes after the log-in");
                require(where_.database != 0, "the first database needs no select");
                break;
            case connect_step::asking_role:
                require(where_.sentinel && before == selected, "the role is that of the server");
                break;
            case connect_step::identifying:
                require(before == (where_.sentinel ? connect_step::asking_role : selected),
                        "who is there is asked in the right database");
                break;
            case connect_step::greeting:
                require(greets_ && before == connect_step::identifying,
                        "only the known are greeted");
                break;
            case connect_step::ready:
                require(before == (greets_ ? connect_step::greeting : connect_step::identifying),
                        "nobody is ready without having been identified and greeted");
                break;
            default:
                break;
        }
        check_reply(before, after, reply);
    }

    void check_reply(connect_step before, connect_step after, const reply_view& reply) {
        if (before == connect_step::identifying) {
            require(reply.kind() == reply_kind::string || reply.is_error(), "INFO is a text");
        } else if (before == connect_step::asking_role && !reply.is_error()) {
            require(reply[0].text() == "master", "no other than a master is used");
        } else if (before == connect_step::authenticating || before == connect_step::selecting) {
            require(reply.kind() == reply_kind::status, "only OK leads on");
        }
        if (after == connect_step::ready && where_.sentinel) {
            const std::string& role = steps_.identity().role;
            require(role.empty() || role == "master", "no other than a master is ready");
        }
    }

    void check_action(const connect_action& action, connect_step after) {
        require((action.what == does::wait) == (after == connect_step::waiting), "a wait waits");
        require((action.what == does::ready) == (after == connect_step::ready), "ready is ready");
        require((action.what == does::send || action.what == does::greet) == steps_.awaits_reply(),
                "a reply is due to what was sent");
        require((action.what == does::send) == !action.bytes.empty(), "what is sent has bytes");
        if (action.what == does::wait) {
            require(action.delay >= longest_wait_ / 2 && action.delay <= longest_wait_,
                    "a wait is between half its ceiling and all of it");
            longest_wait_ = std::min<std::chrono::nanoseconds>(longest_wait_ * 2, pause.max);
            require(static_cast<bool>(steps_.cause()), "a failure has a cause");
            require(steps_.message().find(password) == std::string::npos || where_.password.empty(),
                    "no message repeats the password");
            require(steps_.message().size() <=
                        (where_.sentinel ? longest_of_sentinels : longest_message),
                    "a message is bounded");
        }
    }

    endpoint where_;
    bool greets_;
    connect_steps steps_;
    bool knocked_ = false;  ///< The last that was sent is PING.
    std::chrono::nanoseconds longest_wait_ = pause.min;
};

/// The way a connection goes, each reply being what the server sends next.
void connect_to(story& with, byte_source& source) {
    resp_reader reader;
    reader.feed({source.rest().data(), source.rest().size()});
    std::uint64_t random = source.rest().size() * 0x9e3779b97f4a7c15U;
    const auto arrive = [&] {
        for (const happens each : {happens::resolved, happens::connected, happens::secured}) {
            with.happen(each, {}, 0);
        }
    };
    const auto one_attempt = [&] {
        with.happen(happens::begin, {}, 0);
        arrive();
        while (with.awaits_reply()) {
            if (with.step() == connect_step::identifying && ++random % 3 == 0) {
                with.happen(happens::hung_up, {}, random);
                arrive();
                continue;
            }
            if (reader.next() != resp_reader::status::reply) {
                // More than once where the next Sentinel makes up for one.
                while (with.step() != connect_step::waiting) {
                    with.happen(random % 3 == 0 ? happens::failed : happens::hung_up, {}, random);
                }
                return false;
            }
            const bool greeting = with.step() == connect_step::greeting;
            with.happen(greeting ? happens::greeted : happens::reply, reader.current(), ++random);
            arrive();
        }
        return true;
    };
    while (one_attempt()) {
        require(with.step() == connect_step::ready || with.step() == connect_step::waiting,
                "an attempt ends ready or waiting");
        if (with.step() == connect_step::ready) {
            if (random % 2 == 0) {
                with.prove();
            }
            with.happen(happens::failed, {}, random);
        }
    }
    require(with.step() == connect_step::waiting, "what is cut off waits");
}

void any_order(story& with, byte_source& source) {
    resp_reader reader;
    const std::string_view replies = source.take(source.rest().size() / 2);
    reader.feed({replies.data(), replies.size()});
    while (!source.empty()) {
        const auto what = static_cast<happens>(source.below(8));
        const bool some = what == happens::reply && reader.next() == resp_reader::status::reply;
        with.happen(what, some ? reader.current() : reply_view{}, source.byte());
    }
}

}  // namespace

void try_input(std::string_view bytes) {
    byte_source source{bytes};
    const bool in_order = source.flag();
    story one{source};
    if (in_order) {
        connect_to(one, source);
    } else {
        any_order(one, source);
    }
    check_identity(redis::parse_server_info(source.rest()));
}

}  // namespace redlock::fuzz
