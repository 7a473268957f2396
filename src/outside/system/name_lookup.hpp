// Finds the addresses of names. Asio's own resolver asks for one name after the other in a single
// thread of each execution context, so that one name server that hangs holds up every other name,
// and the end of the program as well. Here each name has a thread of its own while it is looked up,
// which nobody ever waits for. One strand for each object; the threads behind them are our matter.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <redlock/error.hpp>
#include <string>
#include <vector>

namespace redlock::outside {

class name_lookup {
  public:
    using addresses = std::vector<boost::asio::ip::tcp::endpoint>;
    using handler = std::function<void(error_code, const addresses&)>;

    explicit name_lookup(boost::asio::any_io_executor executor);
    /// As `cancel`.
    ~name_lookup();
    name_lookup(const name_lookup&) = delete;
    name_lookup& operator=(const name_lookup&) = delete;

    /// Calls `found` on the executor, never at once, and keeps the event loop running until then.
    /// Of each context one name is asked for once at a time: who comes later waits for the answer
    /// that is on its way. No thread to be had is an error like any other.
    void async_resolve(const std::string& host, std::uint16_t port, handler found);

    /// What is outstanding is called soon, with operation_aborted; the event loop does not wait for
    /// it any more. The question itself cannot be taken back: its thread ends when it is answered.
    void cancel() noexcept;

    /// How many names are being looked up in this process, whether or not anybody still waits.
    [[nodiscard]] static std::size_t under_way() noexcept;

  private:
    class desk;
    class lookup_service;

    boost::asio::any_io_executor executor_;
    std::shared_ptr<desk> desk_;  ///< Null until a name was looked up.
};

}  // namespace redlock::outside
