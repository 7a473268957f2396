// The pieces of code in docs/metrics.md, compiled by the tests.
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <redlock/redlock.hpp>
#include <string>
#include <string_view>
#include <utility>

// snippet: observer
#include <redlock/prometheus.hpp>

redlock::lock_manager counted(boost::asio::any_io_executor executor,
                              const redlock::node_list& nodes,
                              std::shared_ptr<prometheus::Registry> registry) {
    redlock::manager_options options;
    options.events = std::make_shared<redlock::metrics_observer>(std::move(registry));
    return {std::move(executor), nodes, std::move(options)};
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
