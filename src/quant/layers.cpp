#include "quant/layers.h"

#include <algorithm>
#include <array>

#include "base/glob.h"
#include "passes/match.h"
#include "quant/kinds.h"
#include "quant/statistics.h"

namespace twofour::quant {
namespace {

Reason reason_for(const Node& node) {
  const Value& src = *node.input(0);
  const Value& weight = *node.input(1);
  if (src.dtype() != DType::kF32) return Reason::kNotF32;
  if (!src.type().known || !weight.type().known) return Reason::kUnknownRank;
  if (src.rank() < 2 || weight.rank() < 2) return Reason::kVector;
  if (node.attrs().i("transA", 0) != 0) return Reason::kTransposed;
  if (src.is_constant()) return Reason::kVector;
  if (!weight.is_constant()) return node.op() == "MatMul" ? Reason::kQuantised : Reason::kComputedWeight;
  if (weight.data().numel() == 0) return Reason::kEmpty;
  return first_non_finite(weight.data().span<float>()) ? Reason::kNotFinite : Reason::kQuantised;
}

size_t weight_axis(const Node& node) {
  if (node.op() == "Conv" || node.attrs().i("transB", 0) != 0) return 0;
  return std::max<size_t>(node.input(1)->rank(), 1) - 1;
}

bool matches(const std::string& glob, const Layer& layer) { return glob_matches(glob, layer.node->name()); }

bool matches_any(const std::vector<std::string>& globs, const Layer& layer) {
  return std::ranges::any_of(globs, [&](const std::string& glob) { return matches(glob, layer); });
}

void check_globs(const std::vector<std::string>& globs, const std::vector<Layer>& layers) {
  for (const std::string& glob : globs)
    TWOFOUR_CHECK(std::ranges::any_of(layers, [&](const Layer& layer) { return matches(glob, layer); }),
                  kNotFound, "\"{}\" matches no Conv, Gemm or MatMul of the model", glob);
}

/// Finite, one value for each channel.
bool is_channel_vector(const Value* value, int64_t channels) {
  if (!value || !value->is_constant() || value->dtype() != DType::kF32) return false;
  const Shape& shape = value->data().shape();
  return shape.rank() > 0 && shape.numel() == channels && shape[shape.rank() - 1] == channels &&
         !first_non_finite(value->data().span<float>());
}

}  // namespace

std::string_view reason_text(Reason reason) {
  constexpr std::array<std::string_view, 11> kTexts = {
      "",
      "excluded by name",
      "left in floating point for the accuracy",
      "its input is not f32",
      "the rank of an input is not known",
      "an input is a vector or constant",
      "its input is transposed",
      "the weight is not constant",
      "the weight is empty",
      "the weight is not finite",
      "no finite range is known for an input",
  };
  return kTexts[static_cast<size_t>(reason)];
}

std::vector<Layer> find_layers(const Graph& graph) {
  std::vector<Layer> layers;
  for (const auto& node : graph.nodes()) {
    if (!is_product(*node)) continue;
    const size_t rank = node->output()->rank();
    layers.push_back({node.get(), reason_for(*node), node->input(1)->is_constant(), weight_axis(*node),
                      node->op() == "Conv" ? 1 : std::max<size_t>(rank, 1) - 1});
  }
  return layers;
}

void exclude_layers(std::vector<Layer>& layers, const std::vector<std::string>& include,
                    const std::vector<std::string>& exclude) {
  check_globs(include, layers);
  check_globs(exclude, layers);
  for (Layer& layer : layers) {
    const bool included = include.empty() || matches_any(include, layer);
    if (!included || matches_any(exclude, layer)) layer.reason = Reason::kExcluded;
  }
}

BiasInput find_bias(const Graph& graph, const Layer& layer) {
  if (!layer.weighted || layer.node->attrs().f("beta", 1) != 1) return {};
  const int64_t channels = num_channels(layer);
  if (layer.node->op() != "MatMul")
    return is_channel_vector(layer.node->input(2), channels) ? BiasInput{layer.node, 2} : BiasInput{};
  Node* add = passes::only_user(graph, layer.node->output());
  if (!add || add->op() != "Add") return {};
  const size_t input = add->input(0) == layer.node->output() ? 1 : 0;
  return is_channel_vector(add->input(input), channels) ? BiasInput{add, input} : BiasInput{};
}

int64_t num_channels(const Layer& layer) { return layer.node->input(1)->data().shape()[layer.weight_axis]; }

}  // namespace twofour::quant
