// A hold lasts from the instant at which its worker knew of it to the first of: it began to
// release, it was told of the loss, its validity ended as it believed. So a worker that was stopped
// for minutes holds nothing after its validity, however late it wakes up. A writer that becomes a
// reader ends one hold and begins another, with the token that it has.
#include "faults/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace redlock::faults {
namespace {

struct hold {
    std::string worker;
    std::uint64_t token = 0;
    std::int64_t asked = 0;
    std::int64_t begin = 0;
    std::int64_t end = 0;
    bool lost = false;
    bool shared = false;
    bool was_writer = false;  ///< Shared, with the token of the writer it was.
};

using holds_by_resource = std::map<std::string, std::vector<hold>>;

std::string shown(const hold& one) {
    return fmt::format("{}{} token {} asked {} held {} .. {}{}", one.shared ? "reader " : "",
                       one.worker, one.token, one.asked, one.begin, one.end,
                       one.lost ? " (lost)" : "");
}

class court {
  public:
    explicit court(const evidence& seen) : seen_(seen) {}

    verdict judged() {
        gather_holds();
        for (auto& [resource, holds] : holds_) {
            find_overlaps(resource, holds);
            find_regressions(resource, holds);
        }
        find_lost_updates();
        find_stuck();
        result_.leftovers = seen_.leftovers.size();
        for (const std::string& key : seen_.leftovers) {
            tell("left over", key);
        }
        return std::move(result_);
    }

  private:
    void tell(const std::string& kind, const std::string& what) {
        constexpr std::size_t enough = 3;
        if (told_[kind]++ < enough) {
            result_.findings.push_back(kind + ": " + what);
        }
    }

    void gather_holds() {
        std::map<std::string, hold> open;
        std::map<std::string, std::int64_t> asked;
        for (const record& what : seen_.clients) {
            switch (what.kind) {
                case record_kind::asked:
                    close(open, what);
                    asked[what.worker] = what.at;
                    break;
                case record_kind::acquired:
                case record_kind::joined:
                    begin(open, what, asked[what.worker]);
                    break;
                case record_kind::shares:
                    end_at(open, what);
                    share(open, what);
                    break;
                case record_kind::lost:
                    ++result_.lost;
                    end_at(open, what);
                    break;
                case record_kind::released:
                    end_at(open, what);
                    close(open, what);
                    break;
                case record_kind::saw:
                    find_former_leader(what);
                    break;
                case record_kind::failed:
                    ++result_.failed;
                    break;
                default:
                    break;
            }
        }
        // Of a worker that was killed: it believed to hold it until its validity ended.
        for (const auto& [worker, last] : open) {
            holds_[resource_of_[worker]].push_back(last);
        }
    }

    void find_former_leader(const record& what) {
        std::uint64_t& latest = latest_seen_[what.worker];
        if (what.token < latest) {
            ++result_.overlaps;
            tell("former leader", fmt::format("{}; it saw {} before", to_line(what), latest));
        }
        latest = std::max(latest, what.token);
    }

    void begin(std::map<std::string, hold>& open, const record& what, std::int64_t asked) {
        const bool shared = what.kind == record_kind::joined;
        ++result_.acquisitions;
        result_.readers += shared ? 1 : 0;
        open[what.worker] = {.worker = what.worker,
                             .token = what.token,
                             .asked = asked,
                             .begin = what.at,
                             .end = what.until,
                             .shared = shared};
        resource_of_[what.worker] = what.resource;
    }

    // What is left of the validity is a reader's.
    void share(std::map<std::string, hold>& open, const record& what) {
        const auto found = open.find(what.worker);
        if (found == open.end() || found->second.token != what.token) {
            return;
        }
        hold reader = found->second;
        close(open, what);
        if (!reader.lost) {
            reader.begin = what.at;
            reader.end = what.until;
            reader.shared = reader.was_writer = true;
            open[what.worker] = reader;
        }
    }

    static void end_at(std::map<std::string, hold>& open, const record& what) {
        const auto found = open.find(what.worker);
        // A word of an earlier lock may come when the worker has its next one already.
        if (found == open.end() || found->second.token != what.token) {
            return;
        }
        hold& last = found->second;
        // Told of the loss once, a holder holds nothing, whatever it tells later.
        if (!last.lost) {
            last.end = std::min(what.at, what.until);
            last.lost = what.kind == record_kind::lost;
        }
    }

    void close(std::map<std::string, hold>& open, const record& what) {
        const auto found = open.find(what.worker);
        if (found != open.end()) {
            holds_[resource_of_[what.worker]].push_back(found->second);
            open.erase(found);
        }
    }

    void find_overlaps(const std::string& resource, std::vector<hold>& holds) {
        std::ranges::sort(holds, {}, &hold::begin);
        const hold* writer = nullptr;  // who lasts longest, of those before
        const hold* reader = nullptr;
        for (const hold& each : holds) {
            if (each.end <= each.begin) {
                continue;
            }
            const hold* other = writer;
            if (!each.shared &&
                (other == nullptr || (reader != nullptr && reader->end > other->end))) {
                other = reader;
            }
            if (other != nullptr && each.begin < other->end) {
                ++result_.overlaps;
                tell("overlap",
                     fmt::format("{}: {}; and {}", resource, shown(*other), shown(each)));
            }
            const hold*& latest = each.shared ? reader : writer;
            if (latest == nullptr || each.end > latest->end) {
                latest = &each;
            }
        }
    }

    // By `begin`, so that the largest token completed before an instant grows with the instant.
    using largest_by_instant = std::vector<std::pair<std::int64_t, const hold*>>;

    // Of those that were complete before `instant`; null if none was.
    static const hold* largest_before(const largest_by_instant& largest, std::int64_t instant) {
        const auto after =
            std::ranges::lower_bound(largest, instant, {}, &largest_by_instant::value_type::first);
        return after == largest.begin() ? nullptr : std::prev(after)->second;
    }

    void find_regressions(const std::string& resource, const std::vector<hold>& holds) {
        largest_by_instant writers;
        largest_by_instant readers;
        std::set<std::uint64_t> tokens_of_writers;
        std::set<std::uint64_t> tokens;
        for (const hold& each : holds) {
            if (each.was_writer) {
                // Counts among those before, with the token that it has had.
            } else if ((each.shared ? tokens_of_writers : tokens).contains(each.token)) {
                tell_regression(resource, each, "that token was given out before");
            } else if (const hold* before =
                           larger(largest_before(writers, each.asked),
                                  each.shared ? nullptr : largest_before(readers, each.asked));
                       before != nullptr && each.token <= before->token) {
                tell_regression(resource, each, "after " + shown(*before));
            }
            tokens.insert(each.token);
            if (!each.shared) {
                tokens_of_writers.insert(each.token);
            }
            largest_by_instant& its = each.shared ? readers : writers;
            its.emplace_back(each.begin, larger(its.empty() ? nullptr : its.back().second, &each));
        }
    }

    static const hold* larger(const hold* one, const hold* other) {
        if (one == nullptr || other == nullptr) {
            return one != nullptr ? one : other;
        }
        return other->token > one->token ? other : one;
    }

    void tell_regression(const std::string& resource, const hold& each, const std::string& why) {
        ++result_.regressions;
        tell("fencing regression", fmt::format("{}: {}; {}", resource, shown(each), why));
    }

    // Every writer adds one to what it read.
    void find_lost_updates() {
        struct row {
            std::uint64_t value = 0;
            std::uint64_t token = 0;   // of writers,
            std::uint64_t looked = 0;  // and of readers
        };
        std::map<std::string, row> rows;
        for (const record& what : seen_.store) {
            if (what.kind == record_kind::refused) {
                ++result_.refused;
                continue;
            }
            row& stored = rows[what.resource];
            const bool reader = what.kind == record_kind::looked;
            const bool wrong_value =
                what.kind == record_kind::wrote && what.value != stored.value + 1;
            const std::uint64_t least =
                reader ? stored.token : std::max(stored.token, stored.looked);
            if (wrong_value || what.token < least) {
                ++result_.lost_updates;
                tell("lost update", fmt::format("{}; there stood {} of token {}", to_line(what),
                                                stored.value, least));
            }
            std::uint64_t& largest = reader ? stored.looked : stored.token;
            largest = std::max(largest, what.token);
            stored.value = what.kind == record_kind::wrote ? what.value : stored.value;
        }
    }

    void find_stuck() {
        std::map<std::string, bool> served;
        for (const record& what : seen_.clients) {
            bool& well = served[what.worker];
            // One that was asked to stop before the calm was over owes nothing.
            const bool early = what.kind == record_kind::ended && what.at < seen_.calm_end;
            well = well || early ||
                   ((what.kind == record_kind::acquired || what.kind == record_kind::joined ||
                     what.kind == record_kind::saw) &&
                    what.at >= seen_.calm_begin && what.at < seen_.calm_end);
        }
        for (const auto& [worker, well] : served) {
            if (!well) {
                ++result_.stuck;
                tell("stuck", fmt::format("{} got nothing in {} .. {}", worker, seen_.calm_begin,
                                          seen_.calm_end));
            }
        }
    }

    const evidence& seen_;
    verdict result_;
    holds_by_resource holds_;
    std::map<std::string, std::string> resource_of_;
    std::map<std::string, std::uint64_t> latest_seen_;  ///< Of each observer.
    std::map<std::string, std::size_t> told_;
};

}  // namespace

verdict judge(const evidence& seen) {
    return court{seen}.judged();
}

}  // namespace redlock::faults
