#include "cpu/native/loop_nest.h"

namespace twofour::cpu {

std::vector<int64_t> strides_in_memory(const TensorDesc& desc) {
  const Shape& s = desc.shape;
  if (desc.format == Format::kChannelsLast && s.rank() == 4)
    return {s[1] * s[2] * s[3], 1, s[1] * s[3], s[1]};
  return s.strides();
}

std::vector<int64_t> broadcast_strides_in_memory(const TensorDesc& desc, const Shape& shape) {
  const std::vector<int64_t> own = strides_in_memory(desc);
  std::vector<int64_t> result(shape.rank(), 0);
  const size_t extra = shape.rank() - desc.shape.rank();
  for (size_t i = 0; i < own.size(); ++i) result[i + extra] = desc.shape[i] == 1 ? 0 : own[i];
  return result;
}

Support ranks_ok(const NodeDesc& node) {
  for (const auto& input : node.inputs)
    if (input.present && input.desc.shape.rank() > kMostAxes)
      return declined(Reason::kShape, input.desc.to_string());
  for (const TensorDesc& output : node.outputs)
    if (output.shape.rank() > kMostAxes) return declined(Reason::kShape, output.to_string());
  return supported();
}

}  // namespace twofour::cpu
