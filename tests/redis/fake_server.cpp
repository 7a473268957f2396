// The misbehaving server; see fake_server.hpp. It writes without waiting: what it says fits into a
// socket's buffer.
#include "redis/fake_server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/write.hpp>

#include "redis/connect/connection_proof.hpp"

namespace redlock::redis {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

}  // namespace

struct fake_server::client {
    explicit client(tcp::socket connected) : socket(std::move(connected)) {}

    void send(std::string_view bytes) {
        boost::system::error_code ignored;
        asio::write(socket, asio::buffer(bytes), ignored);
    }
    void close() {
        boost::system::error_code ignored;
        socket.close(ignored);
    }

    tcp::socket socket;
    resp_reader reader;
    std::array<char, 65536> incoming{};
};

fake_server::fake_server(asio::io_context& io)
    : acceptor_(io, tcp::endpoint{asio::ip::address_v4::loopback(), 0}) {
    accept();
}

fake_server::~fake_server() {
    *alive_ = false;
    stop_listening();
    hang_up();
}

std::string fake_server::url() const {
    return "redis://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
}

fake_server::answer fake_server::usual(const words& command) {
    if (command[0] == "AUTH" || command[0] == "SELECT") {
        return {.bytes = "+OK\r\n"};
    }
    if (command[0] == "INFO") {
        return {.bytes = "$13\r\nrun_id:fake\r\n\r\n"};
    }
    return {.bytes = "+PONG\r\n"};
}

void fake_server::say(std::string_view bytes) {
    clients_.back()->send(bytes);
}

void fake_server::answer_late(std::string_view bytes) {
    if (const auto last = spoke_last_.lock()) {
        last->send(bytes);
    }
}

void fake_server::hang_up() {
    for (const auto& each : clients_) {
        each->close();
    }
    clients_.clear();
    // A connection that was answered a moment ago is not looked at.
    const auto closed = boot_clock::now();
    while (boot_clock::now() <= closed + connection_proof::just_answered) {
    }
}

void fake_server::stop_listening() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
}

void fake_server::accept() {
    acceptor_.async_accept(
        [this, alive = alive_](boost::system::error_code failure, tcp::socket connected) {
            if (!*alive || failure) {
                return;
            }
            ++accepted;
            if (!hang_up_at_once) {
                clients_.push_back(std::make_shared<client>(std::move(connected)));
                if (!greeting.empty()) {
                    clients_.back()->send(greeting);
                }
                read(clients_.back());
            }
            accept();
        });
}

void fake_server::read(const std::shared_ptr<client>& each) {
    each->socket.async_read_some(
        asio::buffer(each->incoming),
        [this, each, alive = alive_](boost::system::error_code failure, std::size_t size) {
            if (!*alive || failure) {
                return;
            }
            ++reads;
            spoke_last_ = each;
            each->reader.feed({each->incoming.data(), size});
            act(*each);
            if (each->socket.is_open()) {
                read(each);
            }
        });
}

// What answers the commands of one read goes out as one, so that the client reads it as one.
void fake_server::act(client& each) {
    std::string out;
    bool close = false;
    while (!close && each.reader.next() == resp_reader::status::reply) {
        const reply_view command = each.reader.current();
        words all;
        for (const reply_view word : command) {
            all.emplace_back(word.text());
        }
        received.push_back(all);
        const answer now = on_command(all);
        out += now.bytes;
        close = now.close;
    }
    each.send(out);
    if (close) {
        each.close();
    }
}

}  // namespace redlock::redis
