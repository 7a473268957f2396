// Names that a test makes up: while one of these objects lives, this process resolves its name to
// the addresses that the test gave it last. Stands in the place of getaddrinfo, which it still
// calls for all other names. Any thread.
#pragma once

#include <mutex>
#include <string>
#include <vector>

namespace redlock::outside {

class made_up_name {
  public:
    /// `addresses` are numeric, in the order in which the resolver is to tell them.
    made_up_name(std::string name, std::vector<std::string> addresses);
    ~made_up_name();
    made_up_name(const made_up_name&) = delete;
    made_up_name& operator=(const made_up_name&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    void move_to(std::vector<std::string> addresses);
    /// From now on whoever asks for it waits, until it is let go or this object ends.
    void hang();
    void let_go();
    /// Until it was asked for so often.
    void wait_until_asked(int times) const;
    /// How often it was asked for.
    [[nodiscard]] int asked() const;

  private:
    std::string name_;
};

}  // namespace redlock::outside
