// Lua in a simulated server held against a real server: what becomes of values on their way in and
// out, and what errors say.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "testing/side_by_side.hpp"

namespace redlock::testing {
namespace {

class simulated_lua : public ::testing::Test {
  protected:
    void compare(const request& what) {
        const answers got = client_.ask(what);
        EXPECT_EQ(in_common_words(got.simulated), in_common_words(got.real)) << words_of(what);
    }
    void compare_all(const std::vector<std::string>& bodies) {
        for (const std::string& body : bodies) {
            SCOPED_TRACE(body);
            compare({"EVAL", body, "2", "text", "hash", "first", "5"});
        }
    }

    side_by_side both_;
    client_of_both client_{both_};
};

TEST_F(simulated_lua, gives_each_type_as_a_real_server) {
    compare_all({
        "return 1",
        "return 3.99",
        "return -3.99",
        "return -0.5",
        "return 2^53",
        "return 1e15",
        "return '1.5'",
        "return ''",
        "return 'a\\0b\\r\\n'",
        "return true",
        "return false",
        "return nil",
        "return",
        "",
        "return {}",
        "return {1, 2, nil, 4}",
        "return {nil, 1}",
        "return {1, {2, {3, 'x'}, {}}, true, false, 4.5}",
        "return {a = 1, 2}",
        "return {ok = 'fine'}",
        "return {err = 'ODD indeed'}",
        "return {err = 'odd'}",
        "return {ok = 'two\\r\\nlines'}",
        "return {err = 'two\\r\\nlines'}",
        "return {ok = 5}",
        "return {err = 5}",
        "return {1, {ok = 'a'}, {err = 'ERR b'}}",
        "return type",
        "return {type, 1}",
        "return KEYS",
        "return ARGV",
        "return {KEYS[3], 1}",
        "return {#KEYS, #ARGV, KEYS[2], ARGV[1]}",
        "return ARGV[2] + 1",
        "return ARGV[2] .. 1.5",
        "return tostring(2^53)",
        "return tostring(1234567890123456)",
        "return string.format('%.0f', 2^53)",
        "return tonumber('0x10')",
        "return tonumber('5 ')",
        "return {tonumber('x')}",
        "return math.ceil(1.2)",
        "return #{1, 2, 3}",
        "return 1, 2",
        "return string.match('a 12', '^(.+) (%d+)$')",
        "return table.concat({'a', 'b'}, ',')",
    });
}

TEST_F(simulated_lua, calls_commands_as_a_real_server) {
    compare_all({
        "return redis.call('SET', KEYS[1], 1)",
        "return redis.call('set', KEYS[1], 1.5, 'PX', 100000)",
        "return redis.call('GET', KEYS[1])",
        "return redis.call('SET', KEYS[1], 2^53)",
        "return redis.call('GET', KEYS[1])",
        "return redis.call('SET', KEYS[1], -17)",
        "return redis.call('GET', KEYS[1])",
        "return redis.call('SET', KEYS[1], 3, 'NX')",
        "return {redis.call('SET', KEYS[1], 3, 'NX'), 1}",
        "return type(redis.call('SET', KEYS[1], 3, 'NX'))",
        "return type(redis.call('SET', KEYS[1], 3))",
        "return redis.call('SET', KEYS[1], 3).ok",
        "return redis.call('HSET', KEYS[2], 'a', 1, 'b', 2.5)",
        "return redis.call('HGETALL', KEYS[2])",
        "return #redis.call('HGETALL', KEYS[2])",
        "return redis.call('HMGET', KEYS[2], 'a', 'none', 'b')",
        "return redis.call('HMGET', KEYS[2], 'a', 'none', 'b')[2] == false",
        "return #redis.call('TIME')",
        "return type(redis.call('TIME')[1])",
        "return redis.call('PTTL', KEYS[1])",
        "return redis.call('TYPE', KEYS[2])",
        "return redis.call('TYPE', KEYS[2]).ok",
        "return redis.call('DEL', KEYS[1], KEYS[2])",
    });
}

TEST_F(simulated_lua, fails_as_a_real_server) {
    compare({"HSET", "hash", "a", "1"});
    compare({"SET", "text", "1"});
    compare_all({
        "return redis.call('GET', KEYS[2])",
        "return redis.pcall('GET', KEYS[2])",
        "return redis.pcall('GET', KEYS[2]).err",
        "return type(redis.pcall('GET', KEYS[2]))",
        "return {1, redis.pcall('GET', KEYS[2])}",
        "return redis.call('NONE')",
        "return redis.pcall('NONE')",
        "return redis.pcall('NONE').err",
        "return redis.call('GET')",
        "return redis.pcall('GET')",
        "return redis.pcall('HSET', 'x', 'a')",
        "return redis.pcall('HSET', 'x', 'a', 'b', 'c')",
        "return redis.call()",
        "return redis.pcall()",
        "return redis.call('GET', {})",
        "return redis.pcall('GET', nil)",
        "return redis.pcall('GET', true)",
        "return redis.call({})",
        "return redis.pcall('SET', KEYS[1], 1, 'PX', 0)",
        "return redis.pcall('SET', KEYS[1], 1, 'PX', 1.5)",
        "return redis.pcall('SET', KEYS[1], 1, 'NX', 'XX')",
        "return redis.pcall('PEXPIRE', KEYS[1], 'x')",
        "return redis.pcall('EVAL', 'return 1', 0)",
        "return redis.pcall('SUBSCRIBE', 'a')",
        "error('odd')",
        "error({err = 'ODD indeed'})",
        "error()",
        "error(5)",
        "return nil + 1",
        "return ARGV[3] .. 'x'",
        "\n\nlocal x = nil\nreturn x.y",
        "return none",
        "none = 1",
        "print(1)",
        "return {math.max(1, 2), unpack({3, 4})}",
        "return load",
        "return dofile",
        "return pcall(function() return redis.call('GET', KEYS[2]) end)",
        "local ok, e = pcall(error, 'odd') return e",
        "KEYS[1] = nil return #KEYS",
        "return #KEYS",
    });
    // What does not compile is told in words of Lua's own.
    for (const char* const body : {"return (", "x x"}) {
        const answers got = client_.ask({"EVAL", body, "0"});
        EXPECT_EQ(got.simulated.words.substr(0, 25), got.real.words.substr(0, 25));
    }
}

TEST_F(simulated_lua, is_asked_for_as_of_a_real_server) {
    const std::string body = "return {KEYS, ARGV}";
    const std::string digest{"0123456789012345678901234567890123456789"};
    for (const request& what : std::vector<request>{
             {"EVAL"},
             {"EVAL", body},
             {"EVAL", body, "x"},
             {"EVAL", body, "-1"},
             {"EVAL", body, "1"},
             {"EVAL", body, "2", "a"},
             {"EVAL", body, "2", "a", "b", "c"},
             {"eval", body, "0", "c"},
             {"EVALSHA", digest, "0"},
             {"EVALSHA", digest, "1"},
             {"EVALSHA", "x", "0"},
             {"EVALSHA", "", "0"},
             {"EVALSHA", digest},
         }) {
        compare(what);
    }
}

}  // namespace
}  // namespace redlock::testing
