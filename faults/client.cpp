#include "faults/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <exception>
#include <memory>
#include <redlock/lock_manager.hpp>

#include "faults/record.hpp"
#include "faults/worker.hpp"

namespace redlock::faults {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

class client_process {
  public:
    explicit client_process(const client_request& request)
        : log_(request.log),
          locks_(io_.get_executor(), node_list{request.nodes}, options_of(request)),
          signals_(io_, SIGTERM) {
        const auto add = [&](shape kind, std::size_t number) {
            workers_.push_back(std::make_unique<worker>(io_, locks_, log_, request, kind, number));
        };
        for (std::size_t i = 0; i < request.workers; ++i) {
            add(shape::lock, i);
        }
        if (request.all_shapes) {
            std::size_t number = request.workers;
            for (const shape each :
                 {shape::permit, shape::several, shape::leader, shape::observer}) {
                add(each, number++);
            }
        }
    }

    void run() {
        for (const auto& each : workers_) {
            asio::co_spawn(io_, each->run(), [this](const std::exception_ptr& thrown) {
                failure_ = failure_ ? failure_ : thrown;
                if (++ended_ == workers_.size()) {
                    signals_.cancel();
                    locks_.async_close([](const error_code&) {});
                }
            });
        }
        signals_.async_wait([this](const error_code& failure, int) {
            for (const auto& each : workers_) {
                if (!failure) {
                    each->stop();
                }
            }
        });
        io_.run();
        if (failure_) {
            std::rethrow_exception(failure_);
        }
    }

  private:
    record_log log_;
    asio::io_context io_{1};
    lock_manager locks_;
    asio::signal_set signals_;
    std::vector<std::unique_ptr<worker>> workers_;
    std::size_t ended_ = 0;
    std::exception_ptr failure_;
};

}  // namespace

manager_options options_of(const client_request& request) {
    manager_options with;
    with.lease_time = with.max_lease_time = request.lease_time;
    with.clock_window = request.clock_window;
    with.fence_lifetime = request.fence_lifetime;
    with.clock_step = request.clock_step;
    with.guard = request.guard ? restart_guard::automatic : restart_guard::off;
    with.node_timeout = request.node_timeout;
    with.connect_timeout = 500ms;
    with.reconnect_min = 10ms;
    with.reconnect_max = 200ms;
    with.quorum_timeout = 2s;
    return with;
}

int run_client(const client_request& request) {
    client_process{request}.run();
    return 0;
}

}  // namespace redlock::faults
