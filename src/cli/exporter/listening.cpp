// Where the exporter listens; see exporter.hpp.
#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <cstdint>

#include "cli/base/escape.hpp"
#include "cli/exporter/exporter.hpp"

namespace redlock::cli {

namespace {

std::optional<std::uint16_t> port_in(std::string_view text) {
    if (text.empty() || text.size() > 5 || text.find_first_not_of("0123456789") != text.npos) {
        return std::nullopt;
    }
    const unsigned long value = std::stoul(std::string{text});
    return value <= UINT16_MAX ? std::optional<std::uint16_t>{value} : std::nullopt;
}

}  // namespace

boost::asio::ip::tcp::endpoint listening_address(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    std::string host = text.substr(0, colon);
    const auto port = colon == std::string::npos
                          ? std::nullopt
                          : port_in(std::string_view{text}.substr(colon + 1));
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) {
        host = host.substr(1, host.size() - 2);
    }
    boost::system::error_code wrong;
    const auto address =
        boost::asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, wrong);
    if (!port || wrong || bracketed != address.is_v6()) {
        throw usage_error(
            fmt::format("--listen: '{}' is no ADDRESS:PORT, such as 127.0.0.1:9633, "
                        "0.0.0.0:9633 or [::1]:9633",
                        printable(text)));
    }
    return {address, *port};
}

}  // namespace redlock::cli
