#include "cpu/op_tactic.h"

#include <limits>

namespace twofour::cpu {
namespace {

/// The first refusal that `check` gives for a tensor of the node, or yes.
template <typename Check>
Support each_tensor(const NodeDesc& node, const Check& check) {
  for (const NodeDesc::Input& input : node.inputs)
    if (input.present)
      if (Support answer = check(input.desc); !answer) return answer;
  for (const TensorDesc& output : node.outputs)
    if (Support answer = check(output); !answer) return answer;
  return supported();
}

std::string text_of(const Tensor& tensor) {
  return TensorDesc{tensor.dtype(), tensor.shape(), Format::kPlain}.to_string();
}

}  // namespace

PackedInputs::PackedInputs(const NodeDesc& node, std::span<const Tensor> packed,
                           std::initializer_list<Weight> weights)
    : tensors_(node.inputs.size()) {
  size_t next = 0;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    if (!node.is_constant(i)) continue;
    TWOFOUR_CHECK(next < packed.size(), kDataCorrupt, "{} has {} packed constants, one is missing",
                  node.label(), packed.size());
    const Tensor& tensor = packed[next++];
    const auto* weight = std::ranges::find(weights, i, &Weight::input);
    const TensorDesc expected =
        weight == weights.end()
            ? node.inputs[i].desc
            : TensorDesc{DType::kU8, {static_cast<int64_t>(weight->bytes)}, Format::kPlain};
    TWOFOUR_CHECK(tensor.dtype() == expected.dtype && tensor.shape() == expected.shape, kDataCorrupt,
                  "packed constant {} of {} is {}, expected {}", i, node.label(), text_of(tensor),
                  expected.to_string());
    tensors_[i] = tensor;
  }
}

bool is_order_neutral(const TensorDesc& desc) {
  const Shape& s = desc.shape;
  return s.rank() != 4 || s[1] == 1 || s[2] * s[3] == 1 || s.numel() == 0;
}

bool same_layout(const TensorDesc& a, const TensorDesc& b) {
  return a.dtype == b.dtype && a.shape == b.shape && (a.format == b.format || is_order_neutral(a));
}

Support one_format(const NodeDesc& node, Format* format) {
  *format = Format::kPlain;
  bool decided = false;
  return each_tensor(node, [&](const TensorDesc& desc) {
    if (is_order_neutral(desc)) return supported();
    if (decided && desc.format != *format)
      return declined(Reason::kFormat, fmt::format("{} among {}", desc.to_string(), format_name(*format)));
    decided = true;
    *format = desc.format;
    return supported();
  });
}

Support all_plain(const NodeDesc& node) {
  return each_tensor(node, [](const TensorDesc& desc) {
    return desc.format == Format::kPlain || is_order_neutral(desc)
               ? supported()
               : declined(Reason::kFormat, desc.to_string());
  });
}

Support all_of_type(const NodeDesc& node, DType dtype) {
  return each_tensor(node, [dtype](const TensorDesc& desc) {
    return desc.dtype == dtype ? supported() : declined(Reason::kDtype, desc.to_string());
  });
}

Support none_empty(const NodeDesc& node) {
  return each_tensor(node, [](const TensorDesc& desc) {
    return desc.shape.numel() > 0 ? supported() : declined(Reason::kShape, desc.to_string() + " is empty");
  });
}

Support code_sums_fit(int64_t terms) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max() / (255 * 255);
  return terms <= kMost ? supported()
                        : declined(Reason::kShape, fmt::format("sums of {} products exceed 32 bits", terms));
}

}  // namespace twofour::cpu
