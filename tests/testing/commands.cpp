#include "testing/commands.hpp"

#include <cctype>

namespace redlock::testing {

namespace {

/// As time goes by where two servers stand side by side, from the beginning of 2030.
std::int64_t about_now_ms(random_stream& chance) {
    return chance.between(1'893'456'000'000, 1'893'456'010'000);
}

}  // namespace

std::string random_commands::one_of(std::initializer_list<const char*> words) {
    return *(words.begin() + chance_.below(words.size()));
}

std::string random_commands::key() {
    return one_of({"a", "b", "c", "d:{a}", ""});
}

std::string random_commands::value() {
    return chance_.one_in(20) ? std::string{"\r\n\0$", 4} : one_of({"1", "x", "", "yes", "0012"});
}

std::string random_commands::field() {
    return one_of({"f", "g", "h", "", "1"});
}

std::string random_commands::number() {
    if (chance_.percent(60)) {
        return std::to_string(chance_.between(1, 6));
    }
    return one_of({"0",
                   "-1",
                   "-5",
                   "x",
                   "",
                   "1.5",
                   " 1",
                   "1 ",
                   "+1",
                   "01",
                   "-0",
                   "-",
                   "100000",
                   "9223372036854775807",
                   "9223372036854775808",
                   "-9223372036854775808",
                   "-9223372036854775809",
                   "9223372036854775",
                   "9223372036854776",
                   "7329916580854775"});
}

request random_commands::set() {
    request made{"SET", key(), value()};
    for (auto more = chance_.below(4); more > 0; --more) {
        made.push_back(
            one_of({"NX", "XX", "PX", "EX", "GET", "KEEPTTL", "px", "Nx", "PX", "PX", "PXAT"}));
        const bool lasts = made.back() == "PX" || made.back() == "EX" || made.back() == "px" ||
                           made.back() == "PXAT";
        if (lasts && !chance_.one_in(20)) {
            made.push_back(number());
        }
    }
    if (chance_.one_in(20)) {
        made.push_back(one_of({"BAD", "", "5"}));
    }
    return made;
}

// None that versions show differently.
std::string random_commands::score() {
    return one_of({"1", "2", "2", "3", "-1", "1.5", "inf", "-inf", "+inf", "0", "9007199254740991",
                   "1764481234567", "x", "1x", "nan"});
}

std::string random_commands::bound() {
    return chance_.one_in(3) ? "(" + score() : score();
}

request random_commands::of_sorted_set() {
    switch (chance_.below(7)) {
        case 0:
        case 1: {
            request made{"ZADD", key()};
            for (auto more = chance_.below(3) + 1; more > 0; --more) {
                made.push_back(score());
                made.push_back(field());
            }
            return made;
        }
        case 2:
            return {"ZSCORE", key(), field()};
        case 3:
            return {"ZREM", key(), field(), field()};
        case 4:
            return {"ZCOUNT", key(), bound(), bound()};
        case 5:
            return {"ZREMRANGEBYSCORE", key(), bound(), bound()};
        default: {
            request made{"ZREVRANGEBYSCORE", key(), bound(), bound()};
            for (auto more = chance_.below(3); more > 0; --more) {
                made.push_back(one_of({"WITHSCORES", "LIMIT", "LIMIT", "withscores"}));
                if (made.back() == "LIMIT") {
                    made.push_back(one_of({"0", "1", "-1", "x"}));
                    made.push_back(one_of({"0", "1", "2", "-1", "x"}));
                }
            }
            return made;
        }
    }
}

request random_commands::well_formed() {
    switch (chance_.below(16)) {
        case 0:
            return chance_.one_in(2) ? request{"GET", key()} : request{"MGET", key(), key(), key()};
        case 1:
        case 2:
            return set();
        case 3:
            return chance_.one_in(2) ? request{"DEL", key()} : request{"DEL", key(), key(), key()};
        case 4:
            return {"EXISTS", key(), key()};
        case 5:
            return {"TYPE", key()};
        case 6:
            return {"PTTL", key()};
        case 7:
            return {"PEXPIRE", key(), number()};
        case 8: {
            request made{"HSET", key()};
            for (auto more = chance_.below(3) + 1; more > 0; --more) {
                made.push_back(field());
                made.push_back(value());
            }
            return made;
        }
        case 9:
            return {"HDEL", key(), field(), field(), field()};
        case 10:
            return {"HGETALL", key()};
        case 11:
            return {"PEXPIREAT", key(),
                    chance_.one_in(3) ? number() : std::to_string(about_now_ms(chance_))};
        case 12:
        case 13:
        case 14:
            return of_sorted_set();
        default:
            return {one_of({"HMGET", "HGET", "HEXISTS"}), key(), field()};
    }
}

request random_commands::any() {
    request made = well_formed();
    // PEXPIRE has options behind it that the store does not know.
    if (chance_.one_in(25) && !made.front().starts_with("PEXPIRE")) {
        made.push_back(field());
    } else if (chance_.one_in(25)) {
        made.resize(1 + chance_.below(made.size()));
    }
    if (chance_.one_in(10)) {
        for (char& each : made.front()) {
            each = static_cast<char>(std::tolower(static_cast<unsigned char>(each)));
        }
    }
    return made;
}

request random_commands::scan_options() {
    request made;
    for (auto more = chance_.below(3); more > 0; --more) {
        const std::string option = one_of({"MATCH", "match", "COUNT", "TYPE", "BAD"});
        made.push_back(option);
        if (!chance_.one_in(10)) {
            made.push_back(option == "TYPE"    ? one_of({"string", "HASH", "list", "zset"})
                           : option == "COUNT" ? one_of({"1", "100", "0", "-1", "x"})
                                               : one_of({"*", "?", "[a-c]", "d*", "*{a}", "x"}));
        }
    }
    return made;
}

}  // namespace redlock::testing
