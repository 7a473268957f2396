// The search; see master_search.hpp. The words of a Sentinel are as little trusted as those of any
// server: cut, printable, and without the password.
#include "redis/sentinel/master_search.hpp"

#include <cassert>
#include <utility>

#include "base/number.hpp"
#include "base/shown_text.hpp"
#include "endpoint/server_address.hpp"
#include "redis/wire/resp_writer.hpp"
#include "redis/wire/server_error.hpp"

namespace redlock::redis {
namespace {

// Together they are what a log shows of a failed search.
constexpr std::size_t most_of_a_reason = 160;
constexpr std::size_t most_of_all_reasons = 800;

std::optional<server_address> read_address(const reply_view& reply) {
    if (reply.size() != 2 || !reply[0].is_text() || !reply[1].is_text() ||
        !endpoints::may_be_a_host(reply[0].text())) {
        return std::nullopt;
    }
    const auto port = base::number_in<std::uint16_t>(reply[1].text());
    return port.value_or(0) != 0
               ? std::optional{server_address{std::string{reply[0].text()}, *port}}
               : std::nullopt;
}

}  // namespace

master_answer read_master(const reply_view& reply, const sentinel_group& group) {
    if (reply.is_nil()) {
        return {.cause = node_errc::error_reply,
                .why = "it knows no master called \"" + base::shown_text(group.master) + '"'};
    }
    if (reply.is_error()) {
        std::string words = base::shown_text(reply.text(), group.password);
        const node_errc cause = classify(reply.text());
        if (cause == node_errc::permission_denied && words.starts_with("NOPERM")) {
            words += " (allow its user +sentinel|get-master-addr-by-name)";
        }
        return {.cause = cause, .why = std::move(words)};
    }
    auto address = read_address(reply);
    if (!address) {
        return {.cause = node_errc::bad_reply,
                .why = "what it answered is no address: is it a Sentinel?"};
    }
    return {.address = std::move(address)};
}

std::string master_question(const sentinel_group& group) {
    return encoded({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", group.master});
}

endpoint sentinel_endpoint(const endpoint& where, std::size_t index) {
    const sentinel_group& group = *where.sentinel;
    endpoint found;
    found.host = group.addresses[index].host;
    found.port = group.addresses[index].port;
    found.user = group.user;
    found.password = group.password;
    if (group.tls) {
        found.tls = where.tls.value_or(tls_options{});
        found.tls->server_name.clear();
    }
    return found;
}

master_search::master_search(endpoint where) : where_(std::move(where)) {
    assert(where_.sentinel);
}

void master_search::begin() {
    asked_ = 0;
    untold_ = 0;
    cause_ = node_errc::not_connected;
    reasons_.clear();
}

std::size_t master_search::after(std::size_t failures) const noexcept {
    return (first_ + failures) % where_.sentinel->addresses.size();
}

std::optional<endpoint> master_search::next() const {
    return asked_ < where_.sentinel->addresses.size()
               ? std::optional{sentinel_endpoint(where_, after(asked_))}
               : std::nullopt;
}

std::string master_search::question() const {
    return master_question(*where_.sentinel);
}

master_answer master_search::read(const reply_view& reply) const {
    return read_master(reply, *where_.sentinel);
}

void master_search::found() noexcept {
    first_ = after(asked_);
    asked_ = 0;
}

// One that has not heard of a failover yet would mislead us again and again.
void master_search::misled() noexcept {
    first_ = after(1);
}

void master_search::failed(error_code cause, std::string_view name, std::string_view why) {
    ++asked_;
    if (cause_ == node_errc::not_connected) {
        cause_ = cause;
    }
    std::string reason = base::shown_text(name) + ": " + base::shown_text(why);
    if (reason.size() > most_of_a_reason) {
        reason.resize(most_of_a_reason);
        reason += "...";
    }
    if (reasons_.size() + reason.size() > most_of_all_reasons) {
        ++untold_;
        return;
    }
    reasons_ += (reasons_.empty() ? "" : "; ") + reason;
}

std::string master_search::message() const {
    std::string all = "no Sentinel says where the master \"" +
                      base::shown_text(where_.sentinel->master) + "\" is";
    if (!reasons_.empty()) {
        all += ": " + reasons_;
    }
    if (untold_ != 0) {
        all += "; and " + std::to_string(untold_) + " more";
    }
    return all;
}

const way_words& master_search::words() const noexcept {
    static constexpr way_words words{.asking = "asking a Sentinel",
                                     .they_name = "the Sentinels name ",
                                     .ask_plainly = "set sentinel_tls=no",
                                     .ask_with_tls = "Drop sentinel_tls=no",
                                     .server_plainly = "use redis+sentinel://",
                                     .server_with_tls = "Then use rediss+sentinel://"};
    return words;
}

}  // namespace redlock::redis
