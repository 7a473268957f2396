// See tls_peer.hpp. It writes without waiting: what it says fits into a socket's buffer.
#include "redis/tls_peer.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "redis/wire/resp_reader.hpp"

namespace redlock::redis {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

struct tls_peer::client {
    client(tcp::socket connected, asio::ssl::context& context)
        : stream(std::move(connected), context) {}

    asio::ssl::stream<tcp::socket> stream;
    resp_reader reader;
    std::array<char, 16384> incoming{};
};

tls_peer::tls_peer(asio::io_context& io, const support::certificate_files& shown)
    : acceptor_(io, tcp::endpoint{asio::ip::address_v4::loopback(), 0}) {
    context_.use_certificate_chain_file(shown.certificate);
    context_.use_private_key_file(shown.key, asio::ssl::context::pem);
    accept();
}

tls_peer::~tls_peer() {
    *alive_ = false;
    error_code ignored;
    acceptor_.close(ignored);
    if (newest_ != nullptr) {
        newest_->stream.lowest_layer().close(ignored);
    }
}

void tls_peer::speak_at_most(int version) {
    SSL_CTX* const context = context_.native_handle();
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, 0);
    SSL_CTX_set_max_proto_version(context, version);
    SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
}

void tls_peer::demand_certificate_of(const std::string& authority) {
    context_.load_verify_file(authority);
    context_.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
}

void tls_peer::say(std::string_view bytes) {
    error_code ignored;
    asio::write(newest_->stream, asio::buffer(bytes), ignored);
}

void tls_peer::say_new_ticket() {
    ASSERT_EQ(SSL_new_session_ticket(newest_->stream.native_handle()), 1);
    error_code failure;
    newest_->stream.handshake(asio::ssl::stream_base::server, failure);
    ASSERT_FALSE(failure) << failure.message();
}

void tls_peer::say_goodbye() {
    // Goes out at once; the client's own farewell may never come.
    newest_->stream.async_shutdown([each = newest_](error_code /*failure*/) {});
}

void tls_peer::accept() {
    acceptor_.async_accept([this, alive = alive_](error_code failure, tcp::socket connected) {
        if (!*alive || failure) {
            return;
        }
        ++accepted;
        newest_ = std::make_shared<client>(std::move(connected), context_);
        greet(newest_);
        accept();
    });
}

void tls_peer::greet(const std::shared_ptr<client>& each) {
    if (closes_in_handshake) {
        each->stream.next_layer().async_read_some(
            asio::buffer(each->incoming), [each](error_code /*failure*/, std::size_t /*size*/) {
                error_code ignored;
                each->stream.next_layer().close(ignored);
            });
        return;
    }
    each->stream.async_handshake(
        asio::ssl::stream_base::server, [this, each, alive = alive_](error_code failure) {
            if (!*alive) {
                return;
            }
            if (failure) {
                error_code ignored;
                each->stream.next_layer().close(ignored);
                return;
            }
            ++secured;
            const char* const name =
                SSL_get_servername(each->stream.native_handle(), TLSEXT_NAMETYPE_host_name);
            asked_name = name != nullptr ? name : "";
            read(each);
        });
}

void tls_peer::read(const std::shared_ptr<client>& each) {
    each->stream.async_read_some(
        asio::buffer(each->incoming),
        [this, each, alive = alive_](error_code failure, std::size_t size) {
            if (!*alive || failure) {
                return;
            }
            each->reader.feed({each->incoming.data(), size});
            std::string out;
            while (each->reader.next() == resp_reader::status::reply) {
                const reply_view command = each->reader.current();
                fake_server::words all;
                for (const reply_view word : command) {
                    all.emplace_back(word.text());
                }
                out += on_command(all).bytes;
            }
            error_code ignored;
            asio::write(each->stream, asio::buffer(out), ignored);
            read(each);
        });
}

endpoint secure_endpoint(std::uint16_t port, const std::string& authority) {
    endpoint where;
    where.host = "127.0.0.1";
    where.port = port;
    where.tls.emplace().ca = authority;
    return where;
}

}  // namespace redlock::redis
