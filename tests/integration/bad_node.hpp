// Servers that are no help, each in a way of its own, as a factory: the tests of bad nodes want the
// same list of ways with different numbers of them. One thread: fakes run in the test's event loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "integration/harness.hpp"
#include "redis/fake_server.hpp"

namespace redlock::integration {

enum class ailment {
    dead,
    frozen_before_contact,
    frozen_after_contact,
    hangs_up_at_once,
    closes_mid_reply,
    garbage,
    wrong_type_of_reply,
    read_only,
    no_password,
    wrong_password,
    no_permission,
    out_of_memory,
    cannot_persist,
    loading,
    other_error,
    slow,
    silent,
};

[[nodiscard]] std::string_view to_string(ailment what);
[[nodiscard]] const std::vector<ailment>& all_ailments();
/// What diagnostics must tell of such a node after one attempt.
[[nodiscard]] node_errc expected_cause(ailment what);
/// Whether it only refuses to write.
[[nodiscard]] bool can_be_read(ailment what);

class bad_node {
  public:
    bad_node(loop& turned, ailment what);
    ~bad_node();
    bad_node(const bad_node&) = delete;
    bad_node& operator=(const bad_node&) = delete;

    [[nodiscard]] const std::string& url() const { return url_; }
    /// To be called once a client has had the chance to connect: some ail only from then on.
    void fall_ill();

  private:
    void make_real();
    void make_fake(loop& turned);

    ailment what_;
    bool ill_ = false;
    std::string url_;
    std::unique_ptr<redis_server> real_;
    std::unique_ptr<redis::fake_server> fake_;
};

}  // namespace redlock::integration
