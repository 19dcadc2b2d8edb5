// RoundToMinifloat: the nearest value of a float format of 8 bits or 4. ONNX's table of Cast says what
// overflow gives.
#include <cmath>
#include <limits>

#include "ops/infer.h"
#include "ops/quantisation/minifloat.h"

namespace twofour::ops {
namespace {

const Minifloat& format_of(const Attrs& attrs) {
  const std::string name = attrs.s("format", "");
  const auto* format = std::ranges::find(kMinifloats, name, &Minifloat::name);
  TWOFOUR_CHECK(format != kMinifloats.end(), kInvalidArgument,
                "format is \"{}\"; e2m1, e4m3fn, e4m3fnuz, e5m2 and e5m2fnuz are known", name);
  return *format;
}

double rounded(const Minifloat& format, bool saturate, double v) {
  if (std::isnan(v)) return format.has_nan() ? v : 0;
  const double magnitude = std::fabs(v);
  if (magnitude == 0) return format.has_minus_zero() ? v : 0;
  const int exponent = std::isinf(v) ? 0 : std::max(std::ilogb(magnitude), format.min_exponent());
  const double unit = std::ldexp(1.0, exponent - format.mantissa_bits);
  const double nearest = std::isinf(v) ? magnitude : std::nearbyint(magnitude / unit) * unit;
  if (nearest == 0 && !format.has_minus_zero()) return 0;
  double result = nearest;
  if (nearest > format.max) {
    result = saturate || !format.has_nan() ? format.max
             : format.has_infinity()       ? std::numeric_limits<double>::infinity()
                                           : std::numeric_limits<double>::quiet_NaN();
  }
  return std::copysign(result, v);
}

void infer(const Node& node, std::span<ValueType> outputs) {
  format_of(node.attrs());
  infer_same_float(node, outputs);
}

void reference(const ReferenceArgs& args) {
  const Minifloat& format = format_of(args.attrs);
  const bool saturate = args.attrs.i("saturate", 1) != 0;
  const auto src = args.inputs[0].span<float>();
  const auto dst = args.outputs[0].span<float>();
  for (size_t i = 0; i < src.size(); ++i)
    dst[i] = static_cast<float>(rounded(format, saturate, double{src[i]}));
}

std::vector<Example> examples() {
  std::vector<Example> all;
  for (const Minifloat& format : kMinifloats)
    for (const int64_t saturate : {0, 1})
      all.push_back({.inputs = {{.shape = {8}, .values = {0.3F, -17, 1e-3F, 1e6F, -1e6F, 0, 100, 2.0e-6F}}},
                     .attrs = {{"format", std::string(format.name)}, {"saturate", saturate}}});
  return all;
}

}  // namespace

extern const OpDef kRoundToMinifloat;
const OpDef kRoundToMinifloat = {
    .name = "RoundToMinifloat",
    .doc =
        "dst = the nearest value of the float `format` of 8 or 4 bits; beyond its range the largest, or inf "
        "or NaN.",
    .standard = false,
    .inputs = {{"src"}},
    .outputs = {{"dst"}},
    .attrs = {"format", "saturate"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("rounding"),
    .amp = Amp::kFixed,
    .quant = quant_float("rounds itself"),
    .sparsity = no_sparsity(),
    .examples = examples(),
};

}  // namespace twofour::ops
