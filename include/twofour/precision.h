// The types that an engine may compute in beside those of its model, as trtexec's flags choose them.
#pragma once

#include <string>
#include <vector>

#include "twofour/dtype.h"
#include "twofour/names.h"
#include "twofour/quantize_options.h"

namespace twofour {

/// trtexec's spelling.
inline constexpr Names<DType, 13> kTypeNames = {{{"fp64", DType::kF64},
                                                 {"fp32", DType::kF32},
                                                 {"fp16", DType::kF16},
                                                 {"bf16", DType::kBF16},
                                                 {"int64", DType::kI64},
                                                 {"uint64", DType::kU64},
                                                 {"uint32", DType::kU32},
                                                 {"int16", DType::kI16},
                                                 {"uint16", DType::kU16},
                                                 {"int32", DType::kI32},
                                                 {"int8", DType::kI8},
                                                 {"uint8", DType::kU8},
                                                 {"bool", DType::kBool}}};

/// What is wanted of single layers. kNone: nothing. kPrefer: where no engine has it, a warning. kObey: where
/// none has it, an error.
enum class PrecisionConstraints : uint8_t { kNone, kPrefer, kObey };
inline constexpr Names<PrecisionConstraints, 3> kPrecisionConstraintsNames = {
    {{"none", PrecisionConstraints::kNone},
     {"prefer", PrecisionConstraints::kPrefer},
     {"obey", PrecisionConstraints::kObey}}};

/// kF32, kF16, kBF16 or kI8 (which stands for codes of either sign) for the nodes of the model whose names
/// match a glob (*, ?, [a-z]).
struct LayerPrecision {
  std::string layers;
  DType type;
};
/// The same of what they give: one type for all outputs, or one for each.
struct LayerOutputTypes {
  std::string layers;
  std::vector<DType> types;
};

/// Of several entries that match a node the last counts. A fused layer stands for all nodes in it, and gives
/// what the last of them does.
struct LayerTypes {
  PrecisionConstraints constraints = PrecisionConstraints::kNone;
  std::vector<LayerPrecision> precisions = {};
  std::vector<LayerOutputTypes> outputs = {};
};

/// Networks are built in f32 and in each of these; the finished engines run in turn, and the fastest is kept.
/// Where nothing is timed it is the last that is possible, in the order bf16, fp16, int8, int8 with half. A
/// precision that the device has no arithmetic for is left out, and the report says why.
struct PrecisionOptions {
  bool bf16 = false, fp16 = false;
  /// Of a float model, by `ranges`. A model with QuantizeLinear and DequantizeLinear says itself what is
  /// computed on codes: nothing is chosen then.
  bool int8 = false;
  TensorRanges ranges = {};
  /// The ranges are not those of real data: the engine is for timing, and its report says so.
  bool random_ranges = false;
  LayerTypes layers = {};
};

}  // namespace twofour
