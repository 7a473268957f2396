// The client of harness.hpp. Asio's templates are instantiated here once, so that the tests compile
// quickly.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <memory>
#include <utility>

#include "integration/harness.hpp"

namespace redlock::integration {

namespace {

template <class Result>
auto told(loop& turned, const operation_ptr<Result>& started) {
    return asio::bind_executor(
        turned.io, asio::bind_cancellation_slot(started->stop.slot(),
                                                [started](error_code error, Result value) {
                                                    started->error = error;
                                                    started->value = std::move(value);
                                                    started->done = true;
                                                }));
}

// In the test's loop even when the lock's manager, and with it the executor, is gone.
auto told_error(loop& turned, const operation_ptr<>& started) {
    return asio::bind_executor(
        turned.io, asio::bind_cancellation_slot(started->stop.slot(), [started](error_code error) {
            started->error = error;
            started->done = true;
        }));
}

}  // namespace

client::client(loop& turned_by, const node_list& nodes, manager_options options)
    : loop_(turned_by), events_(std::make_shared<event_log>()) {
    if (!options.events) {
        options.events = events_;
    }
    manager.emplace(loop_.io.get_executor(), nodes, options);
}

operation_ptr<lock> client::begin_acquire(const resource_name& name, acquire_options options) {
    auto started = std::make_shared<operation<lock>>();
    options.details = &started->why;
    manager->async_acquire(name, options, told(loop_, started));
    return started;
}

operation_ptr<lock> client::begin_acquire_all(resource_names names, acquire_options options) {
    auto started = std::make_shared<operation<lock>>();
    options.details = &started->why;
    manager->async_acquire_all(std::move(names), options, told(loop_, started));
    return started;
}

lock client::take_all(resource_names names, acquire_options options) {
    const auto got = finished(begin_acquire_all(std::move(names), options));
    EXPECT_FALSE(got->error) << got->error.message() << ": " << got->why.to_string();
    return std::move(got->value);
}

operation_ptr<lock> client::try_acquire_all(resource_names names, acquire_options options) {
    options.wait = wait_policy::none();
    return finished(begin_acquire_all(std::move(names), options));
}

operation_ptr<lock> client::begin_acquire_shared(const resource_name& name,
                                                 acquire_options options) {
    auto started = std::make_shared<operation<lock>>();
    options.details = &started->why;
    manager->async_acquire_shared(name, options, told(loop_, started));
    return started;
}

operation_ptr<lock> client::begin_acquire_any(const semaphore& from, acquire_options options) {
    auto started = std::make_shared<operation<lock>>();
    options.details = &started->why;
    manager->async_acquire_any(from, options, told(loop_, started));
    return started;
}

operation_ptr<lock> client::begin_attach(const resource_name& name, const lock_token& token,
                                         acquire_options options) {
    auto started = std::make_shared<operation<lock>>();
    options.details = &started->why;
    manager->async_attach(name, token, options, told(loop_, started));
    return started;
}

operation_ptr<lock> client::begin_attach_all(resource_names names, const lock_token& token,
                                             acquire_options options) {
    auto started = std::make_shared<operation<lock>>();
    options.details = &started->why;
    manager->async_attach_all(std::move(names), token, options, told(loop_, started));
    return started;
}

operation_ptr<lock> client::begin_attach_any(const semaphore& from, const lock_token& token,
                                             acquire_options options) {
    auto started = std::make_shared<operation<lock>>();
    options.details = &started->why;
    manager->async_attach_any(from, token, options, told(loop_, started));
    return started;
}

operation_ptr<resource_status> client::begin_status(const resource_name& name) {
    auto started = std::make_shared<operation<resource_status>>();
    manager->async_status(name, told(loop_, started));
    return started;
}

operation_ptr<> client::begin_extend(lock& held, std::optional<milliseconds> lease_time) {
    auto started = std::make_shared<operation<nothing>>();
    held.async_extend(lease_time, told_error(loop_, started));
    return started;
}

operation_ptr<> client::begin_downgrade(lock& held) {
    auto started = std::make_shared<operation<nothing>>();
    held.async_downgrade(told_error(loop_, started));
    return started;
}

operation_ptr<> client::begin_release(lock& held) {
    auto started = std::make_shared<operation<nothing>>();
    held.async_release(told_error(loop_, started));
    return started;
}

operation_ptr<> client::begin_wait_lost(lock& held) {
    auto started = std::make_shared<operation<nothing>>();
    held.async_wait_lost(told_error(loop_, started));
    return started;
}

operation_ptr<> client::begin_vouch(vouch_options options) {
    const auto started = std::make_shared<operation<nothing>>();
    options.details = &started->why;
    manager->async_vouch(options, told_error(loop_, started));
    return started;
}

operation_ptr<> client::begin_close() {
    auto started = std::make_shared<operation<nothing>>();
    manager->async_close(told_error(loop_, started));
    return started;
}

template <class Result>
operation_ptr<Result> client::finished(operation_ptr<Result> started) {
    EXPECT_TRUE(loop_.until([&] { return started->done; })) << "the operation hangs";
    return started;
}

operation_ptr<lock> client::acquire(const resource_name& name, acquire_options options) {
    return finished(begin_acquire(name, options));
}

operation_ptr<lock> client::try_acquire(const resource_name& name, acquire_options options) {
    options.wait = wait_policy::none();
    return acquire(name, options);
}

operation_ptr<lock> client::attach(const resource_name& name, const lock_token& token,
                                   acquire_options options) {
    return finished(begin_attach(name, token, options));
}

operation_ptr<lock> client::attach_all(resource_names names, const lock_token& token,
                                       acquire_options options) {
    return finished(begin_attach_all(std::move(names), token, options));
}

operation_ptr<lock> client::attach_any(const semaphore& from, const lock_token& token,
                                       acquire_options options) {
    return finished(begin_attach_any(from, token, options));
}

lock client::take(const resource_name& name, acquire_options options) {
    const auto got = acquire(name, options);
    EXPECT_FALSE(got->error) << got->error.message() << ": " << got->why.to_string();
    return std::move(got->value);
}

operation_ptr<lock> client::acquire_any(const semaphore& from, acquire_options options) {
    return finished(begin_acquire_any(from, options));
}

lock client::take_any(const semaphore& from, acquire_options options) {
    const auto got = finished(begin_acquire_any(from, options));
    EXPECT_FALSE(got->error) << got->error.message() << ": " << got->why.to_string();
    return std::move(got->value);
}

operation_ptr<lock> client::try_acquire_any(const semaphore& from, acquire_options options) {
    options.wait = wait_policy::none();
    return finished(begin_acquire_any(from, options));
}

lock client::take_shared(const resource_name& name, acquire_options options) {
    const auto got = finished(begin_acquire_shared(name, options));
    EXPECT_FALSE(got->error) << got->error.message() << ": " << got->why.to_string();
    return std::move(got->value);
}

operation_ptr<lock> client::try_acquire_shared(const resource_name& name, acquire_options options) {
    options.wait = wait_policy::none();
    return finished(begin_acquire_shared(name, options));
}

operation_ptr<> client::vouch(vouch_options options) {
    return finished(begin_vouch(options));
}

resource_status client::status(const resource_name& name) {
    const auto got = finished(begin_status(name));
    EXPECT_FALSE(got->error) << got->error.message();
    return std::move(got->value);
}

std::pair<error_code, bool> client::is_locked(const resource_name& name) {
    const auto started = std::make_shared<operation<bool>>();
    manager->async_is_locked(name, told(loop_, started));
    finished(started);
    return {started->error, started->value};
}

std::pair<error_code, std::vector<resource_name>> client::list(list_options options) {
    const auto started = std::make_shared<operation<std::vector<resource_name>>>();
    manager->async_list(options, told(loop_, started));
    finished(started);
    return {started->error, started->value};
}

semaphore_status client::status(const semaphore& of) {
    const auto started = std::make_shared<operation<semaphore_status>>();
    manager->async_status(of, told(loop_, started));
    finished(started);
    return started->value;
}

std::pair<error_code, std::vector<semaphore>> client::list_semaphores(list_options options) {
    const auto started = std::make_shared<operation<std::vector<semaphore>>>();
    manager->async_list_semaphores(options, told(loop_, started));
    finished(started);
    return {started->error, started->value};
}

error_code client::extend(lock& held, std::optional<milliseconds> lease_time) {
    return finished(begin_extend(held, lease_time))->error;
}

error_code client::downgrade(lock& held) {
    return finished(begin_downgrade(held))->error;
}

error_code client::release(lock& held) {
    return finished(begin_release(held))->error;
}

error_code client::close() {
    return finished(begin_close())->error;
}

void client::warm_up() {
    static_cast<void>(status("warm-up"));
}

void client::rehearse() {
    const auto all_say = [this](const lock_token& holder) {
        return loop_.until([&] {
            const auto views = status("warm-up").nodes;
            return std::all_of(views.begin(), views.end(),
                               [&](const node_status& view) { return view.holder == holder; });
        });
    };
    lock held = take("warm-up");
    EXPECT_TRUE(all_say(held.token()));
    EXPECT_FALSE(extend(held));
    EXPECT_FALSE(release(held));
    EXPECT_TRUE(all_say({}));
}

}  // namespace redlock::integration
