// The runner itself, with real servers: the scenario without a fault passes, and every deliberate
// break is condemned, as what it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "faults/breaks.hpp"
#include "support/child.hpp"
#include "support/redis_server.hpp"

namespace redlock::faults {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class fault_run : public testing::Test {
  protected:
    fault_run() { folder = support::make_temporary_folder("redlock-run"); }
    ~fault_run() override { std::filesystem::remove_all(folder); }

    support::child start(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), REDLOCK_FAULTS);
        return support::child{{arguments, {"TMPDIR=" + folder}, folder + "/output"}};
    }

    std::string output() const {
        std::ifstream in{folder + "/output"};
        return {std::istreambuf_iterator<char>{in}, {}};
    }

    // What the runner leaves behind, besides the output that the test asked for.
    std::ptrdiff_t left_behind() const {
        return std::distance(std::filesystem::directory_iterator{folder}, {}) - 1;
    }

    std::string folder;
};

TEST_F(fault_run, passes_without_a_fault) {
    EXPECT_EQ(start({"calm"}).wait(60s), 0) << output();
    EXPECT_THAT(output(), HasSubstr("1 passed, 0 failed, 0 not run here"));
    EXPECT_EQ(left_behind(), 0);
}

class deliberate : public fault_run, public testing::WithParamInterface<deliberate_break> {};

TEST_P(deliberate, break_is_condemned) {
    EXPECT_EQ(start({"calm", "--break", std::string{GetParam().name}}).wait(60s), 1) << output();
    EXPECT_THAT(output(), HasSubstr("calm: " + std::string{GetParam().found_as}));
}

INSTANTIATE_TEST_SUITE_P(each, deliberate, testing::ValuesIn(breaks), [](const auto& one) {
    std::string name{one.param.name};
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

TEST_F(fault_run, interrupted_it_leaves_nothing) {
    support::child run = start({"calm"});
    // The store's socket is made when the servers run already.
    const auto under_way = [this] {
        for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
            if (entry.path().filename() == "store.log") {
                return true;
            }
        }
        return false;
    };
    while (!under_way()) {
        std::this_thread::sleep_for(5ms);
    }
    run.signal(SIGINT);
    EXPECT_EQ(run.wait(30s), 128 + SIGINT);
    EXPECT_EQ(left_behind(), 0);
}

TEST_F(fault_run, an_unknown_name_is_a_usage_error) {
    EXPECT_EQ(start({"no-such-fault"}).wait(10s), 64);
    EXPECT_EQ(start({"calm", "--break", "nothing"}).wait(10s), 64);
}

}  // namespace
}  // namespace redlock::faults
