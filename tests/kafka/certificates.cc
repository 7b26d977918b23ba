#include "tests/kafka/certificates.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "tests/kafka/child_process.h"

namespace tocsin::kafka_test {
namespace {

namespace fs = std::filesystem;

constexpr auto kLimit = std::chrono::seconds{60};

}  // namespace

Certificates::Certificates() {
  std::string name = (fs::temp_directory_path() / "tocsin-certificates-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
  directory_ = name;
  std::ofstream(directory_ / "names") << "subjectAltName=DNS:localhost\n";
  make("trusted");
  make("stranger");
}

Certificates::~Certificates() {
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void Certificates::use(Signer signer) const {
  const std::string name = signer == Signer::Trusted ? "trusted" : "stranger";
  std::ofstream(broker()) << read_file(directory_ / (name + "-broker.key"))
                          << read_file(directory_ / (name + "-broker.crt"));
}

// An authority, and a broker's certificate that it has signed.
void Certificates::make(const std::string& signer) const {
  const auto path = [&](const std::string& name) { return (directory_ / name).string(); };
  constexpr const char* kKey = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
  openssl(fmt::format("req -x509 {} -keyout {} -out {} -days 2 -subj /CN={}", kKey, path(signer + ".key"),
                      path(signer + ".crt"), signer));
  openssl(fmt::format("req {} -keyout {} -out {} -subj /CN=localhost", kKey, path(signer + "-broker.key"),
                      path(signer + "-broker.csr")));
  openssl(fmt::format("x509 -req -in {} -CA {} -CAkey {} -CAcreateserial -out {} -days 2 -extfile {}",
                      path(signer + "-broker.csr"), path(signer + ".crt"), path(signer + ".key"),
                      path(signer + "-broker.crt"), path("names")));
}

// `arguments` are separated by blanks.
void Certificates::openssl(const std::string& arguments) const {
  std::vector<std::string> command{"openssl"};
  std::istringstream words(arguments);
  for (std::string word; words >> word;) command.push_back(word);
  const fs::path log = directory_ / "openssl.log";
  ChildProcess process(command, log, log);
  if (process.wait(kLimit) != 0) throw std::runtime_error("openssl " + arguments + ":\n" + read_file(log));
}

}  // namespace tocsin::kafka_test
