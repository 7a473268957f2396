// A program whose locks are counted in its own registry. Succeeds if they are.
#include <prometheus/text_serializer.h>

#include <boost/asio/io_context.hpp>
#include <iostream>
#include <memory>
#include <redlock/prometheus.hpp>
#include <redlock/redlock.hpp>
#include <utility>

int main() {
    const auto registry = std::make_shared<prometheus::Registry>();
    boost::asio::io_context loop;
    redlock::manager_options options;
    options.events = std::make_shared<redlock::metrics_observer>(registry);
    // Nobody listens there.
    redlock::lock_manager locks{loop.get_executor(), redlock::node_list{{"redis://127.0.0.1:1"}},
                                std::move(options)};
    locks.async_acquire("job", {.wait = redlock::wait_policy::none()},
                        [&](redlock::error_code, const redlock::lock&) {
                            locks.async_close([](redlock::error_code) {});
                        });
    loop.run();
    const std::string scraped = prometheus::TextSerializer{}.Serialize(registry->Collect());
    std::cout << scraped;
    return scraped.find(R"(redlock_acquisitions_total{result="no_quorum"} 1)") == scraped.npos;
}
