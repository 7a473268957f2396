// See tls_stream.hpp.
#include "outside/system/tls_stream.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/verify_context.hpp>

namespace redlock::outside {

namespace asio = boost::asio;

tls_stream::tls_stream(socket& below, asio::ssl::context& context) : stream_(below, context) {}

bool tls_stream::expect(const tls_options& options, const std::string& host) {
    SSL* const session = stream_.native_handle();
    shows_certificate_ = !options.certificate.empty();
    name_ = options.server_name.empty() ? host : options.server_name;
    if (name_.ends_with('.')) {
        name_.pop_back();  // The root of the name tree, which certificates leave out.
    }
    if (options.verify) {
        error_code ignored;
        stream_.set_verify_callback(
            [this](bool good, asio::ssl::verify_context& context) {
                if (!good) {
                    rejected_.note(context.native_handle());
                }
                return good;
            },
            ignored);
    }
    error_code not_numeric;
    static_cast<void>(asio::ip::make_address(name_, not_numeric));
    if (!not_numeric) {
        // A zone (fe80::1%eth0) means something on this machine only.
        const std::string bare = name_.substr(0, name_.find('%'));
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), bare.c_str()) == 1;
    }
    SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return !name_.empty() && SSL_set_tlsext_host_name(session, name_.c_str()) == 1 &&
           SSL_set1_host(session, name_.c_str()) == 1;
}

bool tls_stream::silent() {
    char unread = 0;
    error_code failure;
    stream_.read_some(asio::buffer(&unread, 1), failure);
    return failure == asio::error::would_block || failure == asio::error::try_again;
}

std::string tls_stream::describe(error_code failure) const {
    return rejected_ ? rejected_.describe(name_)
                     : describe_tls_failure(failure, shows_certificate_);
}

}  // namespace redlock::outside
