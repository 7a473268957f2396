// Random commands for a server, the wrong ones among them; a few keys, so that types and ends of
// keys collide. One thread at a time.
#pragma once

#include <initializer_list>
#include <string>

#include "testing/random_stream.hpp"
#include "testing/store.hpp"

namespace redlock::testing {

class random_commands {
  public:
    explicit random_commands(std::uint64_t seed) : chance_(seed, 7) {}

    [[nodiscard]] random_stream& chance() { return chance_; }
    /// Any that the store knows but SCAN, TIME and FLUSHALL.
    [[nodiscard]] request any();
    /// A SCAN without its cursor; patterns and types at random.
    [[nodiscard]] request scan_options();
    [[nodiscard]] std::string key();

  private:
    [[nodiscard]] request well_formed();
    [[nodiscard]] request set();
    [[nodiscard]] request of_sorted_set();
    [[nodiscard]] std::string score();
    [[nodiscard]] std::string bound();
    [[nodiscard]] std::string one_of(std::initializer_list<const char*> words);
    [[nodiscard]] std::string value();
    [[nodiscard]] std::string field();
    [[nodiscard]] std::string number();

    random_stream chance_;
};

}  // namespace redlock::testing
