// The rules that docs/keys-and-acl.md shows, read from the page itself, and what they must allow.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {

/// The words of "ACL SETUSER USER ..." on the page.
inline std::vector<std::string> documented_rule(const std::string& user) {
    std::ifstream page{REDLOCK_ROOT "/docs/keys-and-acl.md"};
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("ACL SETUSER " + user + " ")) {
            std::istringstream cut{line};
            return {std::istream_iterator<std::string>{cut}, {}};
        }
    }
    ADD_FAILURE() << "the page has no rule for " << user;
    return {};
}

/// All that clients do with a lock, by two whose user has nothing but such a rule.
/// `stands_in_line`: whether `other` waits on the nodes.
template <class Predicate>
void expect_full_use(client& user, client& other, const std::string& resource,
                     Predicate stands_in_line) {
    lock reader = user.take_shared(resource, {.label = "with a label"});
    EXPECT_FALSE(user.extend(reader, std::chrono::seconds{20}));
    EXPECT_EQ(other.status(resource).held_by().value_or(lock_holder{}).label, "with a label");
    EXPECT_FALSE(user.release(reader));
    lock held = user.take(resource, {.label = "with a label"});
    EXPECT_FALSE(user.extend(held, std::chrono::seconds{20}));
    EXPECT_EQ(user.status(resource).label, "with a label");
    EXPECT_EQ(user.list().second, std::vector<resource_name>{resource});
    const std::string pattern = resource.substr(0, resource.find(':') + 1) + "*";
    EXPECT_EQ(user.list({.pattern = pattern}).second, std::vector<resource_name>{resource});
    const auto waiting = other.begin_acquire(resource);
    EXPECT_TRUE(other.await(stands_in_line));
    EXPECT_FALSE(user.release(held));
    EXPECT_TRUE(other.await([&] { return waiting->done; }));
    EXPECT_FALSE(waiting->error) << waiting->why.to_string();
    EXPECT_FALSE(waiting->value.valid() && other.release(waiting->value));
    lock both = user.take_all({resource, resource + "b"}, {.label = "with a label"});
    EXPECT_FALSE(user.extend(both, std::chrono::seconds{20}));
    EXPECT_FALSE(user.release(both));
    const semaphore permits{resource, 2};
    lock permit = user.take_any(permits, {.label = "with a label"});
    EXPECT_FALSE(user.extend(permit, std::chrono::seconds{20}));
    EXPECT_EQ(other.status(permits).count(lock_verdict::held), 1U);
    EXPECT_EQ(other.list_semaphores().second.size(), 1U);
    EXPECT_FALSE(user.release(permit));
    EXPECT_FALSE(user.vouch()->error);
    for (client* each : {&user, &other}) {
        EXPECT_EQ(each->events().count(event_kind::tracking_refused), 0U);
        EXPECT_EQ(each->events().count(event_kind::node_without_vote), 0U);
    }
}

}  // namespace redlock::integration
