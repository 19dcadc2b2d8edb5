#include "onnx/external_data.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "onnx/proto.h"

namespace twofour::onnx_io {
namespace {

struct Location {
  std::string file;
  size_t offset = 0;
  size_t length = 0;
};

size_t parse_size(const std::string& text, const std::string& key) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  TWOFOUR_CHECK(error == std::errc() && end == text.data() + text.size(), kDataCorrupt,
                "its external data has {} \"{}\", which is no number of bytes", key, text);
  return value;
}

Location location_of(const onnx::TensorProto& proto, size_t bytes) {
  Location location{.file = {}, .offset = 0, .length = bytes};
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location.file = entry.value();
    if (entry.key() == "offset") location.offset = parse_size(entry.value(), entry.key());
    if (entry.key() == "length") location.length = parse_size(entry.value(), entry.key());
  }
  TWOFOUR_CHECK(!location.file.empty(), kDataCorrupt, "its external data names no file");
  TWOFOUR_CHECK(location.length == bytes, kDataCorrupt, "its external data has {} bytes, its shape needs {}",
                location.length, bytes);
  return location;
}

}  // namespace

std::shared_ptr<const MappedFile> ExternalData::open(const std::string& location) {
  namespace fs = std::filesystem;
  auto& file = files_[location];
  if (file) return file;
  TWOFOUR_CHECK(!folder_.empty(), kUnsupported, "its data is in file {}, but the model came without a folder",
                location);
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(folder_, error);
  const fs::path path = error ? fs::path() : fs::weakly_canonical(folder / location, error);
  const bool inside =
      !error && std::ranges::mismatch(folder, path).in1 == folder.end() && fs::path(location).is_relative();
  TWOFOUR_CHECK(inside, kInvalidArgument, "its data is in file \"{}\", which leaves the model's folder {}",
                location, folder_.string());
  return file = MappedFile::open(path);
}

Tensor ExternalData::read(const onnx::TensorProto& proto, DType dtype, const Shape& shape) {
  const size_t item = dtype_size(dtype);
  const Location location = location_of(proto, static_cast<size_t>(shape.numel()) * item);
  const auto file = open(location.file);
  const std::span<const std::byte> bytes = file->bytes();
  TWOFOUR_CHECK(location.offset <= bytes.size() && location.length <= bytes.size() - location.offset,
                kDataCorrupt, "its data is bytes {} to {} of {}, which has {}", location.offset,
                location.offset + location.length, location.file, bytes.size());
  const std::byte* data = bytes.data() + location.offset;
  if (dtype != DType::kBool && location.offset % item == 0 && location.length > 0)
    return {dtype, shape, std::shared_ptr<std::byte>(file, const_cast<std::byte*>(data))};
  Tensor copy(dtype, shape);
  if (location.length > 0) std::memcpy(copy.raw(), data, location.length);
  if (dtype == DType::kBool)
    for (std::byte& b : std::span(copy.raw(), location.length)) b = std::byte(b != std::byte{});
  return copy;
}

}  // namespace twofour::onnx_io
