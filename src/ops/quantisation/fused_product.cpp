#include "ops/quantisation/fused_product.h"

#include "ops/quantisation/quantize.h"

namespace twofour::ops {
namespace {

using namespace product_input;  // NOLINT(google-build-using-namespace): a list of names

/// The residual as real values; empty without one.
std::vector<float> residual_values(const ReferenceArgs& args) {
  const Tensor residual = input_or_none(args, kResidual);
  if (!residual.defined()) return {};
  const Tensor wide = residual.to(DType::kF32);
  std::vector<float> values(wide.span<float>().begin(), wide.span<float>().end());
  if (residual.dtype() == DType::kF32) return values;
  const float scale = args.attrs.f("residual_scale", 1);
  const auto zero_point = static_cast<float>(args.attrs.i("residual_zero_point", 0));
  for (float& v : values) v = (v - zero_point) * scale;
  return values;
}

}  // namespace

void check_fused_product(const Node& node, const Dim& channels, const ValueType& dst) {
  activation_from(node.attrs());
  check_scale(node.input(kScale)->type(), &channels, "scale");
  check_dtype(node.input(kScale)->type(), DType::kF32, "scale");
  if (const Value* bias = node.input(kBias)) {
    check_dtype(bias->type(), DType::kF32, "bias");
    check_dims(bias->type(), {channels}, "bias");
  }
  const Value* residual = node.input(kResidual);
  if (!residual) return;
  check_dims(residual->type(), dst.dims, "residual");
  if (residual->dtype() == DType::kF32) return;
  check_bytes(residual->type(), "residual");
  check_scale_value(node.attrs().f("residual_scale", 1), "residual_scale");
  check_zero_point_value(node.attrs().i("residual_zero_point", 0), residual->dtype(), "residual_zero_point");
}

void finish_fused_product(const ReferenceArgs& args, const std::vector<int64_t>& sums, int64_t channels,
                          int64_t inner) {
  const std::vector<double> scale = to_doubles(args.inputs[kScale]);
  const std::vector<double> bias = to_doubles(input_or_none(args, kBias));
  const std::vector<float> residual = residual_values(args);
  const Activation activation = activation_from(args.attrs);
  std::vector<float> values(sums.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    const int64_t channel = static_cast<int64_t>(i) / inner % channels;
    const double sum = static_cast<double>(sums[i]) * of_channel(scale, channel) + of_channel(bias, channel);
    values[i] = activation(static_cast<float>(sum + (residual.empty() ? 0.0 : double{residual[i]})));
  }
  store_codes(output_codes_from(args.attrs), values, args.outputs[0]);
}

}  // namespace twofour::ops
