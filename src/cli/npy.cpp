#include "cli/npy.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

#include "cli/parse.h"
#include "twofour/error.h"
#include "twofour/names.h"

namespace twofour::cli {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kLongestHeader = size_t{1} << 20;

constexpr Names<DType, 14> kTypes = {{{"f4", DType::kF32},
                                      {"f2", DType::kF16},
                                      {"V2", DType::kBF16},
                                      {"bfloat16", DType::kBF16},
                                      {"f8", DType::kF64},
                                      {"i1", DType::kI8},
                                      {"u1", DType::kU8},
                                      {"i2", DType::kI16},
                                      {"u2", DType::kU16},
                                      {"i4", DType::kI32},
                                      {"u4", DType::kU32},
                                      {"i8", DType::kI64},
                                      {"u8", DType::kU64},
                                      {"b1", DType::kBool}}};

class NpyFile {
 public:
  explicit NpyFile(const std::filesystem::path& path) : path_(path), file_(path, std::ios::binary) {
    if (!file_) fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo, std::strerror(errno));
  }

  NpyHeader read_header() {
    const std::string text = read_header_text();
    NpyHeader header;
    header.dtype = dtype_of(text);
    header.shape = shape_of(text);
    header.column_major = field(text, "fortran_order").starts_with("True");
    header.data_offset = static_cast<size_t>(file_.tellg());
    check_size(header);
    return header;
  }

  void read(void* data, size_t bytes) {
    file_.read(static_cast<char*>(data), static_cast<std::streamsize>(bytes));
    if (!file_) corrupt("it is cut short");
  }

 private:
  [[noreturn]] void fail(ErrorCode code, const std::string& why) const {
    throw Error(code, fmt::format("{}: {}", path_.string(), why));
  }
  [[noreturn]] void corrupt(const std::string& why) const {
    fail(ErrorCode::kDataCorrupt, "not a valid .npy file: " + why);
  }

  std::string read_header_text() {
    std::array<char, kMagic.size()> magic{};
    std::array<uint8_t, 2> version{};
    read(magic.data(), magic.size());
    if (std::string_view(magic.data(), magic.size()) != kMagic) corrupt("it does not begin as one");
    read(version.data(), version.size());
    if (version[0] < 1 || version[0] > 3) corrupt(fmt::format("it has version {}", version[0]));
    std::array<uint8_t, 4> length{};
    read(length.data(), version[0] == 1 ? 2 : 4);
    const size_t bytes = length[0] | length[1] << 8 | length[2] << 16 | size_t{length[3]} << 24;
    if (bytes > kLongestHeader) corrupt(fmt::format("its header has {} bytes", bytes));
    std::string text(bytes, ' ');
    read(text.data(), bytes);
    return text;
  }

  /// What follows 'name': in the header, a Python dictionary.
  std::string_view field(std::string_view text, const char* name) const {
    const std::string key = fmt::format("'{}':", name);
    const size_t at = text.find(key);
    if (at == std::string_view::npos) corrupt(fmt::format("its header has no {}", name));
    text.remove_prefix(at + key.size());
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    return text;
  }

  DType dtype_of(std::string_view text) const {
    const std::string_view value = field(text, "descr");
    const size_t end = value.find('\'', 1);
    if (!value.starts_with('\'') || end == std::string_view::npos)
      fail(ErrorCode::kUnsupported, "its elements are records; numbers are expected");
    const std::string_view descr = value.substr(1, end - 1);
    const bool ordered = descr.starts_with('<') || descr.starts_with('|') || descr.starts_with('=');
    for (const auto& [name, dtype] : kTypes)
      if (name == (ordered ? descr.substr(1) : descr)) return dtype;
    fail(ErrorCode::kUnsupported, fmt::format("the type {} is not one that tensors have", descr));
  }

  Shape shape_of(std::string_view text) const {
    const std::string_view value = field(text, "shape");
    const size_t end = value.find(')');
    if (!value.starts_with('(') || end == std::string_view::npos) corrupt("its shape is not a tuple");
    std::string sizes(value.substr(1, end - 1));
    if (sizes.ends_with(',')) sizes.pop_back();
    try {
      return Shape(parse_ints(sizes));
    } catch (const Error&) {
      corrupt(fmt::format("its shape is ({})", sizes));
    }
  }

  void check_size(const NpyHeader& header) const {
    for (const int64_t dim : header.shape)
      if (dim < 0) corrupt(fmt::format("its shape is {}", header.shape.to_string()));
    const auto expected = static_cast<uintmax_t>(header.shape.numel()) * dtype_size(header.dtype);
    std::error_code error;
    const uintmax_t bytes = std::filesystem::file_size(path_, error) - header.data_offset;
    if (!error && bytes != expected)
      corrupt(fmt::format("{}[{}] is {} bytes, {} follow the header", dtype_name(header.dtype),
                          header.shape.to_string(), expected, bytes));
  }

  const std::filesystem::path& path_;
  std::ifstream file_;
};

Tensor row_major(const Tensor& columns, const Shape& shape) {
  Tensor rows(columns.dtype(), shape);
  const size_t size = dtype_size(columns.dtype());
  const auto count = static_cast<size_t>(shape.numel());
  std::vector<int64_t> index(shape.rank());
  for (size_t to = 0; to < count; ++to) {
    int64_t from = 0;
    for (size_t axis = shape.rank(); axis-- > 0;) from = from * shape[axis] + index[axis];
    std::memcpy(rows.raw() + to * size, columns.raw() + static_cast<size_t>(from) * size, size);
    for (size_t axis = shape.rank(); axis-- > 0 && ++index[axis] == shape[axis];) index[axis] = 0;
  }
  return rows;
}

}  // namespace

NpyHeader read_npy_header(const std::filesystem::path& path) { return NpyFile(path).read_header(); }

Tensor read_npy(const std::filesystem::path& path) {
  NpyFile file(path);
  const NpyHeader header = file.read_header();
  Tensor values(header.dtype, header.shape);
  file.read(values.raw(), values.size_bytes());
  return header.column_major ? row_major(values, header.shape) : values;
}

}  // namespace twofour::cli
