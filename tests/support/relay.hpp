// What all TCP proxies of the tests and of the fault runs have in common: clients are taken on a
// free port of 127.0.0.1, each is connected to a server, and what comes from either side is handed
// to the proxy that this belongs to, which decides what becomes of it. Runs in the event loop that
// it is given; one thread.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace redlock::support {

enum class direction : std::uint8_t { requests, replies };

/// An event loop with a thread of its own, so that programs can use what runs in it.
class loop_thread {
  public:
    ~loop_thread() { stop(); }

    /// When there is something to do.
    void start() {
        thread_ = std::thread{[this] { io.run(); }};
    }
    /// To be called before anything goes that its handlers use.
    void stop() {
        io.stop();
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    boost::asio::io_context io{1};

  private:
    std::thread thread_;
};

/// `Known`: what a proxy keeps of each connection.
template <class Known>
class relay {
  public:
    using tcp = boost::asio::ip::tcp;

    struct link {
        explicit link(tcp::socket accepted) : near(std::move(accepted)), far(near.get_executor()) {}

        void close() {
            boost::system::error_code ignored;
            near.close(ignored);
            far.close(ignored);
        }

        tcp::socket near;  ///< To the client.
        tcp::socket far;   ///< To the server.
        std::array<char, 65536> requests{};
        std::array<char, 65536> replies{};
        Known known{};
    };
    using link_ptr = std::shared_ptr<link>;

    /// What the proxy does. None may be called any more once the proxy is gone.
    struct duties {
        /// A client has come. Without a `join` or a `read` it is turned away.
        std::function<void(const link_ptr&)> on_client;
        /// Nothing more is read there before the next `read`.
        std::function<void(const link_ptr&, direction, std::string_view)> on_bytes;
        /// One side has ended, or was closed by us; then both are closed.
        std::function<void(const link&, direction)> on_end = nullptr;
    };

    relay(boost::asio::io_context& io, duties its)
        : acceptor_(io, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}),
          port_(acceptor_.local_endpoint().port()),
          duties_(std::move(its)) {
        accept();
    }
    ~relay() {
        *alive_ = false;
        cut();
    }
    relay(const relay&) = delete;
    relay& operator=(const relay&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

    /// Leads a client to a server of 127.0.0.1, and reads from both.
    void join(const link_ptr& over, std::uint16_t server_port) {
        boost::system::error_code failure;
        over->far.connect({boost::asio::ip::address_v4::loopback(), server_port}, failure);
        if (!failure) {
            over->near.set_option(tcp::no_delay{true}, failure);
            over->far.set_option(tcp::no_delay{true}, failure);
            read(over, direction::requests);
            read(over, direction::replies);
        }
    }
    void read(const link_ptr& over, direction way) {
        auto& from = way == direction::requests ? over->near : over->far;
        auto& bytes = way == direction::requests ? over->requests : over->replies;
        from.async_read_some(boost::asio::buffer(bytes),
                             [this, over, way, &bytes, alive = alive_](
                                 boost::system::error_code failure, std::size_t size) {
                                 if (!*alive) {
                                     return;
                                 }
                                 if (!failure) {
                                     duties_.on_bytes(over, way, {bytes.data(), size});
                                     return;
                                 }
                                 if (duties_.on_end) {
                                     duties_.on_end(*over, way);
                                 }
                                 over->close();
                             });
    }
    /// Writes without waiting: what clients and servers say to each other fits into the buffer of a
    /// socket.
    static void pass(link& over, direction way, std::string_view bytes) {
        boost::system::error_code ignored;
        boost::asio::write(way == direction::requests ? over.far : over.near,
                           boost::asio::buffer(bytes.data(), bytes.size()), ignored);
    }

    /// Ends all connections for which that is `wanted`, on both sides. New ones are welcome.
    void cut(const std::function<bool(const link&)>& wanted = nullptr) {
        for (const auto& each : links_) {
            if (const auto over = each.lock(); over && (!wanted || wanted(*over))) {
                over->close();
            }
        }
    }

  private:
    void accept() {
        acceptor_.async_accept(
            [this, alive = alive_](boost::system::error_code failure, tcp::socket connected) {
                if (!*alive || failure) {
                    return;
                }
                const auto over = std::make_shared<link>(std::move(connected));
                std::erase_if(links_, [](const auto& each) { return each.expired(); });
                links_.push_back(over);
                duties_.on_client(over);
                accept();
            });
    }

    tcp::acceptor acceptor_;
    std::uint16_t port_;
    duties duties_;
    std::vector<std::weak_ptr<link>> links_;
    // Handlers that outlive this see that it is gone.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace redlock::support
