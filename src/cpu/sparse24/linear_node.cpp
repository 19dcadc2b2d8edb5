#include "cpu/sparse24/linear_node.h"

namespace twofour::cpu {
namespace {

constexpr size_t kA = 0, kB = 1, kBias = 2;

/// One value for each column of dst.
bool is_bias(const Shape& shape, int64_t m) {
  return shape.rank() > 0 && shape.numel() == m && shape[shape.rank() - 1] == m;
}

}  // namespace

LinearSizes linear_sizes(const NodeDesc& node) {
  const Shape& a = node.inputs[kA].desc.shape;
  const Shape& dst = node.outputs[0].shape;
  const int64_t m = dst[dst.rank() - 1];
  return {dst.numel() / m, m, a[a.rank() - 1]};
}

Support linear_node_ok(const NodeDesc& node, ProductKind kind) {
  const Shape& b = node.inputs[kB].desc.shape;
  if (Support no = all_of({sparse24_node_ok(node, kind), all_plain(node)}); !no) return no;
  if (b.rank() != 2 || node.inputs[kA].desc.shape.rank() < 2) return declined(Reason::kShape, b.to_string());
  if (node.attrs.i("transA", 0) != 0) return declined(Reason::kAttribute, "transA");
  if (node.attrs.f("alpha", 1) != 1 || node.attrs.f("beta", 1) != 1)
    return declined(Reason::kAttribute, "alpha and beta other than 1");
  const LinearSizes sizes = linear_sizes(node);
  if (node.has_input(kBias) && !is_bias(node.inputs[kBias].desc.shape, sizes.m))
    return declined(Reason::kShape, "bias " + node.inputs[kBias].desc.to_string());
  if (sizes.k % 4 != 0) return declined(Reason::kAxisNotMultipleOf4, fmt::format("K = {}", sizes.k));
  return supported();
}

std::variant<backend::Sparse24Matrix, backend::Sparse24Violation> compress_linear(const NodeDesc& node) {
  const LinearSizes sizes = linear_sizes(node);
  const Tensor weight = as_f32(node.inputs[kB].data);
  const auto b = weight.span<float>();
  if (node.attrs.i("transB", 0) != 0) return backend::compress24(b, sizes.m, sizes.k);
  std::vector<float> rows(b.size());
  for (int64_t k = 0; k < sizes.k; ++k)
    for (int64_t m = 0; m < sizes.m; ++m)
      rows[static_cast<size_t>(m * sizes.k + k)] = b[static_cast<size_t>(k * sizes.m + m)];
  return backend::compress24(rows, sizes.m, sizes.k);
}

Support linear_pattern_ok(const NodeDesc& node) {
  if (!node.inputs[kB].data.defined()) return supported();
  return sparse24_pattern_ok(compress_linear(node));
}

}  // namespace twofour::cpu
