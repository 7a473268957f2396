#include "driver/second_meeting.hpp"

#include <boost/asio/post.hpp>
#include <utility>

namespace redlock::driver {

namespace {

redis::connection_options for_a_look(redis::connection_options options) {
    options.greets = false;
    // Where a name has several addresses, the one that the other connection did not take.
    options.from_the_end = true;
    // What waits for it must not lose its own time.
    options.connect_timeout /= 2;
    return options;
}

}  // namespace

second_meeting::second_meeting(outside::alarm_clock& clock, redis::connection_options options,
                               std::function<void(const std::string&)> done, std::uint64_t seed)
    : clock_(clock),
      done_(std::make_shared<std::function<void(const std::string&)>>(std::move(done))),
      link_(clock, for_a_look(std::move(options)), *this, seed) {}

void second_meeting::on_ready(const redis::server_identity& identity) {
    end(identity.run_id);
}

// A server that takes no second connection is one that we know nothing against.
void second_meeting::on_down(error_code /*cause*/, std::string_view /*message*/,
                             std::chrono::nanoseconds /*retry_in*/) {
    end({});
}

void second_meeting::end(const std::string& run_id) {
    boost::asio::post(clock_.strand(), [alive = std::weak_ptr{done_}, run_id] {
        if (const auto done = alive.lock()) {
            (*done)(run_id);
        }
    });
    link_.stop();
}

}  // namespace redlock::driver
