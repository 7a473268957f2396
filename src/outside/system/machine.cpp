#include "outside/system/machine.hpp"

#include <random>

#include "outside/system/boot_timer.hpp"
#include "outside/system/transport.hpp"

namespace redlock::outside {

namespace {

class machine final : public environment {
  public:
    boot_clock::time_point now() const noexcept override { return boot_clock::now(); }
    std::chrono::system_clock::time_point wall_now() const noexcept override {
        return std::chrono::system_clock::now();
    }
    seed draw_seed() override {
        std::random_device device;
        seed drawn{};
        for (auto& word : drawn) {
            word = device();
        }
        return drawn;
    }
    std::unique_ptr<timer> make_timer(const boost::asio::any_io_executor& strand,
                                      timer::owner& owner) override {
        return std::make_unique<boot_timer>(strand, owner);
    }
    std::unique_ptr<byte_stream> make_stream(const boost::asio::any_io_executor& strand) override {
        return std::make_unique<transport>(strand);
    }
};

}  // namespace

// Never destroyed: the last lock may be a static object of the program.
const std::shared_ptr<environment>& the_machine() {
    static const auto& only =
        *new std::shared_ptr<environment>{std::make_shared<machine>()};  // NOLINT(*-owning-memory)
    return only;
}

}  // namespace redlock::outside
