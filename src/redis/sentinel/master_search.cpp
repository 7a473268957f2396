// The search; see master_search.hpp. The words of a Sentinel are as little trusted as those of any
// server: cut, printable, and without the password.
#include "redis/sentinel/master_search.hpp"
#include "base/shown_text.hpp"

#include <charconv>

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
    const std::string_view digits = reply[1].text();
    server_address found{.host = std::string{reply[0].text()}, .port = 0};
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), found.port);
    const bool fits =
        problem == std::errc{} && end == digits.data() + digits.size() && found.port != 0;
    return fits ? std::optional{std::move(found)} : std::nullopt;
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

void master_search::begin() {
    asked_ = 0;
    untold_ = 0;
    cause_ = node_errc::not_connected;
    reasons_.clear();
}

std::optional<std::size_t> master_search::next() const noexcept {
    return asked_ < sentinels_ ? std::optional{(first_ + asked_) % sentinels_} : std::nullopt;
}

void master_search::found() noexcept {
    first_ = (first_ + asked_) % sentinels_;
    asked_ = 0;
}

// One that has not heard of a failover yet would mislead us again and again.
void master_search::misled() noexcept {
    first_ = (first_ + 1) % sentinels_;
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

std::string master_search::message(std::string_view master) const {
    std::string all = "no Sentinel says where the master \"" + base::shown_text(master) + "\" is";
    if (!reasons_.empty()) {
        all += ": " + reasons_;
    }
    if (untold_ != 0) {
        all += "; and " + std::to_string(untold_) + " more";
    }
    return all;
}

}  // namespace redlock::redis
