// A function of this name in the program itself comes before the C library's. See
// made_up_names.hpp.
#include "outside/made_up_names.hpp"

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <map>
#include <optional>
#include <utility>

namespace redlock::outside {
namespace {

struct entry {
    std::vector<std::string> addresses;
    int asked = 0;
    bool hangs = false;
};

struct register_of_names {
    std::mutex guard;
    std::condition_variable changed;
    std::map<std::string, entry> names;
};

register_of_names& known() {
    static register_of_names all;
    return all;
}

std::optional<std::vector<std::string>> addresses_of(const std::string& name) {
    std::unique_lock lock{known().guard};
    auto found = known().names.find(name);
    if (found == known().names.end()) {
        return std::nullopt;
    }
    ++found->second.asked;
    known().changed.notify_all();
    known().changed.wait(lock, [&] {
        found = known().names.find(name);
        return found == known().names.end() || !found->second.hangs;
    });
    return found == known().names.end() ? std::vector<std::string>{} : found->second.addresses;
}

}  // namespace

made_up_name::made_up_name(std::string name, std::vector<std::string> addresses)
    : name_(std::move(name)) {
    move_to(std::move(addresses));
}

made_up_name::~made_up_name() {
    const std::lock_guard lock{known().guard};
    known().names.erase(name_);
    known().changed.notify_all();
}

void made_up_name::move_to(std::vector<std::string> addresses) {
    const std::lock_guard lock{known().guard};
    known().names[name_].addresses = std::move(addresses);
}

void made_up_name::hang() {
    const std::lock_guard lock{known().guard};
    known().names[name_].hangs = true;
}

void made_up_name::let_go() {
    const std::lock_guard lock{known().guard};
    known().names[name_].hangs = false;
    known().changed.notify_all();
}

void made_up_name::wait_until_asked(int times) const {
    std::unique_lock lock{known().guard};
    known().changed.wait(lock, [&] { return known().names[name_].asked >= times; });
}

int made_up_name::asked() const {
    const std::lock_guard lock{known().guard};
    return known().names[name_].asked;
}

}  // namespace redlock::outside

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the C library's have none.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** found) {
    using function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    // NOLINTNEXTLINE(*-reinterpret-cast): so dlsym is made.
    static const auto real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    const auto addresses = node != nullptr ? redlock::outside::addresses_of(node) : std::nullopt;
    if (!addresses) {
        return real(node, service, hints, found);
    }
    *found = nullptr;
    addrinfo** end = found;
    for (const std::string& each : *addresses) {
        // The C library frees such a list entry by entry, so that lists may be joined.
        if (const int failure = real(each.c_str(), service, hints, end); failure != 0) {
            ::freeaddrinfo(*found);
            return failure;
        }
        while (*end != nullptr) {
            end = &(*end)->ai_next;
        }
    }
    return *found != nullptr ? 0 : EAI_NONAME;
}
