// A small network of hosts that are all this machine: a network namespace each, joined by a bridge,
// in which packets can be dropped and hosts parted. Nameless, so that the kernel takes it all away
// with the last process in it. Needs the right to make namespaces, and `ip` and `nft`. Main thread
// only: a namespace is entered by the calling thread and by what it starts there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace redlock::faults {

/// The machine does not allow what a scenario needs; no word about the library.
class not_possible_here : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class lan {
  public:
    /// Throws `not_possible_here`. `folder` takes what `ip` and `nft` write.
    lan(std::size_t hosts, std::string folder);
    ~lan();
    lan(const lan&) = delete;
    lan& operator=(const lan&) = delete;

    /// While it lives, this thread and what it starts are on the host.
    class visit {
      public:
        visit(const lan& where, std::size_t host);
        ~visit();
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;

      private:
        int back_to_;
    };

    [[nodiscard]] static std::string address(std::size_t host);
    /// So many of a hundred packets that reach the host are lost.
    void lose(std::size_t host, unsigned percent);
    /// Nothing passes between the two, in neither direction.
    void part(std::size_t host, std::size_t other);
    /// Nothing arrives at the host from the other one; what it sends does arrive there.
    void deafen(std::size_t host, std::size_t other);
    void heal(std::size_t host);
    /// Packets dropped so far by what was asked for.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

  private:
    void apply(std::size_t host, const std::string& rules);
    void count(std::size_t host);
    void run(const std::vector<std::string>& arguments) const;

    std::string folder_;
    int home_ = -1;
    std::vector<int> spaces_;
    std::uint64_t dropped_ = 0;
};

}  // namespace redlock::faults
