#include "outside/environment.hpp"

#include <boost/asio/execution.hpp>
#include <boost/asio/query.hpp>
#include <utility>

#include "outside/system/machine.hpp"

namespace redlock::outside {

namespace asio = boost::asio;

namespace {

/// Remembers, with an event loop, where that was placed.
class placement final : public asio::execution_context::service {
  public:
    using key_type = placement;

    static inline asio::execution_context::id id;

    explicit placement(asio::execution_context& of) : service(of) {}

    std::shared_ptr<environment> where;

  private:
    void shutdown() override {}
};

}  // namespace

std::shared_ptr<environment> environment_of(const asio::any_io_executor& executor) {
    asio::execution_context& loop = asio::query(executor, asio::execution::context);
    return asio::has_service<placement>(loop) ? asio::use_service<placement>(loop).where
                                              : the_machine();
}

void place(asio::execution_context& loop, std::shared_ptr<environment> where) {
    asio::use_service<placement>(loop).where = std::move(where);
}

}  // namespace redlock::outside
