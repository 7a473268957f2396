// Fuzz target: any bytes on the connection on which a node tells of changed keys, through the real
// connections and key_tracking, over sockets to a server in this very process and loop. What was
// told is compared with a plain reading of the same bytes. One thread; no time passes.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>
#include <vector>

#include "driver/key_tracking.hpp"
#include "fuzz/byte_source.hpp"
#include "fuzz/target.hpp"
#include "redis/wire/resp_reader.hpp"

namespace redlock::fuzz {
namespace {

namespace asio = boost::asio;
using local = asio::local::stream_protocol;
using redis::reply_view;
using redis::resp_reader;

constexpr std::string_view channel = "__redis__:invalidate";
constexpr std::string_view subscribed =
    "*3\r\n$9\r\nsubscribe\r\n$20\r\n__redis__:invalidate\r\n:1\r\n";

/// Answers as a server does, but for what the story puts in the place of some answers.
class node_side {
  public:
    explicit node_side(asio::io_context& io)
        : name_("@redlock-fuzz-" + std::to_string(::getpid())), acceptor_(io, address()) {
        accept();
    }

    [[nodiscard]] const std::string& name() const { return name_; }
    void begin_story() {
        clients_.clear();
        behind_subscribe.clear();
        instead.clear();
        answers_instead = false;
    }
    /// On the connection that has subscribed.
    void say(std::string_view bytes) {
        for (const auto& each : clients_) {
            if (each->subscribed) {
                each->send(bytes);
            }
        }
    }
    void hang_up() { clients_.clear(); }

    std::string behind_subscribe;  ///< Sent at once with the answer to SUBSCRIBE.
    std::string instead;           ///< If `answers_instead`: the answers to all but INFO.
    bool answers_instead = false;

  private:
    struct client {
        explicit client(local::socket connected) : socket(std::move(connected)) {}
        void send(std::string_view bytes) {
            boost::system::error_code ignored;
            asio::write(socket, asio::buffer(bytes), ignored);
        }
        local::socket socket;
        resp_reader reader;
        std::array<char, 4096> incoming{};
        bool subscribed = false;
    };

    [[nodiscard]] local::endpoint address() const {
        std::string path = name_;
        path.front() = '\0';
        return local::endpoint{path};
    }

    void accept() {
        acceptor_.async_accept([this](boost::system::error_code failure, local::socket connected) {
            if (!failure) {
                clients_.push_back(std::make_shared<client>(std::move(connected)));
                read(clients_.back());
                accept();
            }
        });
    }

    void read(const std::shared_ptr<client>& each) {
        each->socket.async_read_some(
            asio::buffer(each->incoming),
            [this, each](boost::system::error_code failure, std::size_t size) {
                if (failure) {
                    return;
                }
                each->reader.feed({each->incoming.data(), size});
                std::string out;
                while (each->reader.next() == resp_reader::status::reply) {
                    out += answer(each->reader.current()[0].text(), *each);
                }
                each->send(out);
                read(each);
            });
    }

    std::string answer(std::string_view command, client& asking) {
        if (command == "INFO") {
            return "$13\r\nrun_id:fake\r\n\r\n";
        }
        asking.subscribed = asking.subscribed || command == "SUBSCRIBE";
        if (answers_instead) {
            return std::exchange(instead, {});
        }
        return command == "SUBSCRIBE" ? std::string{subscribed} + behind_subscribe : ":7\r\n";
    }

    std::string name_;
    local::acceptor acceptor_;
    std::vector<std::shared_ptr<client>> clients_;
};

asio::io_context& loop() {
    static asio::io_context only{1};
    return only;
}

node_side& server() {
    static node_side only{loop()};
    return only;
}

/// Until nobody has anything to do: what is written to a local socket can be read at once.
void settle() {
    loop().restart();
    while (loop().poll() != 0) {
        loop().restart();
    }
}

redis::connection_options options() {
    redis::connection_options with;
    with.where.transport = endpoint::transport_kind::unix_socket;
    with.where.path = server().name();
    // No second attempt within a story.
    with.backoff_min = with.backoff_max = std::chrono::hours{1};
    return with;
}

/// A command connection, the tracking of its reads, and what its owner was told.
class listener final : public redis::connection_events, public driver::key_tracking::owner {
  public:
    listener()
        : commands_{clock_, options(), *this, 1}, tracking{clock_, options(), commands_, *this, 2} {
        commands_.start();
    }
    ~listener() {
        tracking.stop();
        commands_.stop();
        server().hang_up();
        settle();
    }
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    void on_ready(const redis::server_identity& /*identity*/) override {
        tracking.on_commands_ready();
    }
    void on_down(error_code /*cause*/, std::string_view /*message*/,
                 std::chrono::nanoseconds /*retry_in*/) override {
        tracking.on_commands_down();
    }
    void on_second_server(const std::string& /*run_id*/) override {}
    void on_tracking(bool on) override {
        require(on != on_, "on and off take turns");
        on_ = on;
        told.emplace_back(on ? "(on)" : "(off)");
    }
    void on_key_changed(std::string_view key) override {
        // That all are gone may be heard before the word that it is on, which comes elsewhere.
        require(key.empty() || (on_ && tracking.on()), "a key is told of only while it is on");
        told.emplace_back(key.empty() ? "(any)" : key);
    }
    void on_tracking_refused(error_code cause, std::string_view message) override {
        require(static_cast<bool>(cause), "a refusal has a cause");
        require(message.size() <= 300 && std::all_of(message.begin(), message.end(),
                                                     [](char c) { return c >= ' ' && c <= '~'; }),
                "a refusal is one printable line");
        require(!on_, "what is refused is not on");
        ++refusals;
    }

    std::vector<std::string> told;
    int refusals = 0;

  private:
    bool on_ = false;
    outside::alarm_clock clock_{loop().get_executor()};
    redis::connection commands_;

  public:
    driver::key_tracking tracking;
};

/// What should be told of these bytes by somebody who is listening: a plain reading.
std::vector<std::string> expected(std::string_view bytes) {
    std::vector<std::string> told;
    resp_reader reader;
    reader.feed({bytes.data(), bytes.size()});
    resp_reader::status status{};
    while ((status = reader.next()) == resp_reader::status::reply) {
        const reply_view message = reader.current();
        if (!message.is_array() || message.size() < 3 || message[1].text() != channel) {
            continue;
        }
        if (!message[2].is_array()) {
            told.emplace_back("(any)");
        }
        for (const reply_view each : message[2]) {
            if (each.is_text() && !each.text().empty()) {
                told.emplace_back(each.text());
            }
        }
    }
    if (status == resp_reader::status::protocol_error) {
        told.emplace_back("(off)");
    }
    return told;
}

void hear(std::string_view bytes, bool in_pieces, bool away_meanwhile) {
    listener mine;
    mine.tracking.want(true);
    settle();
    require(mine.told == std::vector<std::string>{"(on)"}, "it comes on");
    mine.told.clear();
    if (away_meanwhile) {
        mine.tracking.want(false);
        settle();
    }
    const std::size_t size =
        in_pieces ? 1 + bytes.size() / 5 : std::max<std::size_t>(bytes.size(), 1);
    for (std::string_view rest = bytes; !rest.empty();
         rest.remove_prefix(std::min(size, rest.size()))) {
        server().say(rest.substr(0, size));
        settle();
    }
    if (away_meanwhile) {
        require(mine.told.empty(), "what nobody wants to hear waits");
        mine.tracking.want(true);
        settle();
    }
    require(mine.told == expected(bytes), "what was told is what was said");
}

void hear_too_early(std::string_view bytes) {
    server().behind_subscribe = bytes;
    listener mine;
    mine.tracking.want(true);
    settle();
    // Told before the command connection was redirected: not of what we have read.
    const auto first = std::find_if(mine.told.begin(), mine.told.end(),
                                    [](const std::string& each) { return each != "(any)"; });
    require(first == mine.told.end() || *first == "(on)", "before it is on no key is told of");
}

void be_answered(std::string_view bytes) {
    server().instead = bytes;
    server().answers_instead = true;
    listener mine;
    for (const bool wanted : {true, false, true}) {
        mine.tracking.want(wanted);
        settle();
    }
    require(mine.refusals <= 1, "a refusal is told once");
}

}  // namespace

void try_input(std::string_view bytes) {
    byte_source source{bytes};
    const std::uint8_t choices = source.byte();
    server().begin_story();
    if ((choices & 8U) != 0) {
        be_answered(source.rest());
    } else if ((choices & 4U) != 0) {
        hear_too_early(source.rest());
    } else {
        hear(source.rest(), (choices & 1U) != 0, (choices & 2U) != 0);
    }
}

}  // namespace redlock::fuzz
