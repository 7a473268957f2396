// What a node says of the slots of a semaphore, and that nothing else is taken for it.
#include "driver/slot_calls.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "driver/replies.hpp"

namespace redlock::driver {
namespace {

/// {0, PTTL, holder, ahead} and then the slots.
std::string taken(const std::vector<int>& free) {
    std::string reply = "*" + std::to_string(4 + free.size()) + "\r\n:0\r\n:1500\r\n" +
                        written_reply::bulk("a") + ":0\r\n";
    for (const int slot : free) {
        reply += ":" + std::to_string(slot) + "\r\n";
    }
    return reply;
}

class slot_answers : public testing::Test {
  protected:
    /// Each of the nodes gives this answer for the slot.
    void hear(std::size_t asked, const std::string& reply) {
        for (node_index node = 0; node < 3; ++node) {
            note_slots(board, asked, node, written_reply{reply}.view());
        }
    }
    /// Which slots may be free, as far as is known.
    [[nodiscard]] std::vector<std::size_t> may_be_free() {
        std::vector<std::size_t> found;
        while (const auto slot = board.pick(0)) {
            found.push_back(*slot);
            board.begin_asking(*slot);
        }
        for (const std::size_t slot : found) {
            board.end_asking(slot);
        }
        return found;
    }

    core::slot_board board{5, 3};
};

TEST_F(slot_answers, name_those_that_are_free_and_so_those_that_are_taken) {
    hear(2, taken({4, 0}));
    EXPECT_EQ(may_be_free(), (std::vector<std::size_t>{0, 4}));
    hear(0, taken({}));
    EXPECT_EQ(may_be_free(), std::vector<std::size_t>{});
}

TEST_F(slot_answers, to_a_request_for_the_lock_alone_say_nothing_of_others) {
    hear(2, "*3\r\n:0\r\n:1500\r\n" + written_reply::bulk("a"));
    EXPECT_EQ(may_be_free(), (std::vector<std::size_t>{0, 1, 3, 4}));
}

TEST_F(slot_answers, that_grant_or_refuse_otherwise_leave_the_slot_unknown) {
    for (const std::string reply :
         {":1700000000000000\r\n", "*3\r\n:-3\r\n:0\r\n:1\r\n", "$-1\r\n"}) {
        hear(0, taken({}));
        hear(2, reply);
        EXPECT_EQ(may_be_free(), (std::vector<std::size_t>{2})) << reply;
    }
}

TEST_F(slot_answers, that_name_slots_which_are_not_there_are_not_believed) {
    hear(2, taken({5, 4, -1, 2}));
    EXPECT_EQ(may_be_free(), std::vector<std::size_t>{4});
}

TEST(slot_answers_of_many, leave_unknown_what_a_full_answer_has_no_room_for) {
    core::slot_board board{40, 1};
    std::vector<int> free;
    for (int slot = 1; slot <= 16; ++slot) {
        free.push_back(slot);
    }
    for (std::size_t slot = 0; slot < 40; ++slot) {
        board.on_taken(slot, 0);
    }
    note_slots(board, 0, 0, written_reply{taken(free)}.view());
    for (std::size_t slot = 1; slot <= 16; ++slot) {
        board.begin_asking(slot);
    }
    EXPECT_EQ(board.pick(0), 17U);
}

TEST(permits_of_others, are_read_from_one_answer_only) {
    const auto read = [](const std::string& reply) {
        return permits_of_others(written_reply{reply}.view());
    };
    EXPECT_EQ(read("*2\r\n:-5\r\n:7\r\n"), 7U);
    EXPECT_EQ(read("*2\r\n:-5\r\n:-7\r\n"), 0U);
    EXPECT_EQ(read("*2\r\n:-4\r\n:7\r\n"), std::nullopt);
    EXPECT_EQ(read("*3\r\n:-5\r\n:7\r\n:7\r\n"), std::nullopt);
    EXPECT_EQ(read("*2\r\n:-5\r\n" + written_reply::bulk("7")), std::nullopt);
    EXPECT_EQ(read(":-5\r\n"), std::nullopt);
}

}  // namespace
}  // namespace redlock::driver
