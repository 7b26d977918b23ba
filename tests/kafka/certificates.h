// Certificates for a broker on localhost, made by openssl(1) in a temporary directory: one that an authority
// of the tests has signed, and one that a stranger has.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace tocsin::kafka_test {

class Certificates {
 public:
  Certificates();
  ~Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  enum class Signer : std::uint8_t { Trusted, Stranger };
  // Which of the two broker() is from now on.
  void use(Signer signer) const;

  [[nodiscard]] std::filesystem::path broker() const {
    return directory_ / "broker.pem";
  }  // key and certificate
  [[nodiscard]] std::string authority() const { return directory_ / "trusted.crt"; }

 private:
  void openssl(const std::string& arguments) const;
  void make(const std::string& signer) const;

  std::filesystem::path directory_;
};

}  // namespace tocsin::kafka_test
