#include "sparsity/axis.h"

#include <algorithm>

#include "ops/op_def.h"
#include "ops/quantisation/quantize.h"

namespace twofour::sparsity {
namespace {

struct Stored {
  Value* value;
  size_t axis;
};

size_t axis_before_transpose(const Node& transpose, size_t axis) {
  const std::vector<int64_t> perm = transpose.attrs().ints("perm");
  const size_t rank = transpose.input(0)->rank();
  return perm.empty() ? rank - 1 - axis : static_cast<size_t>(perm[axis]);
}

/// Zero is code 0, and no other.
bool keeps_zero(const Node& node) {
  if (node.op() != "QuantizeLinear" && node.op() != "DequantizeLinear") return false;
  const Value* zero_point = node.input(2);
  if (!zero_point) return true;
  return zero_point->is_constant() && ops::all_zero(zero_point->data());
}

Stored follow_back(Value* value, size_t axis) {
  while (const Node* producer = value->producer()) {
    if (producer->op() == "Transpose") axis = axis_before_transpose(*producer, axis);
    else if (producer->op() != "Cast" && producer->op() != "Identity" && !keeps_zero(*producer)) break;
    value = producer->input(0);
  }
  return {value, axis};
}

}  // namespace

std::string layer_names(const SparseWeight& weight) {
  std::string names = weight.node->name();
  for (const Node* node : weight.others) names += ", " + node->name();
  return names;
}

std::vector<SparseWeight> sparse_weights(const Graph& graph) {
  std::vector<SparseWeight> result;
  for (const auto& node : graph.nodes()) {
    const ops::Sparsity& rule = ops::get_op(node->op()).sparsity;
    if (rule.weight_input < 0) continue;
    const auto [value, axis] =
        follow_back(node->input(static_cast<size_t>(rule.weight_input)), rule.axis(*node));
    const auto known = std::ranges::find(result, value, &SparseWeight::weight);
    if (known == result.end()) {
      result.push_back({node.get(), {}, value, axis, false});
    } else {
      known->others.push_back(node.get());
      known->conflict |= known->axis != axis;
    }
  }
  return result;
}

}  // namespace twofour::sparsity
