// A hold lasts from the instant at which its worker knew of it to the first of: it began to
// release, it was told of the loss, its validity ended as it believed. So a worker that was stopped
// for minutes holds nothing after its validity, however late it wakes up.
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
};

using holds_by_resource = std::map<std::string, std::vector<hold>>;

std::string shown(const hold& one) {
    return fmt::format("{} token {} asked {} held {} .. {}{}", one.worker, one.token, one.asked,
                       one.begin, one.end, one.lost ? " (lost)" : "");
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
                    ++result_.acquisitions;
                    open[what.worker] = {what.worker, what.token, asked[what.worker],
                                         what.at,     what.until, false};
                    resource_of_[what.worker] = what.resource;
                    break;
                case record_kind::lost:
                    ++result_.lost;
                    end_at(open, what);
                    break;
                case record_kind::released:
                    end_at(open, what);
                    close(open, what);
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
        const hold* latest = nullptr;
        for (const hold& each : holds) {
            if (each.end <= each.begin) {
                continue;
            }
            if (latest != nullptr && each.begin < latest->end) {
                ++result_.overlaps;
                tell("overlap",
                     fmt::format("{}: {}; and {}", resource, shown(*latest), shown(each)));
            }
            if (latest == nullptr || each.end > latest->end) {
                latest = &each;
            }
        }
    }

    // By `begin`, so that the largest token completed before an instant grows with the instant.
    void find_regressions(const std::string& resource, const std::vector<hold>& holds) {
        std::vector<std::pair<std::int64_t, const hold*>> largest;
        std::set<std::uint64_t> tokens;
        for (const hold& each : holds) {
            const auto after = std::ranges::lower_bound(
                largest, each.asked, {}, &std::pair<std::int64_t, const hold*>::first);
            const hold* before = after == largest.begin() ? nullptr : std::prev(after)->second;
            const bool again = !tokens.insert(each.token).second;
            if (again || (before != nullptr && each.token <= before->token)) {
                ++result_.regressions;
                tell("fencing regression", fmt::format("{}: {}; {}", resource, shown(each),
                                                       again ? "that token was given out before"
                                                             : "after " + shown(*before)));
            }
            const bool larger = largest.empty() || each.token > largest.back().second->token;
            largest.emplace_back(each.begin, larger ? &each : largest.back().second);
        }
    }

    // Every writer adds one to what it read.
    void find_lost_updates() {
        struct row {
            std::uint64_t value = 0;
            std::uint64_t token = 0;
        };
        std::map<std::string, row> rows;
        for (const record& what : seen_.store) {
            if (what.kind == record_kind::refused) {
                ++result_.refused;
                continue;
            }
            row& stored = rows[what.resource];
            const bool wrong_value =
                what.kind == record_kind::wrote && what.value != stored.value + 1;
            if (wrong_value || what.token < stored.token) {
                ++result_.lost_updates;
                tell("lost update", fmt::format("{}; there stood {} of token {}", to_line(what),
                                                stored.value, stored.token));
            }
            stored.token = std::max(stored.token, what.token);
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
                   (what.kind == record_kind::acquired && what.at >= seen_.calm_begin &&
                    what.at < seen_.calm_end);
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
    std::map<std::string, std::size_t> told_;
};

}  // namespace

verdict judge(const evidence& seen) {
    return court{seen}.judged();
}

}  // namespace redlock::faults
