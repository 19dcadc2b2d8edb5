#include "data/cifar_binary.h"

#include "base/error.h"
#include "base/file.h"
#include "data/memory_dataset.h"

namespace twofour::data {
namespace {

constexpr size_t kPixelBytes = 3 * 32 * 32;
constexpr size_t kRecordBytes = 1 + kPixelBytes;
constexpr uint8_t kClasses = 10;

}  // namespace

void append_cifar_records(std::span<const std::byte> bytes, std::string_view name, CifarRecords& records) {
  TWOFOUR_CHECK(!bytes.empty() && bytes.size() % kRecordBytes == 0, kDataCorrupt,
                "{}: {} bytes are not a whole number of CIFAR-10 records of {} bytes", name, bytes.size(),
                kRecordBytes);
  const auto* record = reinterpret_cast<const uint8_t*>(bytes.data());
  const size_t count = bytes.size() / kRecordBytes;
  records.pixels.reserve(records.pixels.size() + count * kPixelBytes);
  for (size_t i = 0; i < count; ++i, record += kRecordBytes) {
    TWOFOUR_CHECK(record[0] < kClasses, kDataCorrupt, "{}: record {} has label {}, CIFAR-10 has 0 to 9", name,
                  i, record[0]);
    records.labels.push_back(record[0]);
    records.pixels.insert(records.pixels.end(), record + 1, record + kRecordBytes);
  }
}

std::unique_ptr<Dataset> open_cifar_binary(std::span<const std::filesystem::path> files) {
  TWOFOUR_CHECK(!files.empty(), kInvalidArgument, "no CIFAR-10 batch files were given");
  CifarRecords records;
  for (const auto& file : files)
    append_cifar_records(MappedFile::open(file)->bytes(), file.string(), records);
  return std::make_unique<MemoryDataset>(
      Shape{3, 32, 32},
      std::vector<std::string>{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse",
                               "ship", "truck"},
      std::move(records.pixels), std::move(records.labels));
}

}  // namespace twofour::data
