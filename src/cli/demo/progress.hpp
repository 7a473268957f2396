// How the demo shows that time passes: a bar that is drawn over itself on a terminal, and nothing
// in a pipe, where only whole lines are worth reading. One thread at a time.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace redlock::cli {

class progress {
  public:
    progress();
    /// One line of the account.
    void line(const std::string& text);
    /// Lets `length` pass; meanwhile shows `title` and what `note` tells.
    void pass(const std::string& title, std::chrono::milliseconds length,
              const std::function<std::string()>& note);
    /// Whether all of it could be written so far.
    [[nodiscard]] bool shown() const { return shown_; }

  private:
    void write(const std::string& text);
    void draw(const std::string& text);

    bool terminal_;
    bool shown_ = true;
};

}  // namespace redlock::cli
