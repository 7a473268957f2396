#include "bench/vouch.hpp"

#include <boost/asio/io_context.hpp>
#include <redlock/redlock.hpp>
#include <stdexcept>

namespace bench {

void vouch_for(const std::vector<redlock::endpoint>& nodes,
               const redlock::manager_options& options) {
    boost::asio::io_context loop{1};
    redlock::lock_manager locks{loop.get_executor(), nodes, options};
    redlock::diagnostics why;
    redlock::vouch_options with;
    with.details = &why;
    redlock::error_code failed;
    locks.async_vouch(with, [&](const redlock::error_code& error) {
        failed = error;
        locks.async_close([](const redlock::error_code&) {});
    });
    loop.run();
    if (failed) {
        throw std::runtime_error("the servers do not take locks: " + why.to_string());
    }
}

}  // namespace bench
