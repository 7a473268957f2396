#include "faults/lan.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/child.hpp"

namespace redlock::faults {
namespace {

constexpr const char* own_space = "/proc/thread-self/ns/net";

int open_own_space() {
    const int space = ::open(own_space, O_RDONLY | O_CLOEXEC);
    if (space < 0) {
        throw not_possible_here(fmt::format("no network namespaces: {}", std::strerror(errno)));
    }
    return space;
}

int make_space() {
    if (::unshare(CLONE_NEWNET) != 0) {
        throw not_possible_here(
            fmt::format("network namespaces are refused: {}", std::strerror(errno)));
    }
    return open_own_space();
}

void enter(int space) {
    if (::setns(space, CLONE_NEWNET) != 0) {
        throw not_possible_here(fmt::format("a namespace is refused: {}", std::strerror(errno)));
    }
}

std::string content_of(const std::string& path) {
    std::ifstream in{path};
    return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

lan::visit::visit(const lan& where, std::size_t host) : back_to_(where.home_) {
    enter(where.spaces_.at(host));
}

lan::visit::~visit() {
    // Cannot fail: we were there, and the descriptor is open.
    static_cast<void>(::setns(back_to_, CLONE_NEWNET));
}

lan::lan(std::size_t hosts, std::string folder) : folder_(std::move(folder)), home_(make_space()) {
    run({"ip", "link", "add", "middle", "type", "bridge"});
    run({"ip", "link", "set", "middle", "up"});
    for (std::size_t i = 0; i < hosts; ++i) {
        spaces_.push_back(make_space());
        enter(home_);
        const std::string plug = fmt::format("host{}", i);
        run({"ip", "link", "add", plug, "type", "veth", "peer", "name", "outside"});
        run({"ip", "link", "set", "outside", "netns",
             fmt::format("/proc/{}/fd/{}", ::getpid(), spaces_.back())});
        run({"ip", "link", "set", plug, "master", "middle"});
        run({"ip", "link", "set", plug, "up"});
        const visit inside{*this, i};
        run({"ip", "link", "set", "lo", "up"});
        run({"ip", "address", "add", address(i) + "/24", "dev", "outside"});
        run({"ip", "link", "set", "outside", "up"});
        run({"nft", "list", "ruleset"});
    }
}

lan::~lan() {
    for (const int space : spaces_) {
        ::close(space);
    }
    if (home_ >= 0) {
        ::close(home_);
    }
}

std::string lan::address(std::size_t host) {
    return fmt::format("10.77.0.{}", host + 1);
}

void lan::lose(std::size_t host, unsigned percent) {
    apply(host, fmt::format("  chain in {{\n    type filter hook input priority 0;\n"
                            "    iifname outside numgen random mod 100 < {} counter drop\n  }}\n",
                            percent));
}

void lan::part(std::size_t host, std::size_t other) {
    apply(host, fmt::format("  chain in {{\n    type filter hook input priority 0;\n"
                            "    ip saddr {0} counter drop\n  }}\n"
                            "  chain out {{\n    type filter hook output priority 0;\n"
                            "    ip daddr {0} counter drop\n  }}\n",
                            address(other)));
}

void lan::deafen(std::size_t host, std::size_t other) {
    apply(host, fmt::format("  chain in {{\n    type filter hook input priority 0;\n"
                            "    ip saddr {} counter drop\n  }}\n",
                            address(other)));
}

void lan::heal(std::size_t host) {
    count(host);
    const visit inside{*this, host};
    run({"nft", "flush", "ruleset"});
}

// Rules add up until `heal`; a table of its own for each.
void lan::apply(std::size_t host, const std::string& rules) {
    static int number = 0;
    const std::string file = folder_ + "/rules";
    std::ofstream{file} << fmt::format("table inet faults{} {{\n{}}}\n", ++number, rules);
    const visit inside{*this, host};
    run({"nft", "-f", file});
}

void lan::count(std::size_t host) {
    const visit inside{*this, host};
    const std::string file = folder_ + "/counters";
    std::filesystem::remove(file);
    support::run_to_end({{"nft", "list", "ruleset"}, {}, file});
    const std::string text = content_of(file);
    constexpr std::string_view before = "counter packets ";
    for (auto at = text.find(before); at != std::string::npos; at = text.find(before, at + 1)) {
        dropped_ += std::stoull(text.substr(at + before.size()));
    }
}

void lan::run(const std::vector<std::string>& arguments) const {
    const std::string said = folder_ + "/said";
    std::filesystem::remove(said);
    std::string failure;
    try {
        if (support::run_to_end({arguments, {}, said}) == 0) {
            return;
        }
        failure = content_of(said);
    } catch (const std::exception& error) {
        failure = error.what();
    }
    throw not_possible_here(fmt::format("{}: {}", fmt::join(arguments, " "), failure));
}

}  // namespace redlock::faults
