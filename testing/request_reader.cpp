#include "testing/request_reader.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace redlock::testing {

namespace {

// As long as a line and as many arguments as any request of ours has, and far more.
constexpr std::size_t longest_line = 32;
constexpr std::size_t usual_words = 16;
constexpr std::size_t largest_count = std::size_t{64} * 1024 * 1024;

}  // namespace

std::optional<std::size_t> request_reader::count_after(char type, std::size_t& at) {
    if (at == bytes_.size()) {
        return std::nullopt;
    }
    const std::size_t end = bytes_.find("\r\n", at);
    if (bytes_[at] != type || (end == std::string::npos && bytes_.size() - at > longest_line)) {
        broken_ = true;
        return std::nullopt;
    }
    if (end == std::string::npos) {
        return std::nullopt;
    }
    std::size_t count = 0;
    const char* const stop = bytes_.data() + end;
    const auto read = std::from_chars(bytes_.data() + at + 1, stop, count);
    if (read.ec != std::errc{} || read.ptr != stop || count > largest_count) {
        broken_ = true;
        return std::nullopt;
    }
    at = end + 2;
    return count;
}

std::optional<std::vector<std::string>> request_reader::next() {
    std::size_t at = done_;
    const auto words = broken_ ? std::nullopt : count_after('*', at);
    if (!words) {
        return std::nullopt;
    }
    std::vector<std::string> request;
    request.reserve(std::min(*words, usual_words));
    for (std::size_t word = 0; word < *words; ++word) {
        const auto size = count_after('$', at);
        if (!size || bytes_.size() - at < *size + 2) {
            return std::nullopt;
        }
        request.emplace_back(bytes_, at, *size);
        at += *size + 2;
    }
    done_ = at;
    if (done_ == bytes_.size()) {
        bytes_.clear();
        done_ = 0;
    }
    return request;
}

}  // namespace redlock::testing
