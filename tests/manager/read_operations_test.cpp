// What the reading operations leave behind. A caller who cancels holds the operation for a moment,
// on a thread of its own, and may be the last: by then nothing of it may be left with the manager,
// whose strand that thread is not on. What they read is tested with real servers.
#include "manager/read_operations.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>

#include "manager/close_operation.hpp"
#include "redlock/endpoint.hpp"

namespace redlock::manager {
namespace {

TEST(read_operations, that_are_complete_and_still_referred_to_have_left_the_manager) {
    boost::asio::io_context io{1};
    const auto nowhere = parse_endpoint("redis://127.0.0.1:1");
    auto manager = manager_impl::make(io.get_executor(), {*nowhere}, {});
    std::optional<error_code> told;
    const auto examining = std::make_shared<examine_operation>(
        *manager, doctor::examination_terms{1, {}, {}}, nullptr,
        completion<error_code, std::vector<node_health>>{
            [&](error_code error, const std::vector<node_health>&) { told = error; },
            manager->executor()});
    manager->on_strand([&] {
        examining->start();
        EXPECT_TRUE(manager->nodes().watches().any());
        examining->cancel();
        EXPECT_FALSE(manager->nodes().watches().any());
        close_manager(manager, nullptr);
    });
    io.run();
    EXPECT_EQ(told, error_code{boost::asio::error::operation_aborted});
    const std::weak_ptr<manager_impl> watched = manager;
    manager.reset();
    EXPECT_TRUE(watched.expired()) << "and what still refers to the operation does it no harm";
}

}  // namespace
}  // namespace redlock::manager
