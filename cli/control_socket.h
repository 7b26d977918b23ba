// The control socket, both ends: a Unix stream socket on which each line is a request or its answer.
//
//   `tocsin status` … --ask()--> socket --ControlServer's thread--> handler (control_requests.h) --answer-->
//   back
//
// Only the owner of the engine (and root) may use it: the file's mode says so, and the peer's credentials are
// checked. Lines, clients and the time a client may take are bounded, so no client can hurt another for long,
// nor the engine at all.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace tocsin::cli {

inline constexpr std::size_t kMaxControlLine = std::size_t{64} << 10;

class ControlServer {
 public:
  // Answers one line, without its end; called by the server's thread.
  using Handler = std::function<std::string(std::string_view line)>;

  // A socket file that nobody answers on is replaced; one that somebody answers on, or another kind of file,
  // is an error. Serves until its destruction, which removes the file.
  [[nodiscard]] static Result<std::unique_ptr<ControlServer>> open(const std::string& path, Handler handler);
  ~ControlServer();

 private:
  class Loop;
  explicit ControlServer(std::unique_ptr<Loop> loop);

  std::unique_ptr<Loop> loop_;
};

// Sends one line and returns the answer's, both without their ends. An error says what to do.
[[nodiscard]] Result<std::string> ask_engine(const std::string& path, std::string_view line,
                                             Duration wait = std::chrono::seconds(15));

// Where the socket is when nobody says: $TOCSIN_CONTROL, $XDG_RUNTIME_DIR/tocsin.sock,
// /run/tocsin/control.sock.
[[nodiscard]] std::string default_control_path();

}  // namespace tocsin::cli
