// The real proxies of docs/proxies.md, with the configurations that the page shows. Only addresses
// and ports are replaced, by throwaway servers and free ports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

#include "cli/support/three_nodes.hpp"
#include "support/child.hpp"
#include "support/redis_peer.hpp"

namespace redlock::cli_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string page() {
    std::ifstream file{REDLOCK_ROOT "/docs/proxies.md"};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// The blocks of the page in this language, in their order.
std::vector<std::string> blocks(const std::string& language) {
    const std::string text = page();
    const std::string begin = "\n```" + language + "\n";
    std::vector<std::string> found;
    for (auto at = text.find(begin); at != std::string::npos; at = text.find(begin, at)) {
        at += begin.size();
        found.push_back(text.substr(at, text.find("```", at) - at));
    }
    return found;
}

void replace(std::string& text, const std::string& what, const std::string& by) {
    ASSERT_NE(text.find(what), std::string::npos) << "the page does not show: " << what;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
}

/// Debian keeps them where the PATH of most users does not lead.
std::string program(const std::string& name) {
    for (const std::string folder : {"/usr/sbin/", "/usr/local/sbin/", "/usr/bin/"}) {
        if (std::filesystem::exists(folder + name)) {
            return folder + name;
        }
    }
    return {};
}

bool listens(std::uint16_t port) {
    using boost::asio::ip::tcp;
    boost::asio::io_context io;
    tcp::socket socket{io};
    boost::system::error_code failure;
    socket.connect({boost::asio::ip::address_v4::loopback(), port}, failure);
    return !failure;
}

class proxies : public three_nodes {
  protected:
    proxies() : folder_(support::make_temporary_folder("proxies")) {
        for (auto& port : ports_) {
            port = support::free_port();
        }
    }
    ~proxies() override {
        running_.reset();
        std::filesystem::remove_all(folder_);
    }

    [[nodiscard]] std::string url(std::size_t i = 0) const {
        return "redis://127.0.0.1:" + std::to_string(ports_.at(i));
    }
    [[nodiscard]] std::string all_urls() const { return url(0) + "," + url(1) + "," + url(2); }

    /// `text` with the addresses of the page's servers and of the proxy replaced.
    [[nodiscard]] std::string here(std::string text) const {
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            const std::string shown = "10.0.0." + std::to_string(i + 1) + ":6379";
            if (text.find(shown) != std::string::npos) {
                replace(text, shown, "127.0.0.1:" + std::to_string(nodes.at(i).port()));
            }
            const std::string listening = "127.0.0.1:700" + std::to_string(i + 1);
            if (text.find(listening) != std::string::npos) {
                replace(text, listening, "127.0.0.1:" + std::to_string(ports_.at(i)));
            }
        }
        return text;
    }
    void run_haproxy(const std::string& configuration) {
        begin({program("haproxy"), "-db", "-q", "-f", file(here(configuration))}, ports_[0]);
    }
    /// A `listen` section, with the defaults that the page recommends.
    void run_haproxy_section(const std::string& section) {
        const std::string right = blocks("haproxy").at(0);
        run_haproxy(right.substr(0, right.find("listen ")) + section);
    }
    void run_twemproxy() {
        std::string configuration = here(blocks("yaml").at(0));
        replace(configuration, "127.0.0.1:22121", "127.0.0.1:" + std::to_string(ports_[0]));
        // It serves its figures on a port of its own.
        begin({program("nutcracker"), "-c", file(configuration), "-a", "127.0.0.1", "-s",
               std::to_string(support::free_port())},
              ports_[0]);
    }
    /// A lock that is renewed each second or so, and says what happens to it.
    [[nodiscard]] process_options hold_through(std::size_t i) const {
        return {.arguments = redlock_line({"run", "-v", "--lease-time", "3s", "--nodes", url(i),
                                           "job", "--", "sleep", "60"}),
                .environment = {}};
    }
    [[nodiscard]] std::uint16_t port() const { return ports_[0]; }
    void stop_proxy() { running_.reset(); }

  private:
    [[nodiscard]] std::string file(const std::string& configuration) const {
        std::ofstream{folder_ + "/proxy"} << configuration;
        return folder_ + "/proxy";
    }
    void begin(const std::vector<std::string>& line, std::uint16_t port) {
        running_ = std::make_unique<support::child>(support::child_options{
            .arguments = line, .environment = {}, .output = folder_ + "/log"});
        eventually([port] { return listens(port); }, "the proxy listens");
    }

    std::string folder_;
    std::array<std::uint16_t, 3> ports_{};
    std::unique_ptr<support::child> running_;
};

class haproxy : public proxies {
  protected:
    void SetUp() override {
        if (program("haproxy").empty()) {
            GTEST_SKIP() << "haproxy is not installed";
        }
    }
};

class twemproxy : public proxies {
  protected:
    void SetUp() override {
        if (program("nutcracker").empty()) {
            GTEST_SKIP() << "nutcracker is not installed";
        }
    }
};

TEST_F(haproxy, as_the_page_shows_it_passes_everything) {
    run_haproxy(blocks("haproxy").at(0));
    const finished examined = redlock({"doctor", "--strict", "--nodes", all_urls()});
    EXPECT_EQ(examined.status, 0) << examined.out;
    EXPECT_THAT(examined.out, HasSubstr("0 problems, 0 warnings; 3 of 3 nodes give votes"));
    const finished used = redlock({"run", "-n", "--nodes", all_urls(), "job", "--", "echo", "in"});
    EXPECT_EQ(used.status, 0) << used.err;
    EXPECT_EQ(used.out, "in\n");
    const finished twice = redlock({"doctor", "--nodes", url(0) + "," + nodes[0].url()});
    EXPECT_THAT(twice.out, HasSubstr("it is the same server as node 0"));
}

// One address has `timeout tunnel`, the other has not, and one is cut while the other is not. Both
// hold a lock meanwhile, and keep it.
TEST_F(haproxy, cuts_idle_connections_that_have_no_timeout_for_tunnels) {
    std::string configuration = blocks("haproxy").at(0);
    for (const std::string side : {"client", "server"}) {
        replace(configuration, "timeout " + side + " 1m", "timeout " + side + " 200ms");
    }
    replace(configuration, "    timeout tunnel 1d\n", "");
    replace(configuration, "listen locks1\n", "listen locks1\n    timeout tunnel 1d\n");
    run_haproxy(configuration);
    process kept{hold_through(0)};
    kept.wait_for_err("acquired");
    process cut{hold_through(1)};
    cut.wait_for_err("node down");
    cut.wait_for_err("extended");
    kept.wait_for_err("extended");
    kept.signal(SIGTERM);
    EXPECT_THAT(kept.wait().err, AllOf(HasSubstr("released"), Not(HasSubstr("node down"))));
    cut.signal(SIGTERM);
    EXPECT_THAT(cut.wait().err, HasSubstr("released"));
}

TEST_F(haproxy, shows_a_restart_and_a_server_that_is_gone) {
    std::string configuration = blocks("haproxy").at(0);
    replace(configuration, "6379 check", "6379 check inter 100ms fall 1 rise 1");
    run_haproxy(configuration);
    process holder{hold_through(0)};
    holder.wait_for_err("acquired");
    nodes[0].restart();
    EXPECT_EQ(holder.wait().status, 79) << "the server has forgotten the lock";
    nodes[1].kill();
    eventually(
        [this] {
            const finished examined = redlock({"doctor", "--nodes", url(1)});
            EXPECT_EQ(examined.status, 69);
            return examined.out.find("refuse PING and INFO, or reach no server?") !=
                   std::string::npos;
        },
        "HAProxy closes connections for which it has no server");
}

TEST_F(haproxy, before_two_servers_is_refused) {
    for (const std::string balance : {"roundrobin", "leastconn"}) {
        SCOPED_TRACE(balance);
        std::string section = blocks("haproxy").at(1);
        replace(section, "roundrobin", balance);
        run_haproxy_section(section);
        const finished examined = redlock({"doctor", "--nodes", url()});
        EXPECT_EQ(examined.status, 69);
        EXPECT_THAT(examined.out, AllOf(HasSubstr("more than one server answers behind this URL"),
                                        Not(HasSubstr("changed keys"))));
        EXPECT_THAT(redlock({"doctor", "--json", "--nodes", url()}).out,
                    HasSubstr("\"several_servers\""));
        const finished used = redlock({"run", "-n", "--nodes", url(), "job", "--", "echo", "in"});
        EXPECT_EQ(used.status, 69);
        EXPECT_EQ(used.out, "");
        EXPECT_THAT(used.err, HasSubstr("more than one server answers behind this URL"));
        stop_proxy();
    }
}

// What the page warns of: nothing shows it until it has happened.
TEST_F(haproxy, with_a_spare_lets_two_hold_a_lock) {
    std::string section = blocks("haproxy").at(2);
    replace(section, "check", "check inter 100ms fall 1");
    run_haproxy_section(section);
    EXPECT_EQ(redlock({"doctor", "--nodes", url()}).status, 0);
    process first{hold_through(0)};
    first.wait_for_err("acquired");
    nodes[0].kill();
    eventually(
        [this] {
            return redlock({"run", "-n", "--nodes", url(), "job", "--", "true"}).status == 0;
        },
        "the spare grants what the first server had granted");
    EXPECT_EQ(first.wait().status, 79);
}

TEST_F(haproxy, that_leads_one_client_to_one_server_is_not_recognized) {
    for (const std::string balance : {"source", "first"}) {
        SCOPED_TRACE(balance);
        std::string section = blocks("haproxy").at(1);
        replace(section, "roundrobin", balance);
        run_haproxy_section(section);
        EXPECT_EQ(redlock({"doctor", "--nodes", url()}).status, 0);
        stop_proxy();
    }
}

TEST_F(twemproxy, is_recognized_and_what_it_refuses_is_named) {
    run_twemproxy();
    const std::string words =
        "PING is answered, but upon INFO the connection is closed: does a "
        "proxy on the way refuse INFO?";
    const finished examined = redlock({"doctor", "--nodes", url()});
    EXPECT_EQ(examined.status, 69);
    std::string shown = examined.out.substr(0, examined.out.find("problem  all nodes"));
    replace(shown, url(), "redis://127.0.0.1:22121");
    EXPECT_THAT(shown, HasSubstr(words));
    EXPECT_THAT(page(), HasSubstr("```\n" + shown + "```\n"));
    for (const std::vector<std::string>& line : {std::vector<std::string>{"run", "-n"},
                                                 {"run", "-w", "300ms"},
                                                 {"acquire", "-w", "300ms"},
                                                 {"status"},
                                                 {"list"}}) {
        SCOPED_TRACE(line.front());
        std::vector<std::string> arguments = line;
        arguments.insert(arguments.end(), {"--nodes", url()});
        if (line.front() != "list") {
            arguments.emplace_back("job");
        }
        if (line.front() == "run") {
            arguments.insert(arguments.end(), {"--", "true"});
        }
        const finished used = redlock(std::move(arguments));
        EXPECT_EQ(used.status, 69) << used.err;
        EXPECT_THAT(used.out + used.err, HasSubstr(words));
    }
}

TEST_F(twemproxy, passes_and_refuses_what_the_page_says) {
    run_twemproxy();
    const auto answer = [this](const std::vector<std::string>& command) {
        try {
            return support::redis_peer{port()}.ask(command);
        } catch (const std::runtime_error&) {
            return std::string{"closed"};
        }
    };
    EXPECT_EQ(answer({"PING"}), "PONG");
    EXPECT_EQ(answer({"EVAL", "return 1", "1", "key"}), "1");
    EXPECT_THAT(answer({"EVALSHA", "0", "1", "key"}), HasSubstr("NOSCRIPT"));
    EXPECT_EQ(answer({"HDEL", "key", "field"}), "0");
    const std::vector<std::vector<std::string>> refused{
        {"INFO"},      {"SELECT", "1"}, {"CLIENT", "ID"},         {"SUBSCRIBE", "news"},
        {"SCAN", "0"}, {"TIME"},        {"EVAL", "return 1", "0"}};
    for (const auto& command : refused) {
        EXPECT_EQ(answer(command), "closed") << command.front();
    }
}

}  // namespace
}  // namespace redlock::cli_test
