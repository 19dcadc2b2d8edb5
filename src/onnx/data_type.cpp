#include "onnx/data_type.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "onnx/proto.h"
#include "onnx/small_type.h"

namespace twofour::onnx_io {
namespace {

using Proto = onnx::TensorProto;

struct Row {
  int32_t onnx;
  DType dtype;
};
constexpr std::array kTypes = {
    Row{Proto::FLOAT, DType::kF32},  Row{Proto::FLOAT16, DType::kF16}, Row{Proto::BFLOAT16, DType::kBF16},
    Row{Proto::DOUBLE, DType::kF64}, Row{Proto::INT8, DType::kI8},     Row{Proto::UINT8, DType::kU8},
    Row{Proto::INT16, DType::kI16},  Row{Proto::UINT16, DType::kU16},  Row{Proto::INT32, DType::kI32},
    Row{Proto::UINT32, DType::kU32}, Row{Proto::INT64, DType::kI64},   Row{Proto::UINT64, DType::kU64},
    Row{Proto::BOOL, DType::kBool},
};
constexpr int32_t kLastKnown = 26;  // INT2, ONNX 1.20

}  // namespace

DType dtype_from_onnx(int32_t data_type) {
  const auto* row = std::ranges::find(kTypes, data_type, &Row::onnx);
  if (row != kTypes.end()) return row->dtype;
  if (const SmallType* small = find_small_type(data_type)) return small->storage;
  TWOFOUR_CHECK(data_type > 0 && data_type <= kLastKnown, kDataCorrupt, "{} is not an ONNX element type",
                data_type);
  const std::string name = Proto::DataType_IsValid(data_type)
                               ? Proto::DataType_Name(Proto::DataType(data_type))
                               : std::string("a small type");
  fail(ErrorCode::kUnsupported, "element type {} ({}) is not supported", name, data_type);
}

int32_t dtype_to_onnx(DType dtype) { return std::ranges::find(kTypes, dtype, &Row::dtype)->onnx; }

}  // namespace twofour::onnx_io
