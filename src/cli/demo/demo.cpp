// `redlock demo`: shows the main job on real servers and real processes, and checks it. Everything
// it claims is counted in the shared store by those who did it; nothing is taken from the lock's
// word.
#include <fmt/format.h>
#include <sys/wait.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "cli/base/console.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/base/typed_secrets.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/commands/vouch.hpp"
#include "cli/demo/demo_store.hpp"
#include "cli/demo/progress.hpp"
#include "cli/options/common_options.hpp"
#include "cli/process/redis_process.hpp"
#include "cli/process/spawn.hpp"

namespace redlock::cli {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::size_t servers_wanted = 5;
constexpr std::size_t processes = 4;
constexpr std::size_t workers = 4;
constexpr milliseconds unguarded_time = 2s;
constexpr milliseconds guarded_time = 5s;  // and as long again with two servers missing

std::vector<pid_t> start_workers(const shared_store& store, const std::string& nodes,
                                 bool guarded) {
    std::vector<pid_t> started;
    for (std::size_t i = 0; i < processes; ++i) {
        spawn_options wanted;
        wanted.arguments = {own_path(),  "demo-worker",
                            "--store",   std::to_string(store.descriptor()),
                            "--workers", std::to_string(workers)};
        if (guarded) {
            wanted.arguments.emplace_back("--guarded");
        }
        wanted.environment = {"REDLOCK_NODES=" + nodes};
        wanted.pass_on = {store.descriptor()};
        started.push_back(spawn(wanted));
    }
    return started;
}

/// Whether all of them ended in order.
bool wait_for(const std::vector<pid_t>& started) {
    bool well = true;
    for (const pid_t process : started) {
        const int status = wait_for_child(process);
        well = well && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    return well;
}

double per_second(std::uint64_t updates, milliseconds time) {
    return static_cast<double>(updates) / std::chrono::duration<double>(time).count();
}

std::uint64_t lost_updates(const demo_counter& counter) {
    return counter.written - counter.value;
}

class demonstration {
  public:
    explicit demonstration(const redis_process_options& server) : server_(server) {}
    int run();

  private:
    bool without_lock();
    bool with_lock();
    [[nodiscard]] int verdict(bool workers_well);

    const redis_process_options& server_;
    progress show_;
    shared_store store_;
    std::vector<redis_process> servers_;
    std::string nodes_;
    std::uint64_t healthy_ = 0;
};

int demonstration::run() {
    show_.line(
        fmt::format("{} processes with {} workers each update one counter: they read it, "
                    "think for 1 ms, and write it back.",
                    processes, workers));
    servers_ = start_servers(servers_wanted, server_);
    nodes_ = urls_of(servers_);
    vouch_for_new(url_list_of(servers_));
    show_.line(fmt::format("Started {} Redis servers.", servers_wanted));
    const bool unguarded_well = without_lock();
    const bool guarded_well = with_lock();
    return verdict(unguarded_well && guarded_well);
}

bool demonstration::without_lock() {
    const auto started = start_workers(store_, nodes_, false);
    show_.pass("Without a lock", unguarded_time,
               [this] { return fmt::format("{} updates", store_->unguarded.written.load()); });
    store_->phase = demo_phase::over;
    const bool well = wait_for(started);
    show_.line(
        fmt::format("Without a lock: {} updates written.", store_->unguarded.written.load()));
    return well;
}

bool demonstration::with_lock() {
    const auto note = [this] { return fmt::format("{} updates", store_->guarded.written.load()); };
    store_->phase = demo_phase::running;
    const auto started = start_workers(store_, nodes_, true);
    show_.pass("With the lock, 5 of 5 servers", guarded_time, note);
    store_->phase = demo_phase::degraded;
    healthy_ = store_->guarded.written;
    show_.line(fmt::format("With the lock, all servers well: {} updates, {:.0f} a second.",
                           healthy_, per_second(healthy_, guarded_time)));

    servers_[3].freeze();
    servers_[4].kill();
    show_.line(fmt::format("Froze the server on port {} (SIGSTOP) and killed the one on port {}.",
                           servers_[3].port(), servers_[4].port()));
    show_.pass("With the lock, 3 of 5 servers", guarded_time, note);
    store_->phase = demo_phase::over;
    const bool well = wait_for(started);
    const std::uint64_t degraded = store_->guarded.written - healthy_;
    show_.line(
        fmt::format("With the lock, two of five servers missing: {} updates, {:.0f} a second.",
                    degraded, per_second(degraded, guarded_time)));
    return well;
}

int demonstration::verdict(bool workers_well) {
    const demo_counter& unguarded = store_->unguarded;
    const demo_counter& guarded = store_->guarded;
    const std::uint64_t lost = lost_updates(guarded);
    const std::uint64_t disorder = store_->tokens_out_of_order;
    const bool went_on = healthy_ > 0 && store_->degraded_updates > 0;
    show_.line("");
    if (!workers_well) {
        show_.line("A worker process failed.");
    }
    if (!went_on) {
        show_.line("The guarded counter stood still.");
    }
    if (lost_updates(unguarded) == 0) {
        show_.line("The unguarded counter lost none this time, by luck.");
    }
    show_.line(fmt::format("fencing tokens:    {} of {} larger than all before them",
                           guarded.written - disorder, guarded.written.load()));
    show_.line(fmt::format("unguarded counter: {} of {} updates kept, {} lost updates",
                           unguarded.value.load(), unguarded.written.load(),
                           lost_updates(unguarded)));
    show_.line(fmt::format("guarded counter:   {} of {} updates kept, {} lost updates",
                           guarded.value.load(), guarded.written.load(), lost));
    if (!workers_well || !went_on || lost != 0 || disorder != 0) {
        return exit_demo_failed;
    }
    return show_.shown() ? exit_ok : exit_output;
}

int run_demo(const redis_process_options& server) {
    try {
        return demonstration{server}.run();
    } catch (const redis_error& error) {
        say(fmt::format("demo: {}", without_typed_logins(error.what())));
        return exit_no_quorum;
    }
}

}  // namespace

void add_demo(CLI::App& root, invocation& asked) {
    auto* command = root.add_subcommand("demo", "Show that no update is lost under a lock");
    command->footer(
        "Starts five throwaway Redis servers and lets several processes update a counter, first\n"
        "without a lock, then with one, then with one server frozen and another killed. Takes "
        "about\n"
        "15 seconds.\n\n"
        "Exit status: 0 no guarded update was lost and fencing tokens only grew; 1 otherwise; 69 "
        "the\n"
        "servers could not be started.");
    auto server = std::make_shared<redis_process_options>();
    add_server_option(*command, server->program);
    command->callback([server, &asked] { asked.action = [server] { return run_demo(*server); }; });
}

}  // namespace redlock::cli
