#include "sparse/tactic_nodes.h"

#include "sparse/codes.h"

namespace twofour::bench {
namespace {

using backend::Format;
using backend::NodeDesc;
using Inputs = std::vector<NodeDesc::Input>;

NodeDesc::Input variable(const Tensor& data, Format format) {
  return {.present = true, .desc = {.dtype = data.dtype(), .shape = data.shape(), .format = format}};
}

NodeDesc::Input constant(const Tensor& data) {
  return {.present = data.defined(),
          .constant = true,
          .desc = {.dtype = data.dtype(), .shape = data.shape()},
          .data = data};
}

/// The inputs behind X and W: the real value of one unit of a sum, bias, no residual, X's zero point.
Inputs around_sums(const ProblemData& data) {
  const Tensor units = data.scales.clone();
  for (float& unit : units.span<float>()) unit *= kSrcScale;
  const Tensor zero_point = Tensor::of<uint8_t>({}, std::vector<uint8_t>{kSrcZero});
  return {constant(units), constant(data.bias), {}, constant(zero_point)};
}

NodeDesc gemm_node(const Problem& p) {
  return {.op = "Gemm", .attrs = {{"transB", int64_t{1}}}, .outputs = {{.shape = {p.n, p.m}}}};
}

NodeDesc conv_node(const Problem& p, Format format) {
  const ConvLayer& v = p.conv;
  using Ints = std::vector<int64_t>;
  return {.op = "FusedConv",
          .attrs = {{"strides", Ints{v.stride, v.stride}},
                    {"pads", Ints{v.pad, v.pad, v.pad, v.pad}},
                    {"group", v.groups},
                    {"activation", std::string("relu")}},
          .outputs = {{.shape = {p.batch, v.k, v.out_h(), v.out_w()}, .format = format}}};
}

}  // namespace

NodeDesc node_of(const Problem& p, const ProblemData& data, Format format) {
  NodeDesc node = p.is_conv() ? conv_node(p, format) : gemm_node(p);
  node.name = p.name;
  node.inputs = {variable(data.src, format), constant(data.weight)};
  node.outputs[0].dtype = dtype_at(p.precision);
  if (p.precision == Precision::kInt8) {
    node.op = p.is_conv() ? "QuantizedConv" : "QuantizedMatMul";
    ops::set_output_codes(node.attrs, data.dst);
    std::ranges::copy(around_sums(data), std::back_inserter(node.inputs));
  } else if (p.is_conv()) {
    node.inputs.push_back(constant(data.bias));
  }
  return node;
}

}  // namespace twofour::bench
