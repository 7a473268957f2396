// A scheduler that must run once, on many machines. Each of three candidates campaigns; the leader
// runs the jobs and writes down which, until it is time to let another have its turn. An observer
// shows who leads and what the leader has proclaimed. Shows `async_campaign`, `term::resign`,
// `async_proclaim` and `observe`, and the number of the term as the token that the job store
// checks.
//
//     redlock local -n 3 -- build/bin/examples/9_scheduler
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <redlock/redlock.hpp>
#include <set>

#include "support.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr int jobs = 30;
constexpr int jobs_a_term = 5;
constexpr auto office = "example:scheduler";

/// The jobs that are done: what the leadership guards. It refuses a leader whose term is over.
class job_store {
  public:
    [[nodiscard]] int next() const { return done_; }
    bool finish(int job, redlock::fencing_token term) {
        if (term < newest_ || job != done_) {
            ++refused_;
            return false;
        }
        newest_ = term;
        ++done_;
        return true;
    }
    [[nodiscard]] int refused() const { return refused_; }

  private:
    redlock::fencing_token newest_;
    int done_ = 0;
    int refused_ = 0;
};

/// One machine.
class candidate {
  public:
    candidate(asio::io_context& io, job_store& store, std::string name)
        : store_(store), name_(std::move(name)), locks_(io, example::nodes()) {}

    asio::awaitable<void> run() {
        const redlock::acquire_options options{.label = name_};
        co_await redlock::async_campaign(
            locks_, office, [this](redlock::term now) { return lead(std::move(now)); }, options,
            asio::use_awaitable);
    }
    [[nodiscard]] int terms() const { return terms_; }

  private:
    /// One term. To return is to give up for good; to wait is to be cancelled at its end.
    asio::awaitable<void> lead(redlock::term now) {
        ++terms_;
        co_await now.async_proclaim(fmt::format("from job {} on", store_.next()),
                                    asio::use_awaitable);
        for (int i = 0; i < jobs_a_term && store_.next() < jobs; ++i) {
            const int job = store_.next();
            co_await example::pause(2ms);  // The job's work.
            store_.finish(job, now.number());
        }
        if (store_.next() >= jobs) {
            co_return;
        }
        now.resign();
        co_await example::pause(1h);
    }

    job_store& store_;
    std::string name_;
    redlock::lock_manager locks_;
    int terms_ = 0;
};

int run_scheduler() {
    asio::io_context io;
    job_store store;
    std::vector<std::unique_ptr<candidate>> all;
    for (const std::string name : {"anna", "boris", "clara"}) {
        all.push_back(std::make_unique<candidate>(io, store, name));
    }
    redlock::lock_manager visitor{io, example::nodes()};
    std::set<std::string> seen;
    asio::cancellation_signal stop;
    asio::co_spawn(io,
                   redlock::observe(visitor, office,
                                    [&](const redlock::leader_view& now) {
                                        if (now) {
                                            fmt::print("{} leads {}\n", now.label, now.proclaimed);
                                            seen.insert(now.label);
                                        }
                                    }),
                   asio::bind_cancellation_slot(stop.slot(), [](const std::exception_ptr&) {}));
    std::size_t running = all.size();
    for (const auto& each : all) {
        asio::co_spawn(io, each->run(), [&](const std::exception_ptr& failure) {
            if (--running == 0) {
                stop.emit(asio::cancellation_type::terminal);
            }
            example::rethrow(failure);
        });
    }
    io.run();

    int terms = 0;
    for (const auto& each : all) {
        terms += each->terms();
    }
    fmt::print("{} jobs in {} terms, {} leaders seen\n", store.next(), terms, seen.size());
    const bool kept = store.next() == jobs && store.refused() == 0 && terms > jobs / jobs_a_term;
    return example::verdict(kept && !seen.empty(), "each job once, in order, by one leader a time");
}

}  // namespace

int main() {
    return example::run(run_scheduler);
}
