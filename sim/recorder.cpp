#include "sim/recorder.hpp"

namespace redlock::sim {

std::string shown(tick time) {
    const tick us = time / testing::microsecond;
    std::string text = std::to_string(us / 1000) + '.';
    const std::string part = std::to_string(us % 1000);
    text.append(3 - part.size(), '0');
    return text + part;
}

void recorder::begin(tick now, std::string_view who, std::uint64_t number) {
    const std::string time = shown(now);
    text_.append(time.size() < 10 ? 10 - time.size() : 0, ' ');
    text_ += time;
    text_ += "  ";
    text_ += who;
    text_ += ' ';
    text_ += std::to_string(number);
    text_ += ' ';
}

}  // namespace redlock::sim
