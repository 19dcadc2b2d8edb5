#include "onnx/export_forms.h"

#include <algorithm>
#include <array>
#include <bit>

#include "ir/subgraphs.h"
#include "onnx/data_type.h"

namespace twofour::onnx_io {
namespace {

constexpr int64_t kFirstExported = 17;

struct Since {
  std::string_view op;
  int64_t opset;
};
/// Operators that came, or took their canonical form, after opset 17.
constexpr std::array kSince = {
    Since{"AffineGrid", 20},
    Since{"Attention", 23},
    Since{"BitCast", 26},
    Since{"BitwiseAnd", 18},
    Since{"BitwiseNot", 18},
    Since{"BitwiseOr", 18},
    Since{"BitwiseXor", 18},
    Since{"CausalConvWithState", 27},
    Since{"CausalConvWithState", 27},
    Since{"CenterCropPad", 18},
    Since{"Col2Im", 18},
    Since{"CumProd", 26},
    Since{"DFT", 20},
    Since{"DeformConv", 19},
    Since{"Gelu", 20},
    Since{"GridSample", 20},
    Since{"GroupNormalization", 21},
    Since{"LinearAttention", 27},
    Since{"LinearAttention", 27},
    Since{"LpPool", 18},
    Since{"Mish", 18},
    Since{"RMSNormalization", 23},
    Since{"ReduceL1", 18},
    Since{"ReduceL2", 18},
    Since{"ReduceLogSum", 18},
    Since{"ReduceLogSumExp", 18},
    Since{"ReduceMax", 18},
    Since{"ReduceMean", 18},
    Since{"ReduceMin", 18},
    Since{"ReduceProd", 18},
    Since{"ReduceSumSquare", 18},
    Since{"Resize", 19},
    Since{"RotaryEmbedding", 23},
    Since{"ScatterElements", 18},
    Since{"ScatterND", 18},
    Since{"Swish", 24},
    Since{"TensorScatter", 24},
};

bool is_dilated(const Attrs& attrs) {
  return !std::ranges::all_of(attrs.ints("dilations"), [](int64_t d) { return d == 1; });
}

/// Resize gained attributes in opset 18 and a coordinate transform in 19.
int64_t resize_opset(const Attrs& attrs) {
  if (attrs.s("coordinate_transformation_mode", "") == "half_pixel_symmetric") return 19;
  const bool newer = attrs.has("antialias") || attrs.has("axes") || attrs.has("keep_aspect_ratio_policy");
  return newer ? 18 : kFirstExported;
}

int64_t opset_of(const Node& node) {
  if (node.op() == "Resize") return resize_opset(node.attrs());
  if (node.op().starts_with("Scatter") && node.attrs().has("reduction")) return 18;
  if (node.op() == "AveragePool" && is_dilated(node.attrs())) return 19;
  if (node.op() == "ReduceMax" || node.op() == "ReduceMin")
    if (node.input(0)->dtype() == DType::kBool) return 20;
  const auto* entry = std::ranges::find(kSince, node.op(), &Since::op);
  return entry == kSince.end() ? kFirstExported : entry->opset;
}

void number_dtypes(Attrs& attrs) {
  for (const char* name : {"to", "dtype", "output_datatype", "output_dtype"})
    if (attrs.has(name)) attrs.set(name, int64_t{dtype_to_onnx(*dtype_from_name(attrs.s(name, "")))});
}

/// The float with the bits of the seed; Dropout's is an integer.
void float_seed(const Node& node, Attrs& attrs) {
  if (!attrs.has("seed") || node.op() == "Dropout") return;
  const int64_t seed = attrs.i("seed", 0);
  TWOFOUR_CHECK(seed == static_cast<uint32_t>(seed), kUnsupported, "{} has the seed {}; ONNX has 32 bits",
                node.label(), seed);
  attrs.set("seed", std::bit_cast<float>(static_cast<uint32_t>(seed)));
}

}  // namespace

int64_t export_opset(const Graph& graph) {
  int64_t opset = kFirstExported;
  for (const auto& node : graph.nodes()) {
    opset = std::max(opset, opset_of(*node));
    for_each_subgraph(node->attrs(), [&](const std::string&, const Graph& subgraph) {
      opset = std::max(opset, export_opset(subgraph));
    });
  }
  return opset;
}

Attrs export_attrs(const Node& node, int64_t opset) {
  Attrs attrs = node.attrs();
  number_dtypes(attrs);
  float_seed(node, attrs);
  if (node.op() == "AveragePool" && !is_dilated(attrs)) attrs.erase("dilations");
  TWOFOUR_CHECK(node.op() != "Resize" || attrs.s("nearest_mode", "") != "floor_ceil", kUnsupported,
                "{} takes the nearest element as only opset 10 does", node.label());
  if (node.op() == "Split" && opset >= 18 && !node.input(1))
    attrs.set("num_outputs", static_cast<int64_t>(node.outputs().size()));
  if (node.op() == "ConstantOfShape" && attrs.has("value"))
    attrs.set("value", attrs.tensor("value").reshaped({1}));
  if (node.op() == "SoftmaxCrossEntropyLoss") {
    TWOFOUR_CHECK(attrs.f("label_smoothing", 0) == 0, kUnsupported,
                  "{} has label_smoothing, which ONNX lacks", node.label());
    attrs.erase("label_smoothing");
  }
  return attrs;
}

}  // namespace twofour::onnx_io
