#include "data/idx.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "data/inflate.h"
#include "data/memory_dataset.h"

namespace twofour::data {
namespace {

constexpr uint8_t kTypeU8 = 0x08;
constexpr int64_t kMaxRank = 4;

/// The bytes behind the header, whichever way they are stored.
class Source {
 public:
  Source(std::span<const std::byte> bytes, std::string_view name) : bytes_(bytes), name_(name) {
    const bool gzip = bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
    if (gzip) inflater_.emplace(bytes, std::string(name));
    most_bytes_ = static_cast<int64_t>(bytes.size()) * (gzip ? kMaxDeflateRatio : 1);
  }

  /// The most bytes the whole content can have.
  int64_t most_bytes() const { return most_bytes_; }
  size_t read(std::span<uint8_t> dst) {
    if (inflater_) return inflater_->read(dst);
    const size_t count = std::min(dst.size(), bytes_.size());
    if (count > 0) std::memcpy(dst.data(), bytes_.data(), count);
    bytes_ = bytes_.subspan(count);
    return count;
  }
  void read_header(std::span<uint8_t> dst) {
    TWOFOUR_CHECK(read(dst) == dst.size(), kDataCorrupt, "{}: the idx header is cut short", name_);
  }

 private:
  std::span<const std::byte> bytes_;
  std::string_view name_;
  std::optional<Inflater> inflater_;
  int64_t most_bytes_;
};

Shape read_shape(Source& source, std::string_view name) {
  uint8_t magic[4];
  source.read_header(magic);
  TWOFOUR_CHECK(magic[0] == 0 && magic[1] == 0, kDataCorrupt,
                "{}: not an idx file, it begins with {:02x} {:02x} instead of 00 00", name, magic[0],
                magic[1]);
  TWOFOUR_CHECK(magic[2] == kTypeU8, kUnsupported, "{}: idx element type 0x{:02x}, only 0x08 (u8) is read",
                name, magic[2]);
  TWOFOUR_CHECK(magic[3] >= 1 && magic[3] <= kMaxRank, kDataCorrupt, "{}: idx rank {}, expected 1 to {}",
                name, magic[3], kMaxRank);
  Shape shape;
  for (int axis = 0; axis < magic[3]; ++axis) {
    uint8_t size[4];
    source.read_header(size);
    shape.push_back(int64_t{size[0]} << 24 | size[1] << 16 | size[2] << 8 | size[3]);
  }
  return shape;
}

/// The product of the sizes, refused as soon as it passes what the file can hold.
int64_t checked_count(const Shape& shape, int64_t most_bytes, std::string_view name) {
  int64_t count = 1;
  for (const int64_t dim : shape) {
    TWOFOUR_CHECK(dim > 0, kDataCorrupt, "{}: idx shape {} is empty", name, shape.to_string());
    TWOFOUR_CHECK(count <= most_bytes / dim, kDataCorrupt,
                  "{}: idx header claims {} bytes of u8, the file cannot hold more than {} bytes", name,
                  shape.to_string(), most_bytes);
    count *= dim;
  }
  return count;
}

IdxArray read_idx(const std::filesystem::path& path) {
  return parse_idx(MappedFile::open(path)->bytes(), path.string());
}

}  // namespace

IdxArray parse_idx(std::span<const std::byte> bytes, std::string_view name) {
  Source source(bytes, name);
  IdxArray array{read_shape(source, name), {}};
  array.values.resize(static_cast<size_t>(checked_count(array.shape, source.most_bytes(), name)));
  const size_t found = source.read(array.values);
  TWOFOUR_CHECK(found == array.values.size(), kDataCorrupt,
                "{}: shape {} needs {} bytes of data, the file has {}", name, array.shape.to_string(),
                array.values.size(), found);
  uint8_t extra = 0;
  TWOFOUR_CHECK(source.read({&extra, 1}) == 0, kDataCorrupt, "{}: more data than the {} bytes of shape {}",
                name, found, array.shape.to_string());
  return array;
}

std::unique_ptr<Dataset> open_idx(const std::filesystem::path& images, const std::filesystem::path& labels) {
  IdxArray pixels = read_idx(images);
  const IdxArray classes = read_idx(labels);
  TWOFOUR_CHECK(pixels.shape.rank() == 3, kDataCorrupt, "{}: images have shape N,H,W, the file holds {}",
                images.string(), pixels.shape.to_string());
  TWOFOUR_CHECK(classes.shape.rank() == 1, kDataCorrupt, "{}: labels have shape N, the file holds {}",
                labels.string(), classes.shape.to_string());
  TWOFOUR_CHECK(pixels.shape[0] == classes.shape[0], kDataCorrupt, "{} holds {} images, {} holds {} labels",
                images.string(), pixels.shape[0], labels.string(), classes.shape[0]);
  const int64_t largest = *std::max_element(classes.values.begin(), classes.values.end());
  return std::make_unique<MemoryDataset>(Shape{1, pixels.shape[1], pixels.shape[2]},
                                         numbered_classes(largest + 1), std::move(pixels.values),
                                         std::vector<int64_t>(classes.values.begin(), classes.values.end()));
}

}  // namespace twofour::data
