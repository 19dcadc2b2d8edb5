#include "twofour/dtype.h"

#include <array>

namespace twofour {
namespace {

struct Row {
  std::string_view name;
  size_t size;
};
constexpr std::array<Row, 13> kRows = {{{"f32", 4},
                                        {"f16", 2},
                                        {"bf16", 2},
                                        {"f64", 8},
                                        {"i8", 1},
                                        {"u8", 1},
                                        {"i16", 2},
                                        {"u16", 2},
                                        {"i32", 4},
                                        {"u32", 4},
                                        {"i64", 8},
                                        {"u64", 8},
                                        {"bool", 1}}};

}  // namespace

size_t dtype_size(DType dtype) { return kRows[static_cast<size_t>(dtype)].size; }
std::string_view dtype_name(DType dtype) { return kRows[static_cast<size_t>(dtype)].name; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (size_t i = 0; i < kRows.size(); ++i)
    if (kRows[i].name == name) return static_cast<DType>(i);
  return std::nullopt;
}

}  // namespace twofour
