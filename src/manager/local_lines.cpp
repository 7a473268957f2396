#include "manager/local_lines.hpp"

#include <utility>

#include "manager/held_lock.hpp"

namespace redlock::manager {

namespace {

// As many as are likely to be taken and given back at once; their names' memory stays.
constexpr std::size_t most_spare = 256;
constexpr std::size_t longest_spare = 256;

}  // namespace

local_line& local_lines::line_of(const std::string& resource) {
    const auto known = lines_.find(resource);
    if (known != lines_.end()) {
        return known->second;
    }
    const auto added = [&] {
        if (spare_.empty()) {
            return lines_.try_emplace(resource).first;
        }
        lines::node_type reused = std::move(spare_.back());
        spare_.pop_back();
        reused.key() = resource;
        return lines_.insert(std::move(reused)).position;
    }();
    added->second.resource_ = &added->first;
    return added->second;
}

bool local_lines::join(line_member& member, const std::string& resource) {
    local_line& line = line_of(resource);
    member.line_ = &line;
    line.members_.push_back(member);
    member.competes_ = ++line.waiting_ == 1 && line.holder_ == nullptr;
    return member.competes_;
}

void local_lines::leave(line_member& member) {
    if (local_line* const line = member.line_) {
        unlink(member);
        go_on(*line);
    }
}

std::size_t local_lines::waiting(const std::string& resource) const {
    const auto found = lines_.find(resource);
    return found == lines_.end() ? 0 : found->second.waiting_;
}

std::size_t local_lines::waiting_beside(const line_member& member,
                                        const std::string& resource) const {
    return member.line_ != nullptr ? member.line_->waiting_ - 1 : waiting(resource);
}

void local_lines::acquired(line_member& member, held_lock& held) {
    local_line& line = member.line_ != nullptr ? *member.line_ : line_of(held.resource().str());
    unlink(member);
    // Whoever was thought to hold it has lost it without our knowing, and may outlive the line.
    if (line.holder_ != nullptr) {
        line.holder_->set_line(nullptr);
    }
    line.holder_ = &held;
    held.set_line(&line);
}

line_member* local_lines::first_behind(const held_lock& held) {
    local_line* const line = held.line();
    const bool nobody = line == nullptr || line->holder_ != &held || line->members_.empty();
    return nobody ? nullptr : &line->members_.front();
}

void local_lines::passed(held_lock& from, line_member& member, held_lock& to) {
    local_line* const line = from.line();
    unlink(member);
    from.set_line(nullptr);
    line->holder_ = &to;
    to.set_line(line);
}

bool local_lines::ended(held_lock& held) {
    local_line* const line = held.line();
    if (line == nullptr) {
        return false;
    }
    held.set_line(nullptr);
    line->holder_ = nullptr;
    return go_on(*line);
}

void local_lines::unlink(line_member& member) {
    if (local_line* const line = std::exchange(member.line_, nullptr)) {
        member.unlink();
        --line->waiting_;
    }
}

bool local_lines::go_on(local_line& line) {
    if (line.holder_ != nullptr) {
        return false;
    }
    if (line.members_.empty()) {
        auto over = lines_.extract(lines_.find(*line.resource_));
        if (spare_.size() < most_spare && over.key().size() <= longest_spare) {
            spare_.push_back(std::move(over));
        }
        return false;
    }
    line_member& first = line.members_.front();
    if (std::exchange(first.competes_, true)) {
        return false;
    }
    first.compete();
    return true;
}

}  // namespace redlock::manager
