// From the TLS options of an endpoint to what OpenSSL needs: the authorities to trust, the versions
// to speak, the certificate to show. Whatever is wrong with a file is found here, and told in words
// that name the option. Must never ask a terminal for a passphrase, and never put a key into words.
// Any thread.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <redlock/endpoint.hpp>
#include <string>

namespace redlock::outside {

struct tls_context {
    std::shared_ptr<boost::asio::ssl::context> context;  ///< Null if there is a problem.
    std::string problem;  ///< Which option is at fault, and what to do about it.
};

/// Looks at the files each time, and reads them anew if one has changed: to read the system's
/// authorities takes 20 ms, too long for each connection.
[[nodiscard]] tls_context make_tls_context(const tls_options& options);

}  // namespace redlock::outside
