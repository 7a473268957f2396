// Where an event loop is placed, and what the machine is.
#include "outside/environment.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>

#include "base/strand.hpp"
#include "outside/system/machine.hpp"

namespace redlock::outside {
namespace {

struct nowhere final : environment {
    boot_clock::time_point now() const noexcept override { return {}; }
    std::chrono::system_clock::time_point wall_now() const noexcept override { return {}; }
    seed draw_seed() override { return {}; }
    std::unique_ptr<timer> make_timer(const boost::asio::any_io_executor& /*strand*/,
                                      timer::owner& /*owner*/) override {
        return nullptr;
    }
    std::unique_ptr<byte_stream> make_stream(
        const boost::asio::any_io_executor& /*strand*/) override {
        return nullptr;
    }
};

TEST(environment, is_the_machine_unless_an_event_loop_was_placed_elsewhere) {
    boost::asio::io_context usual;
    boost::asio::io_context placed;
    const auto elsewhere = std::make_shared<nowhere>();
    place(placed, elsewhere);
    EXPECT_EQ(environment_of(usual.get_executor()), the_machine());
    EXPECT_EQ(environment_of(placed.get_executor()), elsewhere);
    EXPECT_EQ(environment_of(base::make_strand_on(placed.get_executor())), elsewhere);
}

TEST(environment, of_the_machine_tells_the_time_since_boot_and_draws_other_seeds_each_time) {
    const auto before = boot_clock::now();
    const auto now = the_machine()->now();
    EXPECT_LE(before, now);
    EXPECT_LE(now, boot_clock::now());
    EXPECT_NE(the_machine()->draw_seed(), the_machine()->draw_seed());
}

}  // namespace
}  // namespace redlock::outside
