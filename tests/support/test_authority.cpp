// See test_authority.hpp.
#include "support/test_authority.hpp"

#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "support/redis_server.hpp"

namespace redlock::support {
namespace {

void must(bool done, const char* what) {
    if (!done) {
        throw std::runtime_error(std::string{"test authority: cannot "} + what);
    }
}

template <class Write>
void write_pem(const std::string& path, Write write) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "we"),
                                                               &std::fclose};
    must(file != nullptr && write(file.get()) == 1, "write a PEM file");
}

void extend(X509* certificate, X509* issuer, int extension, const std::string& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, &context, extension, value.c_str());
    must(made != nullptr && X509_add_ext(certificate, made, -1) == 1, "add an extension");
    X509_EXTENSION_free(made);
}

void set_random_serial(X509* certificate) {
    unsigned char bytes[8];
    must(RAND_bytes(bytes, sizeof bytes) == 1, "draw a serial number");
    BIGNUM* const number = BN_bin2bn(bytes, sizeof bytes, nullptr);
    must(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr, "set it");
    BN_free(number);
}

}  // namespace

test_authority::test_authority(const std::string& name)
    : folder_(make_temporary_folder("redlock-tls")), file_(folder_ + "/ca.pem") {
    key_.reset(EVP_EC_gen("P-256"));
    must(key_ != nullptr, "make a key");
    certificate_ = make({.name = name, .for_names = {}}, key_.get(), nullptr, nullptr);
    write_pem(file_, [this](std::FILE* out) { return PEM_write_X509(out, certificate_.get()); });
}

test_authority::~test_authority() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

// Without an issuer it is an authority.
test_authority::certificate_ptr test_authority::make(const certificate_wish& wish, EVP_PKEY* key,
                                                     X509* issuer, EVP_PKEY* issuer_key) const {
    constexpr long day = 24L * 60 * 60;
    certificate_ptr made{X509_new()};
    must(made != nullptr && X509_set_version(made.get(), X509_VERSION_3) == 1, "begin");
    set_random_serial(made.get());
    X509_gmtime_adj(X509_getm_notBefore(made.get()), wish.from_days * day);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), wish.until_days * day);
    // NOLINTNEXTLINE(*-reinterpret-cast): OpenSSL's characters are unsigned.
    const auto* const name = reinterpret_cast<const unsigned char*>(wish.name.c_str());
    must(X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8, name,
                                    -1, -1, 0) == 1,
         "name it");
    X509* const above = issuer != nullptr ? issuer : made.get();
    must(X509_set_issuer_name(made.get(), X509_get_subject_name(above)) == 1 &&
             X509_set_pubkey(made.get(), key) == 1,
         "fill it in");
    if (issuer == nullptr && !wish.self_signed) {
        extend(made.get(), above, NID_basic_constraints, "critical,CA:TRUE");
    }
    if (!wish.for_names.empty()) {
        extend(made.get(), above, NID_subject_alt_name, wish.for_names);
    }
    must(X509_sign(made.get(), issuer_key != nullptr ? issuer_key : key, EVP_sha256()) != 0,
         "sign it");
    return made;
}

certificate_files test_authority::issue(const certificate_wish& wish) const {
    const key_ptr key{EVP_EC_gen("P-256")};
    must(key != nullptr, "make a key");
    const certificate_ptr made = wish.self_signed
                                     ? make(wish, key.get(), nullptr, nullptr)
                                     : make(wish, key.get(), certificate_.get(), key_.get());
    certificate_files files{folder_ + '/' + wish.name + ".pem", folder_ + '/' + wish.name + ".key"};
    write_pem(files.certificate, [&](std::FILE* out) { return PEM_write_X509(out, made.get()); });
    write_pem(files.key, [&](std::FILE* out) {
        return PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    return files;
}

std::string test_authority::encrypted(const certificate_files& files) const {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in{std::fopen(files.key.c_str(), "re"),
                                                             &std::fclose};
    must(in != nullptr, "open a key");
    const key_ptr key{PEM_read_PrivateKey(in.get(), nullptr, nullptr, nullptr)};
    std::string passphrase = "never shown";
    std::string path = files.key + ".encrypted";
    write_pem(path, [&](std::FILE* out) {
        return PEM_write_PKCS8PrivateKey(out, key.get(), EVP_aes_256_cbc(), passphrase.data(),
                                         static_cast<int>(passphrase.size()), nullptr, nullptr);
    });
    return path;
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream file{path, std::ios::trunc};
    file << text;
    must(file.flush().good(), "write a file");
}

}  // namespace redlock::support
