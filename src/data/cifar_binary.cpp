#include "data/cifar_binary.h"

#include "base/error.h"
#include "base/file.h"
#include "data/memory_dataset.h"

namespace twofour::data {
namespace {

constexpr size_t kPixelBytes = 3 * 32 * 32;
constexpr size_t kRecordBytes = 1 + kPixelBytes;
constexpr uint8_t kClasses = 10;

void append_records(const std::filesystem::path& path, std::vector<uint8_t>& pixels,
                    std::vector<int64_t>& labels) {
  const auto file = MappedFile::open(path);
  const size_t size = file->bytes().size();
  TWOFOUR_CHECK(size > 0 && size % kRecordBytes == 0, kDataCorrupt,
                "{}: {} bytes are not a whole number of CIFAR-10 records of {} bytes", path.string(), size,
                kRecordBytes);
  const auto* record = reinterpret_cast<const uint8_t*>(file->bytes().data());
  pixels.reserve(pixels.size() + size / kRecordBytes * kPixelBytes);
  for (size_t i = 0; i < size / kRecordBytes; ++i, record += kRecordBytes) {
    TWOFOUR_CHECK(record[0] < kClasses, kDataCorrupt, "{}: record {} has label {}, CIFAR-10 has 0 to 9",
                  path.string(), i, record[0]);
    labels.push_back(record[0]);
    pixels.insert(pixels.end(), record + 1, record + kRecordBytes);
  }
}

}  // namespace

std::unique_ptr<Dataset> open_cifar_binary(std::span<const std::filesystem::path> files) {
  TWOFOUR_CHECK(!files.empty(), kInvalidArgument, "no CIFAR-10 batch files were given");
  std::vector<uint8_t> pixels;
  std::vector<int64_t> labels;
  for (const auto& file : files) append_records(file, pixels, labels);
  return std::make_unique<MemoryDataset>(
      Shape{3, 32, 32},
      std::vector<std::string>{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse",
                               "ship", "truck"},
      std::move(pixels), std::move(labels));
}

}  // namespace twofour::data
