#include "train/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

#include "base/file.h"
#include "base/json.h"

namespace twofour::train {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors data is copied as it is");

constexpr std::string_view kMetadata = "__metadata__";
constexpr size_t kLengthBytes = 8;
constexpr size_t kMaxHeaderBytes = 100'000'000;  // the limit of the reference implementation
constexpr size_t kAlignment = 8;
constexpr size_t kMaxRank = 32;

constexpr std::array<std::pair<DType, std::string_view>, 13> kDTypes = {{{DType::kF32, "F32"},
                                                                         {DType::kF16, "F16"},
                                                                         {DType::kBF16, "BF16"},
                                                                         {DType::kF64, "F64"},
                                                                         {DType::kI8, "I8"},
                                                                         {DType::kU8, "U8"},
                                                                         {DType::kI16, "I16"},
                                                                         {DType::kU16, "U16"},
                                                                         {DType::kI32, "I32"},
                                                                         {DType::kU32, "U32"},
                                                                         {DType::kI64, "I64"},
                                                                         {DType::kU64, "U64"},
                                                                         {DType::kBool, "BOOL"}}};

std::string_view name_of(DType dtype) {
  return std::ranges::find(kDTypes, dtype, &std::pair<DType, std::string_view>::first)->second;
}

std::optional<DType> dtype_of(std::string_view name) {
  const auto* it = std::ranges::find(kDTypes, name, &std::pair<DType, std::string_view>::second);
  if (it == kDTypes.end()) return std::nullopt;
  return it->first;
}

/// Wider types first, so that every tensor is aligned to its own element size.
std::vector<std::string> storage_order(const SafeTensors& content) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : content.tensors) names.push_back(name);
  std::ranges::stable_sort(names, std::ranges::greater(), [&](const std::string& name) {
    return dtype_size(content.tensors.at(name).dtype());
  });
  return names;
}

std::string make_header(const SafeTensors& content, const std::vector<std::string>& order) {
  Json header = Json::object();
  if (!content.metadata.empty()) header[std::string(kMetadata)] = content.metadata;
  size_t offset = 0;
  for (const std::string& name : order) {
    const Tensor& tensor = content.tensors.at(name);
    TWOFOUR_CHECK(name != kMetadata && tensor.defined(), kInvalidArgument,
                  "[safetensors] tensor \"{}\" has a reserved name or no data", name);
    header[name] = {{"dtype", name_of(tensor.dtype())},
                    {"shape", tensor.shape().dims()},
                    {"data_offsets", {offset, offset + tensor.size_bytes()}}};
    offset += tensor.size_bytes();
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const Json::exception& error) {  // a name that is no UTF-8
    fail(ErrorCode::kInvalidArgument, "[safetensors] the header cannot be written: {}", error.what());
  }
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
  return text;
}

struct Entry {
  std::string name;
  DType dtype;
  Shape shape;
  size_t begin;
  size_t end;
};

/// A whole number that is not negative; nullopt for anything else.
std::optional<int64_t> count_from(const Json& json) {
  if (!json.is_number_integer() || (json.is_number_unsigned() && json.get<uint64_t>() > INT64_MAX))
    return std::nullopt;
  const auto value = json.get<int64_t>();
  return value < 0 ? std::nullopt : std::optional(value);
}

/// Bytes of the tensor; nullopt when the product does not fit.
std::optional<size_t> size_of(const Shape& shape, DType dtype) {
  auto bytes = static_cast<int64_t>(dtype_size(dtype));
  for (const int64_t dim : shape)
    if (__builtin_mul_overflow(bytes, dim, &bytes)) return std::nullopt;
  return static_cast<size_t>(bytes);
}

Entry parse_entry(const std::string& name, const Json& json) {
  TWOFOUR_CHECK(
      json.is_object() && json.contains("dtype") && json.contains("shape") && json.contains("data_offsets"),
      kDataCorrupt, "its entry needs dtype, shape and data_offsets");
  const std::string text =
      json["dtype"].is_string() ? json["dtype"].get<std::string>() : json["dtype"].dump();
  const auto dtype = dtype_of(text);
  TWOFOUR_CHECK(dtype, kDataCorrupt, "dtype {} is unknown", text);

  const Json& dims = json["shape"];
  TWOFOUR_CHECK(dims.is_array() && dims.size() <= kMaxRank, kDataCorrupt,
                "shape is no list of at most {} sizes", kMaxRank);
  Shape shape;
  for (const Json& item : dims) {
    const auto dim = count_from(item);
    TWOFOUR_CHECK(dim, kDataCorrupt, "size {} in its shape is no whole number", item.dump());
    shape.push_back(*dim);
  }
  const Json& offsets = json["data_offsets"];
  TWOFOUR_CHECK(offsets.is_array() && offsets.size() == 2, kDataCorrupt, "data_offsets is no pair");
  const auto begin = count_from(offsets[0]);
  const auto end = count_from(offsets[1]);
  TWOFOUR_CHECK(begin && end && *begin <= *end, kDataCorrupt, "data_offsets {} are no range", offsets.dump());
  const auto bytes = size_of(shape, *dtype);
  TWOFOUR_CHECK(bytes && *bytes == static_cast<size_t>(*end - *begin), kDataCorrupt,
                "data_offsets {} do not hold {}[{}]", offsets.dump(), text, shape.to_string());
  return {name, *dtype, std::move(shape), static_cast<size_t>(*begin), static_cast<size_t>(*end)};
}

void parse_metadata(const Json& json, std::map<std::string, std::string>& metadata) {
  TWOFOUR_CHECK(json.is_object(), kDataCorrupt, "it is no object");
  for (const auto& [key, value] : json.items()) {
    TWOFOUR_CHECK(value.is_string(), kDataCorrupt, "the value of \"{}\" is no text", key);
    metadata[key] = value.get<std::string>();
  }
}

Tensor copy_tensor(const Entry& entry, std::span<const std::byte> data) {
  Tensor tensor(entry.dtype, entry.shape);
  const auto bytes = data.subspan(entry.begin, entry.end - entry.begin);
  TWOFOUR_CHECK(entry.dtype != DType::kBool ||
                    std::ranges::all_of(bytes, [](std::byte b) { return std::to_integer<int>(b) <= 1; }),
                kDataCorrupt, "a BOOL value is neither 0 nor 1");
  std::ranges::copy(bytes, tensor.raw());
  return tensor;
}

/// The data starts at 0, ends where the file ends, and every byte belongs to one tensor.
void check_coverage(std::vector<Entry> entries, size_t data_bytes, std::string_view source) {
  std::ranges::sort(entries, {}, [](const Entry& e) { return std::pair(e.begin, e.end); });
  size_t covered = 0;
  for (const Entry& entry : entries) {
    TWOFOUR_CHECK(entry.end <= data_bytes, kDataCorrupt,
                  "{} is truncated: tensor \"{}\" ends at byte {} of the data, which has {} bytes", source,
                  entry.name, entry.end, data_bytes);
    TWOFOUR_CHECK(
        entry.begin == covered, kDataCorrupt,
        "{}: tensor \"{}\" starts at byte {} of the data, expected {} (tensors overlap or leave a hole)",
        source, entry.name, entry.begin, covered);
    covered = entry.end;
  }
  TWOFOUR_CHECK(covered == data_bytes, kDataCorrupt, "{} has {} bytes after its last tensor", source,
                data_bytes - covered);
}

Json read_header(std::span<const std::byte> bytes, std::string_view source, size_t& header_bytes) {
  TWOFOUR_CHECK(bytes.size() >= kLengthBytes, kDataCorrupt,
                "{} is truncated: {} bytes are no safetensors file", source, bytes.size());
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  TWOFOUR_CHECK(length <= kMaxHeaderBytes && length <= bytes.size() - kLengthBytes, kDataCorrupt,
                "{} is truncated or no safetensors file: its header would have {} bytes, the file has {}",
                source, length, bytes.size());
  header_bytes = static_cast<size_t>(length);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, header_bytes);
  TWOFOUR_CHECK(text.starts_with('{'), kDataCorrupt,
                "{} is no safetensors file: its header does not start with {{", source);
  return parse_json(text, source);
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const SafeTensors& content) {
  const std::vector<std::string> order = storage_order(content);
  const std::string header = make_header(content, order);
  const uint64_t length = header.size();
  write_file_atomic(path, [&](const ByteSink& sink) {
    sink(std::as_bytes(std::span(&length, 1)));
    sink(std::as_bytes(std::span(header)));
    for (const std::string& name : order) {
      const Tensor& tensor = content.tensors.at(name);
      sink({tensor.raw(), tensor.size_bytes()});
    }
  });
}

SafeTensors parse_safetensors(std::span<const std::byte> bytes, std::string_view source) {
  size_t header_bytes = 0;
  const Json header = read_header(bytes, source, header_bytes);
  TWOFOUR_CHECK(header.is_object(), kDataCorrupt, "{}: the header is no JSON object", source);
  const auto data = bytes.subspan(kLengthBytes + header_bytes);

  SafeTensors content;
  std::vector<Entry> entries;
  for (const auto& item : header.items())
    with_context([&] { return fmt::format("reading tensor \"{}\" of {}", item.key(), source); },
                 [&] {
                   if (item.key() == kMetadata) parse_metadata(item.value(), content.metadata);
                   else entries.push_back(parse_entry(item.key(), item.value()));
                 });
  check_coverage(entries, data.size(), source);
  for (const Entry& entry : entries)
    with_context([&] { return fmt::format("reading tensor \"{}\" of {}", entry.name, source); },
                 [&] { content.tensors[entry.name] = copy_tensor(entry, data); });
  return content;
}

SafeTensors read_safetensors(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return parse_safetensors(file->bytes(), path.string());
}

}  // namespace twofour::train
