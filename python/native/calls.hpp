// The calls of the library's operations: what they end with, and the handlers that end them.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <optional>
#include <utility>

#include "failure.hpp"
#include "inbox.hpp"

namespace redlock::python {

/// Ends with `Show::show(Result)`. `Show` may say what becomes of one that nobody wants.
template <class Result, class Show>
class result_call : public call {
  public:
    using call::call;

    void end(error_code error, Result result) {
        if (!error) {
            result_.emplace(std::move(result));
        }
        complete(error);
    }
    void end(error_code error) { end(error, Result{}); }

  protected:
    void discard() noexcept override {
        if constexpr (requires(Result& result) { Show::discard(result); }) {
            if (result_) {
                Show::discard(*result_);
            }
        }
        result_.reset();
    }

  private:
    nanobind::object result() override { return Show::show(std::move(*result_)); }

    std::optional<Result> result_;
};

struct nothing {};
struct show_nothing {
    static nanobind::object show(nothing) { return nanobind::none(); }
};
/// Of an operation that has no result but its error.
using plain_call = result_call<nothing, show_nothing>;

/// The handler that ends the call: for void(error_code) or void(error_code, Result).
template <class Call>
auto ends(const boost::intrusive_ptr<Call>& its) {
    return boost::asio::bind_cancellation_slot(
        its->slot(), [its](auto... outcome) { its->end(std::move(outcome)...); });
}

template <class Call>
boost::intrusive_ptr<Call> new_call(const inbox_handle& at, nanobind::object target) {
    return boost::intrusive_ptr<Call>{new Call{at.its, std::move(target)}};
}

}  // namespace redlock::python
