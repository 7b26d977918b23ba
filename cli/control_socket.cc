#include "cli/control_socket.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <list>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace tocsin::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxClients = 16;
constexpr Duration kClientPatience = std::chrono::seconds(30);  // without a byte moving
constexpr std::size_t kMaxAnswer = std::size_t{64} << 20;       // that a client takes

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::Invalid,
                fmt::format("the path of a control socket has 1 to {} bytes", sizeof address.sun_path - 1),
                path);
  }
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  return address;
}

Descriptor make_socket(int flags) {
  return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

bool connects(const Descriptor& socket, const sockaddr_un& address) {
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// Makes room for a socket at `path`.
Result<void> clear_path(const std::string& path, const sockaddr_un& address) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) {
    return fail(ErrorCode::Refused, "there is a file that is no socket; give --control another path", path);
  }
  const Descriptor probe = make_socket(0);
  if (connects(probe, address)) {
    return fail(ErrorCode::Refused, "another engine answers there; give this one another --control", path);
  }
  if (errno != ECONNREFUSED) {
    return fail(ErrorCode::Refused,
                fmt::format("cannot tell whose socket is there: {}", std::strerror(errno)), path);
  }
  if (::unlink(path.c_str()) != 0) {
    return fail(ErrorCode::Refused, fmt::format("cannot replace the old socket: {}", std::strerror(errno)),
                path);
  }
  return {};
}

bool is_owner(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

}  // namespace

// The server's thread: one poll() over everybody.
class ControlServer::Loop {
 public:
  Loop(std::string path, Descriptor listening, Handler handler)
      : path_(std::move(path)),
        listening_(std::move(listening)),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        handler_(std::move(handler)),
        thread_([this] { run(); }) {}

  ~Loop() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
    thread_.join();
    ::unlink(path_.c_str());
  }

 private:
  struct Client {
    Descriptor socket;
    std::string in;
    std::string out;
    bool last = false;  // closed once `out` is written
    Clock::time_point moved = Clock::now();
  };

  void run() {
    for (;;) {
      std::vector<pollfd> polled{{wake_.get(), POLLIN, 0}, {listening_.get(), POLLIN, 0}};
      for (const Client& client : clients_) {
        polled.push_back({client.socket.get(), static_cast<short>(client.out.empty() ? POLLIN : POLLOUT), 0});
      }
      ::poll(polled.data(), polled.size(), 1000);
      if (polled[0].revents != 0) return;
      auto client = clients_.begin();
      for (std::size_t i = 2; i < polled.size(); ++i) {
        const bool ready = polled[i].revents != 0;
        const bool stays = ready ? serve(*client) : Clock::now() - client->moved < kClientPatience;
        client = stays ? std::next(client) : clients_.erase(client);
      }
      if ((polled[1].revents & POLLIN) != 0) accept();
    }
  }

  void accept() {
    Descriptor socket(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.get() < 0) return;
    Client client{std::move(socket), {}, {}};
    if (!is_owner(client.socket.get())) {
      client.out = R"({"error":"only the user that runs the engine may use this socket"})"
                   "\n";
      client.last = true;
    } else if (clients_.size() >= kMaxClients) {
      client.out = R"({"error":"too many clients: try again"})"
                   "\n";
      client.last = true;
    }
    if (client.last) {
      write(client);  // as much as it takes at once
      return;
    }
    clients_.push_back(std::move(client));
  }

  // False: the client is done with.
  bool serve(Client& client) {
    client.moved = Clock::now();
    if (!client.out.empty()) return write(client) && (!client.last || !client.out.empty());
    char bytes[4096];
    const ssize_t size = ::recv(client.socket.get(), bytes, sizeof bytes, 0);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (size == 0) return false;
    client.in.append(bytes, static_cast<std::size_t>(size));
    for (std::size_t end; (end = client.in.find('\n')) != std::string::npos && end <= kMaxControlLine;) {
      client.out += handler_(std::string_view(client.in).substr(0, end)) + "\n";
      client.in.erase(0, end + 1);
    }
    if (client.in.size() > kMaxControlLine) {
      client.in.clear();
      client.out += fmt::format("{{\"error\":\"a request has at most {} bytes\"}}\n", kMaxControlLine);
      client.last = true;
    }
    return write(client) && (!client.last || !client.out.empty());
  }

  // False: the client went away.
  static bool write(Client& client) {
    const ssize_t size = ::send(client.socket.get(), client.out.data(), client.out.size(), MSG_NOSIGNAL);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    client.out.erase(0, static_cast<std::size_t>(size));
    return true;
  }

  const std::string path_;
  const Descriptor listening_;
  const Descriptor wake_;
  const Handler handler_;
  std::list<Client> clients_;  // the thread's
  std::thread thread_;         // last: starts when everything above is there
};

ControlServer::ControlServer(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
ControlServer::~ControlServer() = default;

Result<std::unique_ptr<ControlServer>> ControlServer::open(const std::string& path, Handler handler) {
  const auto address = address_of(path);
  if (!address) return std::unexpected(address.error());
  if (auto cleared = clear_path(path, *address); !cleared) return std::unexpected(cleared.error());
  Descriptor socket = make_socket(SOCK_NONBLOCK);
  // Nobody can connect before listen(), so the mode is right from the first moment on.
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
      ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(socket.get(), kMaxClients) != 0) {
    const int why = errno;
    return fail(ErrorCode::Refused,
                fmt::format("cannot open the control socket: {}; its directory must exist and be yours",
                            std::strerror(why)),
                path);
  }
  return std::unique_ptr<ControlServer>(
      new ControlServer(std::make_unique<Loop>(path, std::move(socket), std::move(handler))));
}

Result<std::string> ask_engine(const std::string& path, std::string_view line, Duration wait) {
  const auto address = address_of(path);
  if (!address) return std::unexpected(address.error());
  const Descriptor socket = make_socket(0);
  if (!connects(socket, *address)) {
    if (errno == EACCES || errno == EPERM) {
      return fail(ErrorCode::Refused,
                  "the socket belongs to another user: run this as the user of the engine", path);
    }
    return fail(ErrorCode::NotFound,
                "no engine answers there; start one with `tocsin run --control PATH`, and name the same PATH "
                "here with "
                "--control or in TOCSIN_CONTROL",
                path);
  }
  const auto deadline = Clock::now() + wait;
  const auto ready = [&](short events) {
    pollfd polled{socket.get(), events, 0};
    const auto left = std::chrono::duration_cast<Duration>(deadline - Clock::now()).count();
    return left > 0 && ::poll(&polled, 1, static_cast<int>(left)) > 0;
  };
  std::string request(line);
  request += '\n';
  while (!request.empty()) {
    if (!ready(POLLOUT))
      return fail(ErrorCode::Unavailable, "the engine does not read what it is asked", path);
    const ssize_t size = ::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
    if (size < 0) break;  // it may have answered and closed
    request.erase(0, static_cast<std::size_t>(size));
  }
  std::string answer;
  while (answer.size() < kMaxAnswer) {
    if (!ready(POLLIN))
      return fail(ErrorCode::Unavailable,
                  "the engine did not answer in time: it is busy with other requests, or hangs; try again, "
                  "then look at its log",
                  path);
    char bytes[16384];
    const ssize_t size = ::recv(socket.get(), bytes, sizeof bytes, 0);
    if (size <= 0) break;
    answer.append(bytes, static_cast<std::size_t>(size));
    if (answer.ends_with('\n')) {
      answer.pop_back();
      return answer;
    }
  }
  return fail(ErrorCode::Unavailable, "the engine went away while it answered: try again", path);
}

std::string default_control_path() {
  if (const char* named = std::getenv("TOCSIN_CONTROL"); named != nullptr && *named != '\0') return named;
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime != nullptr && *runtime != '\0') {
    return std::string(runtime) + "/tocsin.sock";
  }
  return "/run/tocsin/control.sock";
}

}  // namespace tocsin::cli
