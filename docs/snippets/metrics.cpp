// The pieces of code in docs/metrics.md, compiled by the tests.
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

// snippet: observer
#include <prometheus/exposer.h>

#include <redlock/prometheus.hpp>
#include <redlock/redlock.hpp>

int main() {
    const auto registry = std::make_shared<prometheus::Registry>();
    prometheus::Exposer exposer{"127.0.0.1:9101"};  // serves /metrics on a thread of its own
    exposer.RegisterCollectable(registry);

    boost::asio::io_context io;
    redlock::manager_options options;
    options.events = std::make_shared<redlock::metrics_observer>(registry);
    redlock::lock_manager locks{io.get_executor(), {"redis://10.0.0.1"}, std::move(options)};
    // ...
}
// end of snippet

// snippet: labels
redlock::metrics_options by_kind() {
    redlock::metrics_options wanted;
    wanted.resource_label = [](std::string_view name) {
        return std::string{name.substr(0, name.find(':'))};  // "orders" of "orders:42"
    };
    return wanted;
}
// end of snippet
