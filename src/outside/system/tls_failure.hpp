// Why TLS failed, in sentences that say what to do about it: OpenSSL's reasons are written for its
// own authors. What a peer wrote into its certificate is shown, and so cut and made printable; it
// has not been verified. One thread at a time.
#pragma once

#include <openssl/x509.h>

#include <memory>
#include <redlock/error.hpp>
#include <string>

namespace redlock::outside {

/// The certificate that ended the verification, and why. Empty at first.
class rejected_certificate {
  public:
    /// Of several complaints the first counts.
    void note(X509_STORE_CTX* context) noexcept;
    explicit operator bool() const noexcept { return reason_ != X509_V_OK; }
    /// `expected`: the name that was asked for.
    [[nodiscard]] std::string describe(const std::string& expected) const;

  private:
    struct release {
        void operator()(X509* certificate) const noexcept { X509_free(certificate); }
    };

    int reason_ = X509_V_OK;
    int depth_ = 0;
    std::unique_ptr<X509, release> certificate_;
};

/// Whether TLS itself failed, and not the network.
[[nodiscard]] bool is_tls_failure(const error_code& failure) noexcept;

/// Any failure of a TLS connection. `shows_certificate`: whether the peer was shown one of ours.
[[nodiscard]] std::string describe_tls_failure(const error_code& failure, bool shows_certificate);

}  // namespace redlock::outside
