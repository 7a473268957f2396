// Keeps the processors of this machine from falling asleep between two commands.
#pragma once

namespace bench {

/// As long as it lives, an idle processor waits awake (the kernel's power management quality of
/// service, /dev/cpu_dma_latency). To wake a sleeping one takes as long as a command, above all on
/// a virtual machine, and how often one falls asleep depends on how many servers are at work: the
/// difference of two and three servers is then the kernel's, not the client's.
class awake_processors {
  public:
    awake_processors();
    awake_processors(const awake_processors&) = delete;
    awake_processors& operator=(const awake_processors&) = delete;
    ~awake_processors();

    /// False where this user may not; nearly always only root may.
    [[nodiscard]] bool granted() const { return request_ >= 0; }

  private:
    int request_;
};

}  // namespace bench
