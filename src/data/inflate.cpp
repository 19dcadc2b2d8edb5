#include "data/inflate.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace twofour::data {
namespace {

constexpr int kAnyHeader = 15 + 32;  // the largest window; gzip or zlib by content
constexpr size_t kMaxChunk = std::numeric_limits<uInt>::max();

}  // namespace

Inflater::Inflater(std::span<const std::byte> bytes, std::string name) : name_(std::move(name)) {
  TWOFOUR_CHECK(bytes.size() <= kMaxChunk, kUnsupported,
                "{}: compressed files of 4 GiB and more are not read", name_);
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
  stream_.avail_in = static_cast<uInt>(bytes.size());
  TWOFOUR_CHECK(inflateInit2(&stream_, kAnyHeader) == Z_OK, kResourceExhausted, "{}: no memory to decompress",
                name_);
}

Inflater::~Inflater() { inflateEnd(&stream_); }

size_t Inflater::read(std::span<uint8_t> dst) {
  size_t written = 0;
  while (written < dst.size() && !ended_) {
    const size_t room = std::min(dst.size() - written, kMaxChunk);
    stream_.next_out = dst.data() + written;
    stream_.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    written += room - stream_.avail_out;
    ended_ = result == Z_STREAM_END;
    TWOFOUR_CHECK(result != Z_BUF_ERROR, kDataCorrupt, "{}: the compressed data is cut short", name_);
    TWOFOUR_CHECK(ended_ || result == Z_OK, kDataCorrupt, "{}: the compressed data is damaged ({})", name_,
                  stream_.msg ? stream_.msg : "zlib error");
  }
  return written;
}

}  // namespace twofour::data
