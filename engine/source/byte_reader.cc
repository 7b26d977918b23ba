#include "engine/source/byte_reader.h"

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/source/descriptor.h"

namespace tocsin::source {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";
constexpr std::size_t kInputBytes = 64 * 1024;

// The descriptor itself, with the few bytes in front that were read to tell what it is.
class Input {
 public:
  Input(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  void unread(std::string_view bytes) { ahead_.insert(0, bytes); }

  [[nodiscard]] bool at_hand() const { return !ahead_.empty(); }

  Result<std::size_t> read(std::span<char> into) {
    if (ahead_.empty()) return read_some(fd_, into, path_);
    const std::size_t size = std::min(into.size(), ahead_.size());
    std::copy_n(ahead_.begin(), size, into.begin());
    ahead_.erase(0, size);
    return size;
  }

 private:
  int fd_;
  std::string path_;
  std::string ahead_;
};

// Common to both decompressors: an input buffer and the loop that feeds a decoder until something comes out.
class Decompressor : public ByteReader {
 public:
  explicit Decompressor(Input input) : input_(std::move(input)), buffer_(kInputBytes) {}

  Result<std::size_t> read(std::span<char> into) final {
    while (!damaged_) {
      // The decoder may hold finished output back for want of room, so it is asked before more is read.
      const std::size_t produced = decode(into);
      filled_room_ = produced == into.size();
      if (produced > 0) return produced;
      if (damaged_ || !waiting_.empty()) continue;
      const auto size = input_.read(buffer_);
      if (!size || *size == 0) return size;
      waiting_ = std::string_view(buffer_.data(), *size);
    }
    return 0;
  }

  [[nodiscard]] bool at_hand() const final { return !damaged_ && (!waiting_.empty() || filled_room_); }
  [[nodiscard]] bool damaged() const final { return damaged_; }
  [[nodiscard]] bool complete() const final { return !damaged_ && !inside_; }

 protected:
  // Takes from waiting_ and gives the number of bytes put into `into`. With neither taken nor given, waiting_
  // is empty or damaged_ is set.
  virtual std::size_t decode(std::span<char> into) = 0;

  std::string_view waiting_;  // input not yet decoded
  bool inside_ = false;       // between the start and the end of a member or frame
  bool damaged_ = false;
  bool filled_room_ = false;  // then the decoder may hold more

 private:
  Input input_;
  std::vector<char> buffer_;
};

class GzipReader final : public Decompressor {
 public:
  explicit GzipReader(Input input) : Decompressor(std::move(input)) {
    TOCSIN_CHECK(inflateInit2(&stream_, 15 + 16) == Z_OK);  // 16: gzip wrapping only
  }
  ~GzipReader() override { inflateEnd(&stream_); }
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

 private:
  std::size_t decode(std::span<char> into) override {
    if (!inside_) {
      // Between members: zero bytes are padding.
      if (after_member_) waiting_.remove_prefix(std::min(waiting_.find_first_not_of('\0'), waiting_.size()));
      if (waiting_.empty()) return 0;
      TOCSIN_CHECK(inflateReset(&stream_) == Z_OK);
      inside_ = true;
    }
    constexpr std::size_t kMost = 1U << 30;
    const auto room = static_cast<uInt>(std::min(into.size(), kMost));
    stream_.next_in = reinterpret_cast<const Bytef*>(waiting_.data());
    stream_.avail_in = static_cast<uInt>(waiting_.size());
    stream_.next_out = reinterpret_cast<Bytef*>(into.data());
    stream_.avail_out = room;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    waiting_.remove_prefix(waiting_.size() - stream_.avail_in);
    if (status == Z_STREAM_END) {
      inside_ = false;
      after_member_ = true;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      damaged_ = true;
    }
    return room - stream_.avail_out;
  }

  z_stream stream_{};
  bool after_member_ = false;
};

class ZstdReader final : public Decompressor {
 public:
  explicit ZstdReader(Input input) : Decompressor(std::move(input)), context_(ZSTD_createDCtx()) {
    TOCSIN_CHECK(context_ != nullptr);
  }
  ~ZstdReader() override { ZSTD_freeDCtx(context_); }
  ZstdReader(const ZstdReader&) = delete;
  ZstdReader& operator=(const ZstdReader&) = delete;

 private:
  std::size_t decode(std::span<char> into) override {
    if (waiting_.empty() && !inside_) return 0;
    // What is held back for want of room comes alone: the next header may be the damage.
    ZSTD_inBuffer in{waiting_.data(), filled_room_ ? 0 : std::min(waiting_.size(), next_), 0};
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    const std::size_t status = ZSTD_decompressStream(context_, &out, &in);
    waiting_.remove_prefix(in.pos);
    damaged_ = ZSTD_isError(status) != 0;
    inside_ = status != 0;
    next_ = next_input(status);
    return out.pos;
  }

  // A call that fails gives nothing of what it decoded. So each has one block or one header, and what stands
  // before the damage is given whole. `wanted` is what the decoder asks for: beyond a block, the header of
  // the next one, too.
  static std::size_t next_input(std::size_t wanted) {
    constexpr std::size_t kBlockHeader = 3;
    constexpr std::size_t kFrameHeader = 5;  // its least, where a frame begins
    if (wanted == 0) return kFrameHeader;
    return wanted > kBlockHeader ? wanted - kBlockHeader : wanted;
  }

  ZSTD_DCtx* context_;
  std::size_t next_ = next_input(0);  // bytes of the next call
};

class PlainReader final : public ByteReader {
 public:
  explicit PlainReader(Input input) : input_(std::move(input)) {}

  Result<std::size_t> read(std::span<char> into) override { return input_.read(into); }
  [[nodiscard]] bool is_plain() const override { return true; }

 private:
  Input input_;
};

// Looks at the first bytes, then is what they announce.
class SniffingReader final : public ByteReader {
 public:
  explicit SniffingReader(Input input) : input_(std::move(input)) {}

  Result<std::size_t> read(std::span<char> into) override {
    if (!decided_) {
      if (auto told = tell(); !told) return std::unexpected(told.error());
      if (!decided_) return 0;
    }
    return decompressor_ ? decompressor_->read(into) : input_.read(into);
  }
  [[nodiscard]] bool at_hand() const override {
    return decompressor_ ? decompressor_->at_hand() : input_.at_hand();
  }
  [[nodiscard]] bool damaged() const override { return decompressor_ && decompressor_->damaged(); }
  [[nodiscard]] bool complete() const override {
    return decided_ ? !decompressor_ || decompressor_->complete() : start_.empty();
  }
  [[nodiscard]] bool is_plain() const override { return decided_ && !decompressor_; }

 private:
  // Reads while the bytes are those of a magic number and more are needed: a terminal that has one letter to
  // say is not asked for four.
  Result<void> tell() {
    std::array<char, 4> bytes{};
    while (true) {
      const auto size = input_.read(std::span(bytes).first(kZstdMagic.size() - start_.size()));
      if (!size) return std::unexpected(size.error());
      start_.append(bytes.data(), *size);
      const bool gzip = start_.starts_with(kGzipMagic);
      const bool zstd = start_ == kZstdMagic;
      const bool undecided = !start_.empty() && !gzip && !zstd &&
                             (kGzipMagic.starts_with(start_) || kZstdMagic.starts_with(start_));
      if (*size == 0 && start_.empty()) return {};
      if (undecided && *size > 0) continue;
      decided_ = true;
      input_.unread(start_);
      if (gzip) decompressor_ = std::make_unique<GzipReader>(std::move(input_));
      if (zstd) decompressor_ = std::make_unique<ZstdReader>(std::move(input_));
      return {};
    }
  }

  Input input_;
  std::string start_;
  bool decided_ = false;
  std::unique_ptr<ByteReader> decompressor_;
};

}  // namespace

std::unique_ptr<ByteReader> read_bytes(int fd, std::string path) {
  return std::make_unique<SniffingReader>(Input(fd, std::move(path)));
}

std::unique_ptr<ByteReader> read_plain_bytes(int fd, std::string path) {
  return std::make_unique<PlainReader>(Input(fd, std::move(path)));
}

}  // namespace tocsin::source
