// See tls_failure.hpp.
#include "outside/system/tls_failure.hpp"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cstring>
#include <string_view>

#include "base/shown_text.hpp"

namespace redlock::outside {
namespace {

namespace asio = boost::asio;

/// More names of a certificate are only counted.
constexpr int most_names = 4;

// --- reading a certificate ---

std::string text_in(BIO* memory) {
    char* begin = nullptr;
    const long size = BIO_get_mem_data(memory, &begin);
    return size > 0 ? base::shown_text({begin, static_cast<std::size_t>(size)}) : std::string{};
}

template <class Print>
std::string printed(Print print) {
    const std::unique_ptr<BIO, int (*)(BIO*)> memory{BIO_new(BIO_s_mem()), &BIO_free};
    print(memory.get());
    return text_in(memory.get());
}

std::string text_of(const X509_NAME* name) {
    return printed([name](BIO* out) {
        X509_NAME_print_ex(out, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    });
}

std::string text_of(const ASN1_TIME* time) {
    return printed([time](BIO* out) { ASN1_TIME_print(out, time); });
}

// Empty for kinds that name no server.
std::string text_of(const GENERAL_NAME& name) {
    const auto* const octets = name.type == GEN_DNS     ? name.d.dNSName
                               : name.type == GEN_IPADD ? name.d.iPAddress
                                                        : nullptr;
    if (octets == nullptr) {
        return {};
    }
    const unsigned char* const data = ASN1_STRING_get0_data(octets);
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(octets));
    if (name.type == GEN_DNS) {
        return {data, data + size};
    }
    asio::ip::address_v4::bytes_type four{};
    asio::ip::address_v6::bytes_type sixteen{};
    if (size == four.size()) {
        std::memcpy(four.data(), data, size);
        return asio::ip::make_address_v4(four).to_string();
    }
    if (size == sixteen.size()) {
        std::memcpy(sixteen.data(), data, size);
        return asio::ip::make_address_v6(sixteen).to_string();
    }
    return {};
}

std::string names_in(const X509* certificate) {
    const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> names{
        static_cast<GENERAL_NAMES*>(
            X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
        &GENERAL_NAMES_free};
    std::string text;
    int told = 0;
    int untold = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const std::string name = text_of(*sk_GENERAL_NAME_value(names.get(), i));
        if (name.empty() || told == most_names) {
            untold += name.empty() ? 0 : 1;
            continue;
        }
        text += (told++ == 0 ? "" : ", ") + name;
    }
    if (told == 0) {
        return text_of(X509_get_subject_name(certificate));
    }
    return base::shown_text(text) +
           (untold == 0 ? std::string{} : " and " + std::to_string(untold) + " more");
}

// --- what OpenSSL says ---

struct phrase {
    int reason;
    std::string_view text;
};

constexpr std::string_view not_tls =
    "what it answers is not TLS: does this port speak it? If not, use redis://";
constexpr std::string_view too_old = "it speaks no TLS 1.2 or newer, which is the least we accept";
constexpr std::string_view ours_refused =
    "it does not accept our certificate: the one in cert= must be valid, and issued by an "
    "authority that the server trusts";
constexpr std::string_view wants_certificate =
    "it demands a client certificate: name one with cert= and key=";

constexpr std::array phrases{
    phrase{SSL_R_WRONG_VERSION_NUMBER, not_tls},
    phrase{SSL_R_UNKNOWN_PROTOCOL, not_tls},
    phrase{SSL_R_HTTP_REQUEST, not_tls},
    phrase{SSL_R_PACKET_LENGTH_TOO_LONG, not_tls},
    phrase{SSL_R_UNSUPPORTED_PROTOCOL, too_old},
    phrase{SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, too_old},
    phrase{SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, wants_certificate},
    phrase{SSL_R_TLSV1_ALERT_UNKNOWN_CA, ours_refused},
    phrase{SSL_R_TLSV1_ALERT_ACCESS_DENIED, ours_refused},
    phrase{SSL_R_TLSV1_ALERT_DECRYPT_ERROR, ours_refused},
    phrase{SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, ours_refused},
    phrase{SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, ours_refused},
    phrase{SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, ours_refused},
    phrase{SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, ours_refused},
    phrase{SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, ours_refused},
    phrase{SSL_R_TLSV1_UNRECOGNIZED_NAME,
           "it knows no server of this name: say which is meant with server_name="},
};

std::string sentence_for(int reason, bool shows_certificate) {
    if (reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE && !shows_certificate) {
        return "it refuses the handshake; perhaps it " +
               std::string{wants_certificate.substr(std::string_view{"it "}.size())};
    }
    for (const phrase& each : phrases) {
        if (each.reason == reason) {
            return std::string{each.text};
        }
    }
    return {};
}

}  // namespace

void rejected_certificate::note(X509_STORE_CTX* context) noexcept {
    if (*this) {
        return;
    }
    reason_ = X509_STORE_CTX_get_error(context);
    depth_ = X509_STORE_CTX_get_error_depth(context);
    X509* const current = X509_STORE_CTX_get_current_cert(context);
    if (current != nullptr && X509_up_ref(current) == 1) {
        certificate_.reset(current);
    }
}

std::string rejected_certificate::describe(const std::string& expected) const {
    const X509* const which = certificate_.get();
    std::string who = depth_ == 0 ? "its certificate" : "the certificate above its own";
    if (which == nullptr) {
        return who + " is not accepted: " + X509_verify_cert_error_string(reason_);
    }
    if (depth_ != 0) {
        who += " (" + text_of(X509_get_subject_name(which)) + ")";
    }
    switch (reason_) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return who + " is for " + names_in(which) + " and not for " +
                   base::shown_text(expected) +
                   ": if that is the right server, name it with server_name=";
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return who +
                   " is self-signed, which nothing here trusts: name a file that holds it with ca=";
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return "its certificate leads to " + text_of(X509_get_subject_name(which)) +
                   ", whom nothing here trusts: name the file of that authority with ca=";
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return who + " was issued by " + text_of(X509_get_issuer_name(which)) +
                   ", whom nothing here trusts: name the file of that authority with ca=";
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return who + " expired on " + text_of(X509_get0_notAfter(which)) +
                   ": the server needs a new one";
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return who + " is not valid before " + text_of(X509_get0_notBefore(which)) +
                   ": look at this machine's clock";
        default:
            return who + " is not accepted: " + X509_verify_cert_error_string(reason_);
    }
}

bool is_tls_failure(const error_code& failure) noexcept {
    return failure == node_errc::tls_failed ||
           failure.category() == asio::error::get_ssl_category() ||
           (failure.category() == asio::ssl::error::get_stream_category() &&
            failure != asio::ssl::error::stream_truncated);
}

std::string describe_tls_failure(const error_code& failure, bool shows_certificate) {
    // Redis closes without the farewell that TLS foresees.
    if (failure == asio::ssl::error::stream_truncated) {
        return error_code{asio::error::eof}.message();
    }
    if (failure.category() != asio::error::get_ssl_category()) {
        return failure.message();
    }
    const int reason = ERR_GET_REASON(static_cast<unsigned long>(failure.value()));
    const std::string sentence = sentence_for(reason, shows_certificate);
    return sentence.empty() ? "TLS failed: " + failure.message() : sentence;
}

}  // namespace redlock::outside
