// From TLS options to a context, with every file that can be wrong.
#include "outside/system/tls_context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/test_authority.hpp"

namespace redlock::outside::tls_context_cases {
namespace {

using support::certificate_files;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct tls_context_files : testing::Test {
    static void expect_problem(const tls_options& options,
                               const testing::Matcher<std::string>& message) {
        const tls_context made = make_tls_context(options);
        EXPECT_EQ(made.context, nullptr);
        EXPECT_THAT(made.problem, message);
        EXPECT_THAT(made.problem, Not(HasSubstr("BEGIN")));
    }
    static SSL_CTX* expect_context(const tls_options& options) {
        const tls_context made = make_tls_context(options);
        EXPECT_EQ(made.problem, "");
        return made.context != nullptr ? made.context->native_handle() : nullptr;
    }
    [[nodiscard]] tls_options trusting() const {
        tls_options options;
        options.ca = authority.file();
        return options;
    }
    [[nodiscard]] tls_options showing(const std::string& certificate,
                                      const std::string& key) const {
        tls_options options = trusting();
        options.certificate = certificate;
        options.key = key;
        return options;
    }
    [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
        std::string path = authority.folder() + '/' + name;
        support::write_file(path, text);
        return path;
    }

    support::test_authority authority;
    certificate_files own = authority.issue({.name = "client"});
};

TEST_F(tls_context_files, verify_by_default_and_speak_nothing_old) {
    for (const tls_options& options : {tls_options{}, trusting()}) {
        SSL_CTX* const context = expect_context(options);
        ASSERT_NE(context, nullptr);
        EXPECT_EQ(SSL_CTX_get_verify_mode(context), SSL_VERIFY_PEER);
        EXPECT_EQ(SSL_CTX_get_min_proto_version(context), TLS1_2_VERSION);
        EXPECT_EQ(SSL_CTX_get_max_proto_version(context), 0) << "the newest there is";
    }
}

TEST_F(tls_context_files, verify_nothing_only_when_told_so) {
    tls_options options;
    options.verify = false;
    SSL_CTX* const context = expect_context(options);
    ASSERT_NE(context, nullptr);
    EXPECT_EQ(SSL_CTX_get_verify_mode(context), SSL_VERIFY_NONE);
    EXPECT_EQ(SSL_CTX_get_min_proto_version(context), TLS1_2_VERSION);
}

TEST_F(tls_context_files, are_read_again_only_when_they_have_changed) {
    const std::string path = file("changing.pem", "");
    tls_options options;
    options.ca = path;
    expect_problem(options, HasSubstr("is empty"));
    std::filesystem::copy_file(authority.file(), path,
                               std::filesystem::copy_options::overwrite_existing);
    const auto first = make_tls_context(options).context;
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(make_tls_context(options).context, first);
    options.server_name = "another.example";
    EXPECT_EQ(make_tls_context(options).context, first) << "the name is the connection's affair";
    const support::test_authority other{"a longer name, so that the size differs"};
    std::filesystem::copy_file(other.file(), path,
                               std::filesystem::copy_options::overwrite_existing);
    const auto second = make_tls_context(options).context;
    ASSERT_NE(second, nullptr);
    EXPECT_NE(second, first);
    std::filesystem::remove(path);
    expect_problem(options, HasSubstr("No such file"));
}

TEST_F(tls_context_files, differ_for_different_options) {
    EXPECT_NE(make_tls_context(trusting()).context, make_tls_context({}).context);
    EXPECT_NE(make_tls_context(trusting()).context,
              make_tls_context(showing(own.certificate, own.key)).context);
}

// --- ca ---

TEST_F(tls_context_files, say_that_the_authority_is_missing) {
    tls_options options;
    options.ca = "/no/such/file.pem";
    expect_problem(options, AllOf(HasSubstr("ca=/no/such/file.pem cannot be read"),
                                  HasSubstr("No such file or directory")));
}

TEST_F(tls_context_files, say_that_the_authority_is_no_certificate) {
    tls_options options;
    options.ca = file("text.pem", "nothing of the kind\n");
    expect_problem(options, HasSubstr("ca=" + options.ca + " holds no certificate in PEM format"));
    options.ca = own.key;
    expect_problem(options, HasSubstr("holds no certificate in PEM format"));
}

TEST_F(tls_context_files, say_that_a_folder_holds_no_authority) {
    tls_options options;
    options.ca = authority.folder();
    expect_problem(options, AllOf(HasSubstr("is a folder"), HasSubstr("openssl rehash")));
}

TEST_F(tls_context_files, take_a_folder_of_hashed_names) {
    const std::string folder = authority.folder() + "/hashed";
    std::filesystem::create_directory(folder);
    std::filesystem::copy_file(authority.file(), folder + "/0123abcd.0");
    tls_options options;
    options.ca = folder;
    EXPECT_NE(expect_context(options), nullptr);
}

// --- cert and key ---

TEST_F(tls_context_files, show_a_certificate_with_its_key) {
    SSL_CTX* const context = expect_context(showing(own.certificate, own.key));
    ASSERT_NE(context, nullptr);
    EXPECT_NE(SSL_CTX_get0_certificate(context), nullptr);
    EXPECT_NE(SSL_CTX_get0_privatekey(context), nullptr);
}

TEST_F(tls_context_files, find_the_key_in_the_file_of_the_certificate) {
    std::filesystem::path both = authority.folder() + "/both.pem";
    std::filesystem::copy_file(own.certificate, both);
    std::ifstream key{own.key};
    std::ofstream{both, std::ios::app} << key.rdbuf();
    EXPECT_NE(expect_context(showing(both, {})), nullptr);
}

TEST_F(tls_context_files, say_that_the_certificate_is_missing) {
    expect_problem(showing("/no/such.pem", own.key), HasSubstr("cert=/no/such.pem cannot be read"));
    expect_problem(showing({}, own.key), AllOf(HasSubstr("key=" + own.key), HasSubstr("cert=")));
}

TEST_F(tls_context_files, say_that_the_certificate_is_none) {
    expect_problem(showing(own.key, own.key),
                   HasSubstr("cert=" + own.key + " holds no certificate in PEM format"));
    expect_problem(showing(authority.folder(), own.key),
                   HasSubstr("cert=" + authority.folder() + " cannot be read (Is a directory)"));
}

TEST_F(tls_context_files, say_that_the_key_is_missing) {
    expect_problem(showing(own.certificate, "/no/such.key"),
                   HasSubstr("key=/no/such.key cannot be read"));
    expect_problem(showing(own.certificate, {}),
                   AllOf(HasSubstr("cert=" + own.certificate), HasSubstr("no private key"),
                         HasSubstr("key=")));
}

TEST_F(tls_context_files, say_that_the_key_is_none) {
    expect_problem(showing(own.certificate, own.certificate),
                   HasSubstr("key=" + own.certificate + " holds no private key in PEM format"));
    expect_problem(showing(own.certificate, file("empty.key", "")), HasSubstr("is empty"));
}

TEST_F(tls_context_files, say_that_the_key_is_of_another_certificate) {
    const certificate_files other = authority.issue({.name = "other"});
    expect_problem(showing(own.certificate, other.key),
                   HasSubstr("key=" + other.key + " does not hold the key of the certificate"));
}

TEST_F(tls_context_files, refuse_an_encrypted_key_and_never_ask) {
    const std::string key = authority.encrypted(own);
    expect_problem(showing(own.certificate, key),
                   AllOf(HasSubstr("key=" + key), HasSubstr("encrypted key")));
}

}  // namespace
}  // namespace redlock::outside::tls_context_cases
