// A certificate authority of a test's own, in a temporary folder that goes with it: with it a test
// makes whatever certificates its servers and clients are to have. Elliptic curves, so that it
// costs next to nothing. One thread at a time.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace redlock::support {

/// Paths of PEM files.
struct certificate_files {
    std::string certificate;
    std::string key;
};

/// What a certificate says; the defaults are those of a good server on this machine.
struct certificate_wish {
    std::string name = "server";  ///< Its own, and that of its files.
    std::string for_names =
        "DNS:localhost,IP:127.0.0.1";  ///< As in `subjectAltName`; may be empty.
    long from_days = -1;               ///< From today.
    long until_days = 1;
    bool self_signed = false;
};

class test_authority {
  public:
    /// Throws std::runtime_error, as all of it.
    explicit test_authority(const std::string& name = "test authority");
    ~test_authority();
    test_authority(const test_authority&) = delete;
    test_authority& operator=(const test_authority&) = delete;

    /// Its own certificate: what a client has to trust.
    [[nodiscard]] const std::string& file() const { return file_; }
    /// Its files are here, and those of a test may be.
    [[nodiscard]] const std::string& folder() const { return folder_; }
    [[nodiscard]] certificate_files issue(const certificate_wish& wish = {}) const;
    /// The same key, encrypted with a passphrase.
    [[nodiscard]] std::string encrypted(const certificate_files& files) const;

  private:
    template <class Type, void (*Free)(Type*)>
    struct release {
        void operator()(Type* held) const noexcept { Free(held); }
    };
    using key_ptr = std::unique_ptr<EVP_PKEY, release<EVP_PKEY, &EVP_PKEY_free>>;
    using certificate_ptr = std::unique_ptr<X509, release<X509, &X509_free>>;

    [[nodiscard]] certificate_ptr make(const certificate_wish& wish, EVP_PKEY* key, X509* issuer,
                                       EVP_PKEY* issuer_key) const;

    std::string folder_;
    std::string file_;
    key_ptr key_;
    certificate_ptr certificate_;
};

/// Writes a file anew.
void write_file(const std::string& path, const std::string& text);

}  // namespace redlock::support
