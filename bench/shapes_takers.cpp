#include "bench/shapes_takers.hpp"

#include <memory>
#include <redlock/redlock.hpp>
#include <utility>
#include <vector>

namespace bench {

lock_taker exclusive_locks(name_source name_of) {
    return [name_of = std::move(name_of)](redlock::lock_manager& locks, std::size_t number,
                                          const redlock::acquire_options& options,
                                          const lock_taken& taken) {
        locks.async_acquire(name_of(number), options, taken);
    };
}

lock_taker shared_locks(name_source name_of) {
    return [name_of = std::move(name_of)](redlock::lock_manager& locks, std::size_t number,
                                          const redlock::acquire_options& options,
                                          const lock_taken& taken) {
        locks.async_acquire_shared(name_of(number), options, taken);
    };
}

lock_taker downgraded_locks(name_source name_of) {
    return [name_of = std::move(name_of)](redlock::lock_manager& locks, std::size_t number,
                                          const redlock::acquire_options& options,
                                          const lock_taken& taken) {
        locks.async_acquire(
            name_of(number), options,
            [taken](const redlock::error_code& error, redlock::lock held) {
                if (error) {
                    taken(error, std::move(held));
                    return;
                }
                const auto kept = std::make_shared<redlock::lock>(std::move(held));
                kept->async_downgrade([taken, kept](const redlock::error_code& failed) {
                    taken(failed, std::move(*kept));
                });
            });
    };
}

lock_taker watched_locks(name_source name_of) {
    return [name_of = std::move(name_of)](redlock::lock_manager& locks, std::size_t number,
                                          const redlock::acquire_options& options,
                                          const lock_taken& taken) {
        locks.async_acquire(name_of(number), options,
                            [taken](const redlock::error_code& error, redlock::lock held) {
                                if (!error) {
                                    held.async_wait_lost([](const redlock::error_code&) {});
                                }
                                taken(error, std::move(held));
                            });
    };
}

lock_taker permits_of(name_source name_of, std::size_t permits) {
    return [name_of = std::move(name_of), permits](redlock::lock_manager& locks, std::size_t number,
                                                   const redlock::acquire_options& options,
                                                   const lock_taken& taken) {
        locks.async_acquire_any({name_of(number), permits}, options, taken);
    };
}

lock_taker several_names(name_source name_of, std::size_t count) {
    return [name_of = std::move(name_of), count](redlock::lock_manager& locks, std::size_t number,
                                                 const redlock::acquire_options& options,
                                                 const lock_taken& taken) {
        std::vector<redlock::resource_name> all;
        for (std::size_t name = 0; name < count; ++name) {
            all.emplace_back(name_of(number) + ":" + std::to_string(name));
        }
        locks.async_acquire_all(std::move(all), options, taken);
    };
}

}  // namespace bench
