// A filter of system calls (seccomp): every user may set one on himself, and it is inherited.
#include "cli/support/forbidden_calls.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace redlock::cli_test {

namespace {

/// Where the lower half of an argument stands; pid_t and int fill no more.
constexpr std::uint32_t argument(std::uint32_t number) {
    constexpr std::uint32_t lower = std::endian::native == std::endian::little ? 0 : 4;
    return offsetof(seccomp_data, args) + number * 8 + lower;
}

constexpr sock_filter load(std::uint32_t offset) {
    return {BPF_LD | BPF_W | BPF_ABS, 0, 0, offset};
}

constexpr sock_filter jump(std::uint16_t test, std::uint32_t value, std::uint8_t if_true,
                           std::uint8_t if_false) {
    return {static_cast<std::uint16_t>(BPF_JMP | BPF_K | test), if_true, if_false, value};
}

constexpr sock_filter answer(std::uint32_t with) {
    return {BPF_RET | BPF_K, 0, 0, with};
}

template <std::size_t Count>
bool set_filter(std::array<sock_filter, Count> steps) {
    const sock_fprog program{static_cast<unsigned short>(steps.size()), steps.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

bool forbid_group_signals() {
    constexpr std::uint32_t lowest_negative = 0x80000000;
    return set_filter(std::array<sock_filter, 9>{
        {load(offsetof(seccomp_data, nr)), jump(BPF_JEQ, __NR_pidfd_send_signal, 6, 0),
         jump(BPF_JEQ, __NR_kill, 0, 4), load(argument(0)), jump(BPF_JGE, lowest_negative, 0, 2),
         load(argument(1)), jump(BPF_JEQ, 0, 0, 1), answer(SECCOMP_RET_ALLOW),
         answer(SECCOMP_RET_ERRNO | EPERM)}});
}

bool forbid_close_range() {
    return set_filter(std::array<sock_filter, 4>{
        {load(offsetof(seccomp_data, nr)), jump(BPF_JEQ, __NR_close_range, 1, 0),
         answer(SECCOMP_RET_ALLOW), answer(SECCOMP_RET_ERRNO | ENOSYS)}});
}

}  // namespace redlock::cli_test
