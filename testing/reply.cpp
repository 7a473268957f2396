#include "testing/reply.hpp"

#include <algorithm>

namespace redlock::testing {

namespace {

void append_line(std::string& to, char type, const std::string& rest) {
    to += type;
    to += rest;
    to += "\r\n";
}

/// Words that are one line whatever is in them.
std::string in_one_line(std::string words) {
    std::replace_if(
        words.begin(), words.end(), [](char each) { return each == '\r' || each == '\n'; }, ' ');
    return words;
}

}  // namespace

void append_bytes(std::string& to, const reply& what) {
    switch (what.what) {
        case reply::kind::nil:
            to += "$-1\r\n";
            break;
        case reply::kind::integer:
            append_line(to, ':', std::to_string(what.number));
            break;
        case reply::kind::status:
            append_line(to, '+', in_one_line(what.words));
            break;
        case reply::kind::error:
            append_line(to, '-', in_one_line(what.words));
            break;
        case reply::kind::text:
            append_line(to, '$', std::to_string(what.words.size()));
            to += what.words;
            to += "\r\n";
            break;
        case reply::kind::array:
            append_line(to, '*', std::to_string(what.items.size()));
            for (const reply& each : what.items) {
                append_bytes(to, each);
            }
            break;
    }
}

}  // namespace redlock::testing
