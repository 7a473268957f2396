// See home.hpp. An executor may own a part of its event loop, a strand does, and must then not be
// destroyed after it: so each event loop lists the homes on it, and empties them when it ends.
#include "manager/home.hpp"

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>
#include <vector>

namespace redlock::manager {

namespace asio = boost::asio;

/// The homes of one event loop.
class home::keeper final : public asio::execution_context::service {
  public:
    using key_type = keeper;

    static inline asio::execution_context::id id;

    explicit keeper(asio::execution_context& of) : service(of) {}

    void add(const std::shared_ptr<home>& one) {
        const std::lock_guard lock{guard_};
        std::erase_if(homes_, [](const std::weak_ptr<home>& each) { return each.expired(); });
        homes_.push_back(one);
    }

  private:
    void shutdown() override {
        std::vector<std::weak_ptr<home>> all;
        {
            const std::lock_guard lock{guard_};
            all.swap(homes_);
        }
        for (const auto& each : all) {
            if (const auto one = each.lock()) {
                one->leave();
            }
        }
    }

    std::mutex guard_;
    std::vector<std::weak_ptr<home>> homes_;
};

std::shared_ptr<home> home::of(const asio::any_io_executor& where) {
    std::shared_ptr<home> made{new home(where)};
    asio::execution_context& context = asio::query(where, asio::execution::context);
    asio::use_service<keeper>(context).add(made);
    return made;
}

asio::any_io_executor home::executor() const {
    const std::lock_guard lock{guard_};
    return executor_;
}

void home::leave() {
    const std::lock_guard lock{guard_};
    executor_ = {};
}

}  // namespace redlock::manager
