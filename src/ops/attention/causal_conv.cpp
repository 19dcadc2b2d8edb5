// CausalConvWithState: a depthwise convolution along time that goes on from what it has seen (ONNX opset 27).
#include <cmath>

#include "ops/infer.h"

namespace twofour::ops {
namespace {

bool has_silu(const Attrs& attrs) {
  const std::string name = attrs.s("activation", "none");
  TWOFOUR_CHECK(name == "none" || name == "silu" || name == "swish", kInvalidArgument,
                "activation \"{}\" is not known; none, silu and swish are", name);
  return name != "none";
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const ValueType& weight = node.input(1)->type();
  check_real(src, "src");
  has_silu(node.attrs());
  TWOFOUR_CHECK(src.dims.size() == 3, kInvalidArgument, "src is {}; batch,channels,length is expected",
                src.to_string());
  for (size_t i = 1; i < node.inputs().size(); ++i)
    if (node.input(i)) check_dtype(node.input(i)->type(), src.dtype, get_op(node.op()).inputs[i].name);
  check_dims(weight, {src.dims[1], 1, Dim()}, "weight");
  const Dim& taps = weight.dims[2];
  TWOFOUR_CHECK(taps != Dim(0), kInvalidArgument, "the kernel is empty");
  const Dims state = {src.dims[0], src.dims[1], taps.known() ? Dim(taps.value - 1) : Dim()};
  if (node.input(2)) check_dims(node.input(2)->type(), {src.dims[1]}, "bias");
  if (node.input(3)) check_dims(node.input(3)->type(), state, "past_state");
  infer_same(node, outputs);
  if (outputs.size() > 1) outputs[1] = {src.dtype, state};
}

/// One row: past (or zeros), then the input.
std::vector<double> padded_row(const Tensor& src, const Tensor& past, int64_t row, int64_t taps) {
  const auto length = static_cast<size_t>(src.shape()[2]);
  const auto before = static_cast<size_t>(taps - 1);
  std::vector<double> padded(before, 0.0);
  if (past.defined()) {
    const auto seen = past.span<double>().subspan(static_cast<size_t>(row) * before, before);
    padded.assign(seen.begin(), seen.end());
  }
  const auto values = src.span<double>().subspan(static_cast<size_t>(row) * length, length);
  padded.insert(padded.end(), values.begin(), values.end());
  return padded;
}

void reference(const ReferenceArgs& args) {
  const Tensor src = args.inputs[0].to(DType::kF64);
  const Tensor weight = args.inputs[1].to(DType::kF64);
  const Tensor bias = input_or_none(args, 2);
  const Tensor past = input_or_none(args, 3);
  const Tensor seen = past.defined() ? past.to(DType::kF64) : Tensor();
  const Tensor offsets = bias.defined() ? bias.to(DType::kF64) : Tensor();
  const Shape& shape = src.shape();
  const int64_t taps = weight.shape()[2];
  const bool silu = has_silu(args.attrs);
  Tensor dst(DType::kF64, shape);
  Tensor state(DType::kF64, {shape[0], shape[1], taps - 1});
  double* out = dst.span<double>().data();
  double* left = state.span<double>().data();
  for (int64_t row = 0; row < shape[0] * shape[1]; ++row) {
    const int64_t channel = row % shape[1];
    const std::vector<double> padded = padded_row(src, seen, row, taps);
    const double* w = weight.span<double>().data() + channel * taps;
    for (size_t t = 0; t < static_cast<size_t>(shape[2]); ++t) {
      double sum = offsets.defined() ? offsets.span<double>()[static_cast<size_t>(channel)] : 0;
      for (size_t k = 0; k < static_cast<size_t>(taps); ++k) sum += padded[t + k] * w[k];
      *out++ = silu ? sum / (1 + std::exp(-sum)) : sum;
    }
    left = std::copy(padded.end() - (taps - 1), padded.end(), left);
  }
  store(dst, args.outputs[0]);
  if (args.outputs.size() > 1) store(state, args.outputs[1]);
}

}  // namespace

extern const OpDef kCausalConvWithState;
const OpDef kCausalConvWithState = {
    .name = "CausalConvWithState",
    .doc =
        "dst[n,c,t] = bias[c] + sum over k of padded[n,c,t+k] * weight[c,0,k], where padded is past_state "
        "and then src; its end is present_state.",
    .inputs = {{"src"},
               {.name = "weight", .weight = true, .row_major = true},
               {.name = "bias", .optional = true, .weight = true},
               {.name = "past_state", .optional = true, .state = true}},
    .outputs = {{"dst"}, {.name = "present_state", .optional = true}},
    .attrs = {"activation"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("the form with a state is for inference; Pad and Conv have gradients"),
    .amp = Amp::kAllow,
    .quant = quant_float("its state would need a scale of its own"),
    .sparsity = no_sparsity(),
    .examples =
        {{.inputs = {{.shape = {2, 3, 5}}, {.shape = {3, 1, 4}}, {.shape = {3}}}, .num_outputs = 2},
         {.inputs = {{.shape = {1, 2, 1}}, {.shape = {2, 1, 3}}, {.absent = true}, {.shape = {1, 2, 2}}},
          .attrs = {{"activation", std::string("silu")}},
          .num_outputs = 2}},
};

}  // namespace twofour::ops
