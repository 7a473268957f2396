#include "driver/several_names.hpp"

#include <vector>

#include "driver/line_place.hpp"

namespace redlock::driver {

namespace {

/// For each name its lock key, its fence, its line if that is asked for, and its holder key if the
/// lock has a record.
class all_keys {
  public:
    enum class lines { with, without };

    all_keys(const node_pool& pool, const lock_identity& identity, lines which = lines::without)
        : record_(record_of(identity)) {
        const auto names = identity.names();
        constexpr std::size_t beside = 3;
        texts_.reserve(names.size() * beside);  // which the arguments refer to
        keys_.reserve(names.size() * (beside + 1));
        for (const resource_name& each : names) {
            keys_.emplace_back(std::string_view{each.str()});
            keys_.emplace_back(texts_.emplace_back(pool.keys().fence(each.str())));
            if (which == lines::with) {
                keys_.emplace_back(texts_.emplace_back(pool.keys().line(each.str())));
            }
            if (!record_.empty()) {
                keys_.emplace_back(texts_.emplace_back(pool.keys().holder(each.str())));
            }
        }
    }
    all_keys(const all_keys&) = delete;
    all_keys& operator=(const all_keys&) = delete;

    [[nodiscard]] std::span<const script_argument> list() const { return keys_; }
    [[nodiscard]] std::string_view record() const { return record_; }

  private:
    std::string_view record_;
    std::vector<std::string> texts_;
    std::vector<script_argument> keys_;
};

std::int64_t window_of(const node_pool& pool) {
    return std::chrono::microseconds{pool.options().clock_window}.count();
}

}  // namespace

script_call acquire_all_call(const node_pool& pool, const lock_identity& identity,
                             std::chrono::milliseconds lease_time, bool yields,
                             std::uint64_t ticket) {
    const all_keys keys{pool, identity, all_keys::lines::with};
    const written_token token = identity.written();
    return {scripts::acquire_all,
            keys.list(),
            {token.view(), identity.block.first, identity.block.last, lease_time.count(),
             window_of(pool), pool.options().fence_lifetime.count(), no_place, ticket,
             place_lease.count(), line_grace.count(), "0", yields ? "1" : "0", keys.record()}};
}

script_call extend_all_call(const node_pool& pool, const lock_identity& identity,
                            std::chrono::milliseconds lease_time, bool plants) {
    const all_keys keys{pool, identity};
    const written_token token = identity.written();
    return {scripts::extend_all,
            keys.list(),
            {token.view(), identity.block.last, lease_time.count(),
             pool.options().fence_lifetime.count(), plants ? "1" : "0", keys.record()}};
}

script_call release_all_call(const node_pool& pool, const lock_identity& identity,
                             std::uint64_t bar, std::chrono::milliseconds kept) {
    const all_keys keys{pool, identity};
    const written_token token = identity.written();
    return {scripts::release_all,
            keys.list(),
            {token.view(), bar, pool.options().fence_lifetime.count(), window_of(pool),
             kept.count(), keys.record().empty() ? std::string_view{} : "1"}};
}

const std::string& name_meant_by(const redis::reply_view& reply, const lock_identity& identity) {
    const auto names = identity.names();
    const std::int64_t which =
        names.size() > 1 && reply.is_array() && reply[4].is_integer() ? reply[4].integer() : 0;
    const bool is_one = which >= 0 && static_cast<std::uint64_t>(which) < names.size();
    return names[is_one ? static_cast<std::size_t>(which) : 0].str();
}

void note_waiters(node_pool& pool, const lock_identity& identity) {
    for (const resource_name& each : identity.names()) {
        pool.note_waiters(each.str());
    }
}

}  // namespace redlock::driver
