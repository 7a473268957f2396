// Files are checked one by one before OpenSSL gets them, since its own errors do not say which file
// they are about. See tls_context.hpp.
#include "outside/system/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace redlock::outside {
namespace {

namespace ssl = boost::asio::ssl;

using complaint = std::optional<std::string>;

std::string about(std::string_view option, const std::string& path, std::string_view what) {
    return std::string{option} + '=' + path + ' ' + std::string{what};
}

complaint cannot_be_read(std::string_view option, const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "re"),
                                                               &std::fclose};
    if (file != nullptr && std::fgetc(file.get()) != EOF) {
        return std::nullopt;
    }
    if (file != nullptr && std::ferror(file.get()) == 0) {
        return about(option, path, "is empty: name a file in PEM format");
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): glibc's is safe.
    return about(option, path, std::string{"cannot be read ("} + std::strerror(errno) + ")");
}

// --- whom to believe ---

// OpenSSL finds authorities in a folder by the hashes of their names, and nothing else there.
bool has_hashed_names(const std::string& folder) {
    std::error_code ignored;
    const std::filesystem::directory_iterator entries{folder, ignored};
    return std::any_of(begin(entries), end(entries), [](const auto& entry) {
        const std::string name = entry.path().filename().string();
        return name.size() > 9 && name[8] == '.' && name.find_first_not_of("0123456789abcdef") == 8;
    });
}

complaint trust(SSL_CTX* context, const std::string& ca) {
    std::error_code ignored;
    if (ca.empty()) {
        SSL_CTX_set_default_verify_paths(context);
    } else if (std::filesystem::is_directory(ca, ignored)) {
        if (!has_hashed_names(ca) || SSL_CTX_load_verify_dir(context, ca.c_str()) != 1) {
            return about("ca", ca,
                         "is a folder in which OpenSSL finds no authority: run `openssl rehash` on "
                         "it, or name a file");
        }
    } else if (complaint wrong = cannot_be_read("ca", ca)) {
        return wrong;
    } else if (SSL_CTX_load_verify_file(context, ca.c_str()) != 1) {
        return about("ca", ca, "holds no certificate in PEM format");
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    return std::nullopt;
}

// --- what to show ---

// Only called for a key that is encrypted; OpenSSL's own would ask the terminal.
int refuse_passphrase(char* /*room*/, int /*size*/, int /*writing*/, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

complaint show_key(SSL_CTX* context, std::string_view option, const std::string& path) {
    const std::unique_ptr<BIO, int (*)(BIO*)> file{BIO_new_file(path.c_str(), "r"), &BIO_free};
    bool encrypted = false;
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key{
        PEM_read_bio_PrivateKey(file.get(), nullptr, &refuse_passphrase, &encrypted),
        &EVP_PKEY_free};
    if (encrypted) {
        return about(option, path,
                     "holds an encrypted key, and there is nobody to ask for the passphrase: store "
                     "the key unencrypted (`openssl pkey`), readable by its user only");
    }
    if (key == nullptr) {
        return about(option, path,
                     option == "key" ? "holds no private key in PEM format"
                                     : "holds no private key in PEM format: name its file with "
                                       "key=");
    }
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return about(option, path, "does not hold the key of the certificate in cert=");
    }
    return std::nullopt;
}

complaint show_certificate(SSL_CTX* context, const tls_options& options) {
    const std::string& certificate = options.certificate;
    if (certificate.empty()) {
        return options.key.empty() ? complaint{}
                                   : about("key", options.key,
                                           "is no use without a certificate: name it with cert=");
    }
    if (complaint wrong = cannot_be_read("cert", certificate)) {
        return wrong;
    }
    if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
        const char* const why = ERR_reason_error_string(ERR_peek_last_error());
        return about("cert", certificate,
                     std::string{"holds no certificate in PEM format that can be used ("} +
                         (why != nullptr ? why : "unknown reason") + ")");
    }
    if (options.key.empty()) {
        return show_key(context, "cert", certificate);
    }
    if (complaint wrong = cannot_be_read("key", options.key)) {
        return wrong;
    }
    return show_key(context, "key", options.key);
}

tls_context build(const tls_options& options) {
    auto made = std::make_shared<ssl::context>(ssl::context::tls_client);
    SSL_CTX* const context = made->native_handle();
    ERR_clear_error();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    complaint wrong = options.verify ? trust(context, options.ca) : std::nullopt;
    if (!wrong) {
        wrong = show_certificate(context, options);
    }
    ERR_clear_error();
    return wrong ? tls_context{nullptr, std::move(*wrong)} : tls_context{std::move(made), {}};
}

// --- what was read before ---

/// What changes with the content of a file; all zero if there is none.
using stamp = std::tuple<ino_t, off_t, time_t, long, time_t, long>;

stamp stamp_of(const std::string& path) {
    struct stat told {};
    if (path.empty() || ::stat(path.c_str(), &told) != 0) {
        return {};
    }
    return {told.st_ino,          told.st_size,        told.st_mtim.tv_sec,
            told.st_mtim.tv_nsec, told.st_ctim.tv_sec, told.st_ctim.tv_nsec};
}

std::string system_path(const char* variable, const char* usual) {
    const char* const set = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
    return set != nullptr ? set : usual;
}

std::vector<stamp> stamps_of(const tls_options& options) {
    std::vector<stamp> stamps{stamp_of(options.certificate), stamp_of(options.key)};
    if (!options.ca.empty()) {
        stamps.push_back(stamp_of(options.ca));
    } else if (options.verify) {
        stamps.push_back(
            stamp_of(system_path(X509_get_default_cert_file_env(), X509_get_default_cert_file())));
        stamps.push_back(
            stamp_of(system_path(X509_get_default_cert_dir_env(), X509_get_default_cert_dir())));
    }
    return stamps;
}

struct remembered {
    tls_options options;
    std::vector<stamp> stamps;
    tls_context made;
};

/// More than anybody has; beyond it the oldest goes.
constexpr std::size_t most_remembered = 32;

}  // namespace

tls_context make_tls_context(const tls_options& options) {
    static std::mutex guard;
    static std::vector<remembered> known;

    tls_options key = options;
    key.server_name.clear();  // Belongs to the connection.
    std::vector<stamp> stamps = stamps_of(key);
    const std::lock_guard lock{guard};
    const auto found = std::ranges::find(known, key, &remembered::options);
    if (found != known.end()) {
        if (found->stamps == stamps) {
            return found->made;
        }
        known.erase(found);
    }
    tls_context made = build(key);
    if (made.context != nullptr) {
        if (known.size() == most_remembered) {
            known.erase(known.begin());
        }
        known.push_back({std::move(key), std::move(stamps), made});
    }
    return made;
}

}  // namespace redlock::outside

namespace redlock {

boost::system::result<void, endpoint_error> check_tls_files(const endpoint& node) {
    if (!node.tls) {
        return {};
    }
    std::string problem = outside::make_tls_context(*node.tls).problem;
    if (problem.empty()) {
        return {};
    }
    return endpoint_error{std::move(problem)};
}

}  // namespace redlock
