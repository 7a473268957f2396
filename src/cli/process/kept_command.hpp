// The command of `redlock run` and all that it starts, as one thing: a foreground job with a keeper
// above it. Tells when the command has ended, and when nothing of it is left; ends all of it. Knows
// nothing of locks. Main thread only.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/process/boot_timer.hpp"
#include "cli/process/child.hpp"
#include "cli/process/keeper.hpp"
#include "cli/process/process_tree.hpp"

namespace redlock::cli {

class kept_command {
  public:
    /// Calls `on_change` on the loop when anything below may answer otherwise. Throws
    /// `spawn_error`.
    kept_command(boost::asio::io_context& loop, keeper_lines lines,
                 std::function<void()> on_change);
    kept_command(const kept_command&) = delete;
    kept_command& operator=(const kept_command&) = delete;
    /// What is left goes on.
    ~kept_command() = default;

    /// Its deadlines are to be set before `start`, and whenever they change.
    [[nodiscard]] keeper& watcher() noexcept { return keeper_; }
    [[nodiscard]] const keeper& watcher() const noexcept { return keeper_; }
    /// Throws `spawn_error`.
    void start(const std::vector<std::string>& command, std::vector<std::string> environment);
    /// To be called before `start`; see `job`.
    void listen_to_terminal() noexcept { job_.listen_to_terminal(); }

    /// The command's exit status, as a shell would tell it, once it has ended.
    [[nodiscard]] std::optional<int> status();
    /// The last signal that the terminal has sent to the command, once that has ended.
    [[nodiscard]] std::optional<int> terminal_signal() const noexcept {
        return job_.terminal_signal();
    }
    /// Whether nothing is left but what the system does not let us signal.
    [[nodiscard]] bool is_gone();
    /// Whether something is seen to live. While the keeper has not noticed yet that nothing is
    /// left, neither this nor `is_gone` is true.
    [[nodiscard]] bool has_living();
    /// The keeper ended before the command: the kernel then kills the command, and we have to end
    /// the rest.
    [[nodiscard]] bool lost_its_keeper() const noexcept { return orphaned_; }

    /// To the command's group. Nothing once `status` has told its end.
    void signal(int number) { job_.signal(number); }
    /// Passes on a stop (SIGTSTP) that was sent to us.
    void stop();
    /// To be called at SIGCONT: the terminal is lent again if it is ours, and the group goes on.
    void resume() { job_.resume(); }
    /// Sends SIGTERM, and SIGCONT, to everything that is left.
    void terminate();
    /// Sends SIGKILL to everything that is left, now and again until it is gone.
    void kill();

  private:
    void wait_for_news();
    void on_news();
    void look_for_stop();
    void kill_pass();
    /// What the command has started, itself included. False if /proc cannot be read.
    bool look();
    void signal_all(int number);

    std::function<void()> on_change_;
    keeper keeper_;
    boost::asio::posix::stream_descriptor channel_;
    boot_timer again_;
    job job_;
    process_tree tree_;
    std::set<pid_t> refused_;  ///< Those of whom it was said.
    int empty_looks_ = 0;      ///< In a row.
    int enough_looks_ = 0;     ///< As many of them mean that nothing is left to kill.
    /// Handlers ask it, since they may be on their way when this object goes.
    std::shared_ptr<bool> lives_ = std::make_shared<bool>(true);
    bool ended_ = false;
    bool orphaned_ = false;
    bool nothing_left_ = false;
};

/// To be called at SIGCHLD: takes leave of orphans that became ours, as those of a whole container
/// do if we are its first process. The keeper is left for its owner.
void reap_strangers(pid_t keeper);

}  // namespace redlock::cli
