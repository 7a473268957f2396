// The master that Sentinels name as one link: a connection that asks them where to go, and the
// watch that makes it leave a master of the past. Everything happens on the clock's strand.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "redis/connect/connection.hpp"
#include "redis/link.hpp"
#include "redis/sentinel/master_search.hpp"
#include "redis/sentinel/sentinel_watch.hpp"

namespace redlock::redis {

class master_link final : public link {
  public:
    /// `options.where.sentinel` lists the Sentinels; the rest of `options.where` holds for the
    /// master.
    master_link(outside::alarm_clock& clock, connection_options options, connection_events& events,
                std::uint64_t seed);

    void start() override { master_.start(); }
    void keep_trying() override { master_.keep_trying(); }
    void stop() override;
    [[nodiscard]] error_code send(command&& what) override;
    [[nodiscard]] connection* single() noexcept override { return &master_; }
    [[nodiscard]] connection_state state() const noexcept override { return master_.state(); }
    [[nodiscard]] const std::string& last_error_message() const noexcept override {
        return master_.last_error_message();
    }

  private:
    std::shared_ptr<master_search> search_;
    connection master_;
    sentinel_watch watch_;
};

}  // namespace redlock::redis
