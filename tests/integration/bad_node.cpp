// See bad_node.hpp. Real servers wherever a real one can be brought to it; fakes for the rest.
#include "integration/bad_node.hpp"

#include <array>
#include <utility>

namespace redlock::integration {

namespace {

std::string bulk(const std::string& text) {
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

struct trait {
    ailment what;
    std::string_view name;
    node_errc cause;
};

using enum node_errc;
constexpr std::array traits{
    trait{ailment::dead, "dead", not_connected},
    trait{ailment::frozen_before_contact, "frozen_before_contact", not_connected},
    trait{ailment::frozen_after_contact, "frozen_after_contact", no_answer},
    trait{ailment::hangs_up_at_once, "hangs_up_at_once", not_connected},
    trait{ailment::closes_mid_reply, "closes_mid_reply", connection_lost},
    trait{ailment::garbage, "garbage", bad_reply},
    trait{ailment::wrong_type_of_reply, "wrong_type_of_reply", bad_reply},
    trait{ailment::read_only, "read_only", node_errc::read_only},
    trait{ailment::no_password, "no_password", authentication_failed},
    trait{ailment::wrong_password, "wrong_password", authentication_failed},
    trait{ailment::no_permission, "no_permission", permission_denied},
    trait{ailment::out_of_memory, "out_of_memory", node_errc::out_of_memory},
    trait{ailment::cannot_persist, "cannot_persist", node_errc::cannot_persist},
    trait{ailment::loading, "loading", node_errc::loading},
    trait{ailment::other_error, "other_error", error_reply},
    trait{ailment::slow, "slow", no_answer},
    trait{ailment::silent, "silent", no_answer},
};

const trait& of(ailment what) {
    return traits.at(static_cast<std::size_t>(what));
}

/// What the fake says to a script.
redis::fake_server::answer fake_answer(ailment what) {
    switch (what) {
        case ailment::closes_mid_reply:
            return {.bytes = "*3\r\n:0\r\n$20\r\nabc", .close = true};
        case ailment::garbage:
            return {.bytes = "HTTP/1.1 400 Bad Request\r\n\r\n"};
        case ailment::wrong_type_of_reply:
            return {.bytes = "$2\r\nno\r\n"};
        case ailment::loading:
            return {.bytes = "-LOADING Redis is loading the dataset in memory\r\n"};
        case ailment::other_error:
            return {.bytes = "-ERR something that nobody has heard of\r\n"};
        default:
            return {};
    }
}

}  // namespace

std::string_view to_string(ailment what) {
    return of(what).name;
}

node_errc expected_cause(ailment what) {
    return of(what).cause;
}

bool can_be_read(ailment what) {
    return what == ailment::read_only || what == ailment::out_of_memory ||
           what == ailment::cannot_persist;
}

const std::vector<ailment>& all_ailments() {
    static const std::vector<ailment> all = [] {
        std::vector<ailment> each;
        for (const trait& known : traits) {
            each.push_back(known.what);
        }
        return each;
    }();
    return all;
}

bad_node::bad_node(loop& turned, ailment what) : what_(what) {
    switch (what) {
        case ailment::hangs_up_at_once:
        case ailment::closes_mid_reply:
        case ailment::garbage:
        case ailment::wrong_type_of_reply:
        case ailment::loading:
        case ailment::other_error:
        case ailment::silent:
            make_fake(turned);
            break;
        default:
            make_real();
    }
}

bad_node::~bad_node() = default;

void bad_node::make_real() {
    redis_server_options options;
    if (what_ == ailment::no_password || what_ == ailment::wrong_password) {
        options.password = "open sesame";
    }
    real_ = std::make_unique<redis_server>(options);
    real_->vouch();
    url_ = real_->url();
    switch (what_) {
        case ailment::dead:
            real_->kill();
            break;
        case ailment::frozen_before_contact:
            real_->freeze();
            break;
        case ailment::wrong_password:
            url_.insert(url_.find("//") + 2, ":wrong@");
            break;
        case ailment::no_permission:
            real_->command({"ACL", "SETUSER", "default", "-eval", "-evalsha", "-scan"});
            break;
        case ailment::read_only:
            real_->command({"REPLICAOF", "127.0.0.1", "1"});
            break;
        case ailment::out_of_memory:
            real_->command({"CONFIG", "SET", "maxmemory", "1"});
            break;
        case ailment::cannot_persist:
            real_->command({"CONFIG", "SET", "min-replicas-to-write", "1"});
            break;
        default:
            break;
    }
}

void bad_node::make_fake(loop& turned) {
    fake_ = std::make_unique<redis::fake_server>(turned.io);
    url_ = fake_->url();
    fake_->hang_up_at_once = what_ == ailment::hangs_up_at_once;
    fake_->on_command = [this](const redis::fake_server::words& command) {
        if (command[0] == "INFO") {
            return redis::fake_server::answer{
                .bytes = bulk("run_id:" + url_ + "\r\nmaster_replid:1\r\n")};
        }
        if (command[0] == "EVAL" && command[3] == "redlock:epoch") {
            // The greeting: it may vote, and has clients with the same configuration.
            return redis::fake_server::answer{.bytes = "*2\r\n:0\r\n" +
                                                       bulk(command[command.size() - 2])};
        }
        if (command[0] == "EVALSHA" || command[0] == "EVAL") {
            const bool not_yet = what_ == ailment::silent && !ill_;
            return fake_answer(not_yet ? ailment::other_error : what_);
        }
        return redis::fake_server::usual(command);
    };
}

void bad_node::fall_ill() {
    ill_ = true;
    if (what_ == ailment::frozen_after_contact) {
        real_->freeze();
    } else if (what_ == ailment::slow) {
        real_->command({"CLIENT", "PAUSE", "60000", "ALL"});
    }
}

}  // namespace redlock::integration
