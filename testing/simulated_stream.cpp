#include "testing/simulated_stream.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <utility>

namespace redlock::testing {

namespace asio = boost::asio;

simulated_stream::simulated_stream(std::shared_ptr<simulated_process> from,
                                   asio::any_io_executor strand)
    : from_(std::move(from)), strand_(std::move(strand)) {}

simulated_stream::~simulated_stream() {
    close();
}

void simulated_stream::finish(step_handler handler, error_code failure) {
    asio::post(strand_, [handler = std::move(handler), failure] { handler(failure); });
}

void simulated_stream::async_resolve(const endpoint& where, step_handler handler) {
    const bool known = from_->reaches().find(where).has_value();
    finish(std::move(handler), known ? error_code{} : asio::error::host_not_found);
}

void simulated_stream::async_connect(const endpoint& where, step_handler handler) {
    const auto which = from_->reaches().find(where);
    if (!which) {
        finish(std::move(handler), asio::error::host_not_found);
        return;
    }
    connecting_ = std::move(handler);
    weather_ = from_->reaches().weather(*from_, *which);
    connect_to(*which);
}

// There and back: the server accepts when the first word arrives, and it is known here later.
void simulated_stream::connect_to(network::server which) {
    timeline& time = from_->time();
    const tick there =
        std::max(time.now() + weather_->delay(side::client), weather_->blocked_until(side::server));
    time.at(there, alive_, [this, which] {
        if (!from_->alive()) {
            return;
        }
        timeline& then = from_->time();
        if (weather_->blocked_until(side::server) > then.now()) {
            connect_to(which);
            return;
        }
        const bool answers = from_->reaches().answers(which);
        if (answers) {
            wire_ = from_->reaches().connect(*from_, which, weather_);
            wire_->attach(side::client, this);
        }
        const tick back = std::max(then.now() + weather_->delay(side::server),
                                   weather_->blocked_until(side::client));
        then.at(back, alive_, [this, answers] {
            connected(answers ? error_code{} : asio::error::connection_refused);
            from_->run();
        });
    });
}

void simulated_stream::connected(error_code failure) {
    if (connecting_) {
        finish(std::exchange(connecting_, nullptr), failure);
    }
}

void simulated_stream::async_secure(const endpoint& /*where*/, step_handler handler) {
    finish(std::move(handler), node_errc::tls_failed);
}

void simulated_stream::async_read_some(asio::mutable_buffer room, std::shared_ptr<listener> told) {
    reading_ = pending_read{room, std::move(told)};
    read();
}

void simulated_stream::read() {
    if (!reading_ || (arrived_.empty() && !ended_)) {
        return;
    }
    const pending_read done = *std::exchange(reading_, std::nullopt);
    const std::size_t size = std::min(arrived_.size(), done.room.size());
    std::memcpy(done.room.data(), arrived_.data(), size);
    arrived_.erase(0, size);
    const error_code failure = size != 0 ? error_code{} : ended_;
    asio::post(strand_, [told = done.told, failure, size] { told->on_read(failure, size); });
}

void simulated_stream::on_bytes(std::string_view bytes) {
    arrived_.append(bytes);
    read();
    from_->run();
}

void simulated_stream::on_end(bool reset) {
    ended_ = reset ? error_code{asio::error::connection_reset} : error_code{asio::error::eof};
    read();
    from_->run();
}

std::size_t simulated_stream::try_write(std::string_view bytes, error_code& failure) {
    if (wire_ == nullptr || ended_ == asio::error::connection_reset) {
        failure = asio::error::broken_pipe;
        return 0;
    }
    // Now and then a socket takes only a part at once.
    const bool all = !from_->chance().one_in(64);
    const std::size_t size = all ? bytes.size() : from_->chance().below(bytes.size() + 1);
    if (size != 0) {
        wire_->send(side::client, bytes.substr(0, size));
    }
    return size;
}

void simulated_stream::async_write_some(std::string_view bytes, std::shared_ptr<listener> told) {
    error_code failure;
    if (wire_ == nullptr || ended_ == asio::error::connection_reset) {
        failure = asio::error::broken_pipe;
    } else {
        wire_->send(side::client, bytes);
    }
    const std::size_t size = failure ? 0 : bytes.size();
    asio::post(strand_,
               [told = std::move(told), failure, size] { told->on_written(failure, size); });
}

bool simulated_stream::open_and_silent(bool /*reading*/) {
    return wire_ != nullptr && arrived_.empty() && !ended_;
}

void simulated_stream::cancel() noexcept {
    if (const auto waiting = std::exchange(reading_, std::nullopt)) {
        asio::post(strand_,
                   [told = waiting->told] { told->on_read(asio::error::operation_aborted, 0); });
    }
}

void simulated_stream::close() noexcept {
    alive_ = std::make_shared<int>(0);
    cancel();
    connected(asio::error::operation_aborted);
    if (wire_ != nullptr) {
        wire_->attach(side::client, nullptr);
        wire_->close(side::client);
        wire_ = nullptr;
    }
}

}  // namespace redlock::testing
