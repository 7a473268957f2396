// TLS on a connected socket: Asio's stream, with the name that the peer must prove and a memory of
// why it could not. Owns no socket and knows no deadline. Reads and writes go to `stream()`, one of
// each at a time. One strand.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>
#include <string>

#include "outside/system/tls_failure.hpp"

namespace redlock::outside {

class tls_stream {
  public:
    using socket = boost::asio::generic::stream_protocol::socket;

    /// The socket must outlive it.
    tls_stream(socket& below, boost::asio::ssl::context& context);

    /// Who the peer must be: `options.server_name`, else `host`. False: that can be no name.
    [[nodiscard]] bool expect(const tls_options& options, const std::string& host);

    [[nodiscard]] boost::asio::ssl::stream<socket&>& stream() { return stream_; }

    /// Whether there is nothing to read, what TLS says for itself (new tickets) apart, and the peer
    /// has not closed. The socket must be non-blocking, and no read under way.
    [[nodiscard]] bool silent();

    /// In words, what to do included. Has to be asked before anything else fails.
    [[nodiscard]] std::string describe(error_code failure) const;

  private:
    boost::asio::ssl::stream<socket&> stream_;
    std::string name_;
    bool shows_certificate_ = false;
    rejected_certificate rejected_;
};

}  // namespace redlock::outside
