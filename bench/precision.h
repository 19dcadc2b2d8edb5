// The arithmetic that a benchmark measures, of twofour and its peers alike.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "twofour/names.h"

namespace twofour::bench {

/// kInt8: 8-bit codes, whose products sum up exactly.
enum class Precision : uint8_t { kF32, kBF16, kInt8 };
inline constexpr Names<Precision, 3> kPrecisionNames = {
    {{"f32", Precision::kF32}, {"bf16", Precision::kBF16}, {"int8", Precision::kInt8}}};

/// In the order of `names`, each once. Throws Error{kInvalidArgument} on a name that is none, or no name.
std::vector<Precision> parse_precisions(const std::vector<std::string>& names);
/// Those that this CPU computes in. `notes`: why not in the others, and which peer lacks one.
std::vector<Precision> usable_precisions(const std::vector<Precision>& wanted,
                                         std::vector<std::string>* notes);
/// ONNX Runtime computes in bf16 on Arm alone.
constexpr bool is_in_onnxruntime(Precision precision) { return precision != Precision::kBF16; }

}  // namespace twofour::bench
