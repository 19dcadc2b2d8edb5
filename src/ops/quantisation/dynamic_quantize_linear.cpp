#include "ops/builder.h"
#include "ops/quantisation/quantize.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  check_dtype(node.input(0)->type(), DType::kF32, "src");
  TWOFOUR_CHECK(outputs.size() == 3, kInvalidArgument, "there are {} outputs; 3 are expected",
                outputs.size());
  outputs[0] = {DType::kU8, node.input(0)->dims()};
  outputs[1] = {DType::kF32, {}};
  outputs[2] = {DType::kU8, {}};
}

void reference(const ReferenceArgs& args) {
  const auto src = args.inputs[0].span<float>();
  float low = 0;
  float high = 0;
  for (const float v : src) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  const ByteCodes codes(low, high);
  std::ranges::transform(src, args.outputs[0].span<uint8_t>().begin(),
                         [&](float v) { return codes.code(v); });
  args.outputs[1].span<float>()[0] = codes.scale;
  args.outputs[2].span<uint8_t>()[0] = codes.zero_point;
}

}  // namespace

extern const OpDef kDynamicQuantizeLinear;
const OpDef kDynamicQuantizeLinear = {
    .name = "DynamicQuantizeLinear",
    .doc = "dst = src in u8 codes, with the scale and zero point that cover src's range and 0.",
    .inputs = {{"src"}},
    .outputs = {{"dst"}, {.name = "scale", .keep_f32 = true}, {"zero_point"}},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("rounding"),
    .amp = Amp::kFixed,
    .quant = quant_float("changes between codes and values itself"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 5}, .low = -3, .high = 2}}, .num_outputs = 3},
                 {.inputs = {{.shape = {4}, .values = {0, 0, 0, 0}}}, .num_outputs = 3},
                 {.inputs = {{.shape = {2, 2}, .low = 1, .high = 2}}, .num_outputs = 3}},
};

}  // namespace twofour::ops
