#include "twofour/npy.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "twofour/names.h"

namespace twofour {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

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

std::string_view without_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

class NpyParser {
 public:
  NpyParser(std::span<const std::byte> file, std::string_view name)
      : rest_(reinterpret_cast<const char*>(file.data()), file.size()), name_(name) {}

  NpyHeader read_header() {
    const size_t all = rest_.size();
    const std::string_view text = read_header_text();
    NpyHeader header;
    header.dtype = dtype_of(text);
    header.shape = shape_of(text);
    header.column_major = field(text, "fortran_order").starts_with("True");
    header.data_offset = all - rest_.size();
    check_size(header);
    return header;
  }

  Tensor read_values(const NpyHeader& header) const {
    if (header.dtype == DType::kBool)
      for (const char value : rest_)
        if (value != 0 && value != 1) corrupt("a bool is neither 0 nor 1");
    Tensor values(header.dtype, header.shape);
    std::copy_n(rest_.data(), rest_.size(), reinterpret_cast<char*>(values.raw()));
    return values;
  }

 private:
  [[noreturn]] void corrupt(std::string_view why) const {
    fail(ErrorCode::kDataCorrupt, "{}: not a valid .npy file: {}", name_, why);
  }

  std::string_view take(size_t bytes) {
    if (bytes > rest_.size()) corrupt("it is cut short");
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }

  std::string_view read_header_text() {
    if (take(kMagic.size()) != kMagic) corrupt("it does not begin as one");
    const auto version = static_cast<unsigned char>(take(2)[0]);
    if (version < 1 || version > 3) corrupt(fmt::format("it has version {}", version));
    const std::string_view length = take(version == 1 ? 2 : 4);
    size_t bytes = 0;
    for (size_t i = 0; i < length.size(); ++i)
      bytes |= size_t{static_cast<unsigned char>(length[i])} << 8 * i;
    return take(bytes);
  }

  /// What follows 'name': in the header, a Python dictionary.
  std::string_view field(std::string_view text, std::string_view name) const {
    const std::string key = fmt::format("'{}':", name);
    const size_t at = text.find(key);
    if (at == std::string_view::npos) corrupt(fmt::format("its header has no {}", name));
    return without_blanks(text.substr(at + key.size()));
  }

  DType dtype_of(std::string_view text) const {
    const std::string_view value = field(text, "descr");
    const size_t end = value.find('\'', 1);
    TWOFOUR_CHECK(value.starts_with('\'') && end != std::string_view::npos, kUnsupported,
                  "{}: its elements are records; numbers are expected", name_);
    const std::string_view descr = value.substr(1, end - 1);
    const bool ordered = descr.starts_with('<') || descr.starts_with('|') || descr.starts_with('=');
    for (const auto& [name, dtype] : kTypes)
      if (name == (ordered ? descr.substr(1) : descr)) return dtype;
    fail(ErrorCode::kUnsupported, "{}: the type {} is not one that tensors have", name_, descr);
  }

  /// "(2, 3)", "(3,)" or "()".
  Shape shape_of(std::string_view text) const {
    const std::string_view value = field(text, "shape");
    const size_t end = value.find(')');
    if (!value.starts_with('(') || end == std::string_view::npos) corrupt("its shape is not a tuple");
    std::string_view sizes = value.substr(1, end - 1);
    if (sizes.ends_with(',')) sizes.remove_suffix(1);
    Shape shape;
    for (std::string_view rest = sizes; !rest.empty();) {
      rest = without_blanks(rest);
      int64_t dim = 0;
      const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), dim);
      rest.remove_prefix(static_cast<size_t>(stop - rest.data()));
      if (error != std::errc() || !(rest.empty() || rest.front() == ','))
        corrupt(fmt::format("its shape is ({})", sizes));
      if (!rest.empty()) rest.remove_prefix(1);
      shape.push_back(dim);
    }
    return shape;
  }

  void check_size(const NpyHeader& header) const {
    for (const int64_t dim : header.shape)
      if (dim < 0) corrupt(fmt::format("its shape is {}", header.shape.to_string()));
    uint64_t expected = 0;
    if (__builtin_mul_overflow(header.shape.numel(), dtype_size(header.dtype), &expected) ||
        expected != rest_.size())
      corrupt(fmt::format("{}[{}] is {} bytes, {} follow the header", dtype_name(header.dtype),
                          header.shape.to_string(), expected, rest_.size()));
  }

  std::string_view rest_;
  std::string_view name_;
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

Tensor parse_npy(std::span<const std::byte> file, std::string_view name) {
  NpyParser parser(file, name);
  const NpyHeader header = parser.read_header();
  const Tensor values = parser.read_values(header);
  return header.column_major ? row_major(values, header.shape) : values;
}

Tensor read_npy(const std::filesystem::path& path) {
  return parse_npy(MappedFile::open(path)->bytes(), path.string());
}

NpyHeader read_npy_header(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return NpyParser(file->bytes(), path.string()).read_header();
}

}  // namespace twofour
