#include "faults/fenced_store.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace redlock::faults {
namespace {

record outcome_of(record_kind kind, const std::string& resource, std::uint64_t token,
                  std::uint64_t value) {
    record what;
    what.kind = kind;
    what.resource = resource;
    what.token = token;
    what.value = value;
    return what;
}

}  // namespace

record fenced_store::refusal(const std::string& resource, std::uint64_t token, const row& stored) {
    return outcome_of(record_kind::refused, resource, token,
                      std::max(stored.largest, stored.looked));
}

bool fenced_store::raise(row& stored, std::uint64_t token) const {
    if (!blind_ && token < std::max(stored.largest, stored.looked)) {
        return false;
    }
    stored.largest = std::max(stored.largest, token);
    return true;
}

record fenced_store::read(const std::string& resource, std::uint64_t token) {
    row& stored = rows_[resource];
    return raise(stored, token) ? outcome_of(record_kind::read, resource, token, stored.value)
                                : refusal(resource, token, stored);
}

record fenced_store::look(const std::string& resource, std::uint64_t token) {
    row& stored = rows_[resource];
    if (!blind_ && token < stored.largest) {
        return refusal(resource, token, stored);
    }
    stored.looked = std::max(stored.looked, token);
    return outcome_of(record_kind::looked, resource, token, stored.value);
}

record fenced_store::write(const std::string& resource, std::uint64_t token, std::uint64_t value) {
    row& stored = rows_[resource];
    if (!raise(stored, token)) {
        return refusal(resource, token, stored);
    }
    stored.value = value;
    return outcome_of(record_kind::wrote, resource, token, value);
}

record fenced_store::handle(std::string_view request) {
    std::istringstream in{std::string{request}};
    std::string verb;
    std::string resource;
    std::uint64_t token = 0;
    std::uint64_t value = 0;
    if (in >> verb >> resource >> token) {
        if (verb == "read") {
            return read(resource, token);
        }
        if (verb == "look") {
            return look(resource, token);
        }
        if (verb == "write" && in >> value) {
            return write(resource, token, value);
        }
    }
    throw std::runtime_error("not a request: " + std::string{request});
}

}  // namespace redlock::faults
