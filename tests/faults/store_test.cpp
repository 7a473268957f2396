// The store's rule: the first operation of a new holder raises, a smaller token is refused.
#include <gtest/gtest.h>

#include <stdexcept>

#include "faults/fenced_store.hpp"

namespace redlock::faults {
namespace {

TEST(fenced_store, a_read_raises_the_largest_token) {
    fenced_store store;
    EXPECT_EQ(store.read("r", 5).value, 0U);
    EXPECT_EQ(store.read("r", 6).kind, record_kind::read);
    EXPECT_EQ(store.write("r", 5, 1).kind, record_kind::refused);
    EXPECT_EQ(store.write("r", 6, 1).kind, record_kind::wrote);
    EXPECT_EQ(store.read("r", 6).value, 1U);
}

TEST(fenced_store, refuses_an_older_reader_and_tells_the_largest_token) {
    fenced_store store;
    store.write("r", 9, 1);
    const record answer = store.read("r", 8);
    EXPECT_EQ(answer.kind, record_kind::refused);
    EXPECT_EQ(answer.value, 9U);
}

TEST(fenced_store, readers_are_in_no_order_among_themselves) {
    fenced_store store;
    store.write("r", 4, 1);
    EXPECT_EQ(store.look("r", 6).value, 1U);
    EXPECT_EQ(store.look("r", 5).kind, record_kind::looked);
    EXPECT_EQ(store.look("r", 3).kind, record_kind::refused);
    // A writer is held against them.
    EXPECT_EQ(store.write("r", 5, 2).kind, record_kind::refused);
    EXPECT_EQ(store.read("r", 5).value, 6U);
    EXPECT_EQ(store.write("r", 6, 2).kind, record_kind::wrote);
    EXPECT_EQ(store.look("r", 5).kind, record_kind::refused);
}

TEST(fenced_store, resources_are_apart) {
    fenced_store store;
    store.write("r", 9, 1);
    EXPECT_EQ(store.write("s", 8, 1).kind, record_kind::wrote);
}

TEST(fenced_store, a_blind_one_takes_everything) {
    fenced_store store{true};
    store.write("r", 9, 4);
    EXPECT_EQ(store.write("r", 8, 1).kind, record_kind::wrote);
    EXPECT_EQ(store.read("r", 1).value, 1U);
}

TEST(fenced_store, handles_requests_in_text) {
    fenced_store store;
    EXPECT_EQ(store.handle("write r 5 1").kind, record_kind::wrote);
    EXPECT_EQ(store.handle("read r 5").value, 1U);
    EXPECT_EQ(store.handle("read r 4").kind, record_kind::refused);
    EXPECT_EQ(store.handle("look r 5").kind, record_kind::looked);
    EXPECT_THROW(store.handle("erase r 5"), std::runtime_error);
    EXPECT_THROW(store.handle("write r 5"), std::runtime_error);
}

}  // namespace
}  // namespace redlock::faults
